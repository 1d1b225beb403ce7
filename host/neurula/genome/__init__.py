"""Genome: what was written. Reads every form of FEAGI genome files and says what is odd about them."""

from neurula.genome.checks import check_genome
from neurula.genome.ids import AreaNames, canonical_id
from neurula.genome.model import CorticalArea, Genome, MappingRule, Morphology, Problem, Projection
from neurula.genome.reader import parse_genome, read_genome

__all__ = [
    "AreaNames",
    "CorticalArea",
    "Genome",
    "MappingRule",
    "Morphology",
    "Problem",
    "Projection",
    "canonical_id",
    "check_genome",
    "parse_genome",
    "read_genome",
]
