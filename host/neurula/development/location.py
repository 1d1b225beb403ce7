"""Where in the genome's file a mapping rule stands, as a JSON pointer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurula.genome.model import Genome

_DESTINATION_GENES = ("dstmap", "cortical_mapping_dst")


class RulePointers:
    """Finds the mapping genes once; a rule that the file does not show is placed at its area."""

    def __init__(self, genome: Genome) -> None:
        self._mappings: dict[str, str] = {}
        blueprint = genome.document.get("blueprint")
        if isinstance(blueprint, Mapping):
            for key, value in blueprint.items():
                self._note(str(key), value)

    def pointer(self, area: str, destination: str, rule: int) -> str:
        """area, destination: as the genome writes them; rule: place in the destination's list."""
        start = self._mappings.get(area, f"/blueprint/{_escaped(area)}")
        return f"{start}/{_escaped(destination)}/{rule}"

    def _note(self, key: str, value: Any) -> None:
        if key.startswith("_____10c-"):
            area, _, gene = key[len("_____10c-") :].partition("-")
            if any(f"-{g}-" in f"-{gene}-" for g in _DESTINATION_GENES):
                self._mappings[area] = f"/blueprint/{_escaped(key)}"
        elif isinstance(value, Mapping):
            for gene in _DESTINATION_GENES:
                if gene in value:
                    self._mappings[key] = f"/blueprint/{_escaped(key)}/{gene}"


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")
