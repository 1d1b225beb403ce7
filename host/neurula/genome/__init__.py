"""Genome: what was written. Reads every form of FEAGI genome files, says what is odd about them, writes and converts them."""

from neurula.genome.checks import check_genome
from neurula.genome.design import Area, Design, Learning
from neurula.genome.ids import AreaNames, canonical_id, legacy_id
from neurula.genome.model import CorticalArea, Genome, MappingRule, Morphology, Problem, Projection, Region
from neurula.genome.reader import parse_genome, read_genome
from neurula.genome.signatures import signatures_of
from neurula.genome.writer import document_of, genome_text, write_genome

__all__ = [
    "Area",
    "AreaNames",
    "CorticalArea",
    "Design",
    "Genome",
    "Learning",
    "MappingRule",
    "Morphology",
    "Problem",
    "Projection",
    "Region",
    "canonical_id",
    "check_genome",
    "document_of",
    "genome_text",
    "legacy_id",
    "parse_genome",
    "read_genome",
    "signatures_of",
    "write_genome",
]
