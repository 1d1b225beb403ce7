"""What checks look at: the genome, where its genes stand in the file, and who is connected to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from neurula.errors import GenomeError
from neurula.genome.blueprint import AreaGenes, read_blueprint
from neurula.genome.genes import DESTINATIONS
from neurula.genome.ids import canonical_id, group_of_id
from neurula.genome.model import CorticalArea, Fix, Genome, MappingRule, Problem, Projection
from neurula.genome.pointers import value_at
from neurula.genome.problems import ProblemLog, pointer
from neurula.genome.rules import ARRAY_FIELDS

POWER_ID = canonical_id("___power")
_INPUT, _OUTPUT, _CORE = "IPU", "OPU", "CORE"


class Context:
    def __init__(self, genome: Genome) -> None:
        self.genome = genome

    @cached_property
    def areas(self) -> dict[str, CorticalArea]:
        return {area.id: area for area in self.genome.areas}

    @cached_property
    def _genes(self) -> dict[str, AreaGenes]:
        try:
            areas = read_blueprint(self.genome.document["blueprint"], ProblemLog())
        except (GenomeError, KeyError):
            return {}  # a genome that does not come from a file
        return {area.id: area for area in areas}

    def written(self, area: CorticalArea, code: str) -> Any:
        """The gene as the file has it; None where it is missing."""
        genes = self._genes.get(area.id)
        return None if genes is None else genes.values.get(code)

    def place(self, area: CorticalArea, code: str, *steps: str | int) -> str:
        """JSON pointer of a gene; of the area's first gene where this one is missing."""
        genes = self._genes.get(area.id)
        return (genes.place(code) if genes else pointer("blueprint", area.id)) + pointer(*steps)

    def rules(self, area: CorticalArea) -> Iterator[tuple[Projection, int, MappingRule]]:
        """Projection, index of the rule in it, and the rule."""
        for projection in area.projections:
            for index, rule in enumerate(projection.rules):
                yield projection, index, rule

    def rule_place(self, area: CorticalArea, projection: Projection, index: int) -> str:
        """JSON pointer of a rule; of its destination, where some rules of the list cannot be read."""
        written = self.written(area, DESTINATIONS)
        key = _key_of(written, projection.destination)
        entries = written.get(key) if isinstance(written, dict) else None
        exact = isinstance(entries, list) and len(entries) == len(projection.rules)
        return self.place(area, DESTINATIONS, *((key, index) if exact else (key,)))

    def rule_field(self, place: str, name: str) -> str:
        """JSON pointer of a field of the rule at `place`, by name or index; `place` itself if it is no single rule."""
        node = value_at(self.genome.document, place)
        if isinstance(node, dict) and "morphology_id" in node:
            return place + pointer(name)
        if isinstance(node, list) and node and isinstance(node[0], str) and name in ARRAY_FIELDS:
            return place + pointer(ARRAY_FIELDS.index(name))
        return place

    def rule_fix(self, place: str, name: str, value: Any) -> Fix | None:
        """The fix that sets a field of the rule, if that is possible."""
        field = self.rule_field(place, name)
        return Fix("set", value, field) if field != place else None

    @cached_property
    def incoming(self) -> dict[str, list[tuple[CorticalArea, MappingRule]]]:
        """Area id -> the rules that lead there, with the areas from which they come."""
        incoming: dict[str, list[tuple[CorticalArea, MappingRule]]] = {area_id: [] for area_id in self.areas}
        for area in self.genome.areas:
            for projection in area.projections:
                for rule in projection.rules if projection.destination in incoming else ():
                    incoming[projection.destination].append((area, rule))
        return incoming

    def is_power(self, area: CorticalArea) -> bool:
        return canonical_id(area.id) == POWER_ID

    def is_input(self, area: CorticalArea) -> bool:
        return _INPUT in (area.group, group_of_id(area.id))

    def is_output(self, area: CorticalArea) -> bool:
        return _OUTPUT in (area.group, group_of_id(area.id)) and not self.is_input(area)

    def is_core(self, area: CorticalArea) -> bool:
        return _CORE in (area.group, group_of_id(area.id)) or self.is_power(area)


Check = Callable[[Context], Iterator[Problem]]


def _key_of(written: Any, destination: str) -> str:
    """The destination as the file's mapping writes it."""
    if not isinstance(written, dict) or destination in written:
        return destination
    meant = canonical_id(destination)
    return next((key for key in written if canonical_id(key) == meant), destination)
