"""Checks of a genome that was read: suspicious units, contradictions, things that cannot grow. One small function each.

To add a check: write a generator of problems, put it into CHECKS, list its code in REMEDIES and in errors/genome.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from neurula.errors import GenomeError
from neurula.genome.blueprint import AreaGenes, read_blueprint
from neurula.genome.genes import TYPE_LETTERS
from neurula.genome.ids import canonical_id
from neurula.genome.model import CorticalArea, Genome, Problem
from neurula.genome.morphologies import FUNCTIONS
from neurula.genome.problems import ProblemLog, pointer, quote, warning
from neurula.genome.values import as_number

LARGE_AREA_VOXELS = 1_000_000
ALWAYS = 0.999  # the engine's bound: from here on excitability means "always"
ALWAYS_WRITTEN = 100  # what nearly all files write for it


class Places:
    """Where in the file the genes of an area stand."""

    def __init__(self, genome: Genome) -> None:
        self._genome = genome

    @cached_property
    def _areas(self) -> dict[str, AreaGenes]:
        try:
            areas = read_blueprint(self._genome.document["blueprint"], ProblemLog())
        except (GenomeError, KeyError):
            return {}  # a genome that does not come from a file
        return {area.id: area for area in areas}

    def of(self, area: CorticalArea, code: str, *steps: str) -> str:
        """JSON pointer of a gene."""
        raw = self._areas.get(area.id)
        return (raw.place(code) if raw else pointer("blueprint", area.id)) + pointer(*steps)


Check = Callable[[Genome, Places], Iterator[Problem]]


def check_genome(genome: Genome) -> tuple[Problem, ...]:
    """What the reader said, then what the checks find. Nothing is changed: the genome runs as the engine reads it."""
    problems = ProblemLog(genome.problems)
    places = Places(genome)
    for check in CHECKS:
        for problem in check(genome, places):
            problems.add(problem)
    return problems.listed()


def check_gene_codes(genome: Genome, places: Places) -> Iterator[Problem]:
    """A code that nobody reads is probably misspelt. Each is named once."""
    if genome.form != "flat":
        return  # hierarchical files carry properties of their tools
    named: set[str] = set()
    for area in genome.areas:
        for code in area.genes:
            if code not in TYPE_LETTERS and code not in named:
                named.add(code)
                yield warning("G220", places.of(area, code), f"gene {quote(code)} of {quote(area.name)} is not known")


def check_leak(genome: Genome, places: Places) -> Iterator[Problem]:
    """The engine keeps (1 - leak) of a potential: outside 0..1 that grows or changes sign."""
    for area in genome.areas:
        if not 0 <= area.leak_coefficient <= 1:
            leak = area.leak_coefficient
            message = f"leak {leak} of area {quote(area.name)} keeps {1 - leak:g} of a potential; is it percent?"
            yield warning("G221", places.of(area, "leak_c"), message)


def check_excitability(genome: Genome, places: Places) -> Iterator[Problem]:
    """Percent between 1 and 100 reads as "always"; 100 is the usual way to write "always"."""
    for area in genome.areas:
        if 1 < area.excitability < ALWAYS_WRITTEN:
            message = f"excitability {area.excitability} of area {quote(area.name)} means always; is it percent?"
            yield warning("G222", places.of(area, "excite"), message)


def check_plastic_window(genome: Genome, places: Places) -> Iterator[Problem]:
    """The engine refuses a plastic rule without a window and drops the mappings that follow it."""
    for area in genome.areas:
        for projection in area.projections:
            if any(rule.plastic and rule.plasticity_window < 1 for rule in projection.rules):
                message = f"a plastic rule from {quote(area.name)} has no plasticity_window"
                yield warning("G223", places.of(area, "dstmap", projection.destination), message)


def check_repeated_ids(genome: Genome, places: Places) -> Iterator[Problem]:
    """Different texts can be one id to the engine, for instance _power and ___pwr."""
    first: dict[str, CorticalArea] = {}
    for area in genome.areas:
        earlier = first.setdefault(canonical_id(area.id), area)
        if earlier is not area:
            message = f"areas {quote(earlier.id)} and {quote(area.id)} have the same id in the engine"
            yield warning("G224", places.of(area, "___bbx"), message)


def check_functions(genome: Genome, places: Places) -> Iterator[Problem]:
    """A morphology of type functions is built in, so its name must be known. Files list many that they do not use."""
    used = {rule.morphology for area in genome.areas for projection in area.projections for rule in projection.rules}
    for morphology in genome.morphologies.values():
        known = morphology.kind != "functions" or morphology.id in (*FUNCTIONS, "block_to_block")
        if morphology.id in used and not known:
            place = pointer("neuron_morphologies", morphology.id)
            yield warning("G225", place, f"function {quote(morphology.id)} is not built in; it makes no synapse")


def check_mappers(genome: Genome, places: Places) -> Iterator[Problem]:
    """A composite connects through another morphology."""
    for morphology in genome.morphologies.values():
        mapper = morphology.parameters.get("mapper_morphology")
        if morphology.kind == "composite" and mapper not in genome.morphologies:
            place = pointer("neuron_morphologies", morphology.id)
            yield warning("G229", place, f"composite {quote(morphology.id)} needs {quote(mapper)}, which is missing")


def check_pattern_indices(genome: Genome, places: Places) -> Iterator[Problem]:
    """Voxel indices start at 0."""
    for morphology in genome.morphologies.values():
        pairs = morphology.parameters.get("patterns", ())
        if any(isinstance(element, int) and element < 0 for pair in pairs for side in pair for element in side):
            place = pointer("neuron_morphologies", morphology.id)
            yield warning("G230", place, f"pattern {quote(morphology.id)} has a negative index")


def check_threshold_limit(genome: Genome, places: Places) -> Iterator[Problem]:
    """A neuron fires while threshold <= potential <= limit."""
    for area in genome.areas:
        ends = (step * (size - 1) for step, size in zip(area.threshold_increment, area.dims, strict=True))
        lowest = area.firing_threshold + sum(min(end, 0) for end in ends)
        if area.threshold_limit and area.threshold_limit < lowest:
            message = f"area {quote(area.name)}: limit {area.threshold_limit} is below every threshold"
            yield warning("G226", places.of(area, "fthlim"), message)


def check_size(genome: Genome, places: Places) -> Iterator[Problem]:
    for area in genome.areas:
        if area.voxels > LARGE_AREA_VOXELS:
            yield warning("G227", places.of(area, "___bbx"), f"area {quote(area.name)} has {area.voxels} voxels")


def check_timestep(genome: Genome, places: Places) -> Iterator[Problem]:
    """Seconds of a burst; files without it run at the default."""
    written = genome.physiology.get("simulation_timestep")
    if written is None:
        return
    seconds = as_number(written)
    if seconds is None or seconds <= 0:
        yield warning("G228", "/physiology/simulation_timestep", f"{quote(written)} is no duration of a burst")


CHECKS: tuple[Check, ...] = (
    check_gene_codes,
    check_leak,
    check_excitability,
    check_plastic_window,
    check_repeated_ids,
    check_functions,
    check_mappers,
    check_pattern_indices,
    check_threshold_limit,
    check_size,
    check_timestep,
)
