"""Changes genes of a genome document in place of the file's own form; whatever is not touched stays as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from neurula.errors import GenomeError
from neurula.genome.blueprint import AreaGenes, is_flat, is_gene_key, read_blueprint, split_key
from neurula.genome.genes import DESTINATIONS, PROPERTIES, WRITTEN_PROPERTIES, gene_key
from neurula.genome.problems import ProblemLog

PROPERTY_OF_CODE = {code: (name, index) for name in WRITTEN_PROPERTIES for index, code in enumerate(PROPERTIES[name])}


class GenomeEditor:
    """A copy of a document; values that are not set are shared with it. Genes have an area id and a code in any form."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document: dict[str, Any] = dict(document)
        written = self.document.get("blueprint")
        blueprint: dict[str, Any] = dict(written) if isinstance(written, dict) else {}
        self.flat = is_flat(blueprint) or not blueprint
        if not self.flat:
            blueprint = {area_id: _copied(properties, 3) for area_id, properties in blueprint.items()}
        self.blueprint = self.document["blueprint"] = blueprint
        self._areas: dict[str, AreaGenes] = {}
        if blueprint:
            with suppress(GenomeError):  # a blueprint without areas
                self._areas = {area.id: area for area in read_blueprint(blueprint, ProblemLog())}

    def area_ids(self) -> tuple[str, ...]:
        return tuple(self._areas)

    def value(self, area_id: str, code: str) -> Any:
        """The gene as written; None where it is missing."""
        area = self._areas.get(area_id)
        return None if area is None else area.values.get(code)

    def mapping(self, area_id: str) -> dict[str, Any]:
        """The destinations as written; empty where there are none that can be read."""
        written = self.value(area_id, DESTINATIONS)
        return written if isinstance(written, dict) else {}

    def set(self, area_id: str, code: str, value: Any) -> None:
        """Writes a gene where it stands, or under the key that the format prescribes. Makes the area if it is new."""
        area = self._areas.setdefault(area_id, AreaGenes(area_id))
        if self.flat:
            steps: tuple[str | int, ...] = area.steps.get(code) or (gene_key(area_id, code, value),)
            self.blueprint[str(steps[0])] = value
        else:
            steps = self._set_property(area, code, value)
        area.values[code] = value
        area.steps[code] = steps

    def drop(self, area_id: str, code: str) -> None:
        """Removes a gene, all spellings of it, so that its default counts."""
        area = self._areas[area_id]
        steps = area.steps.pop(code, None)
        area.values.pop(code, None)
        if self.flat:
            for key in [key for key in self.blueprint if self._is_gene(key, area_id, code)]:
                del self.blueprint[key]
        elif steps:
            container = self._container(steps)
            if isinstance(container, list):
                container[int(steps[-1])] = None
            else:
                container.pop(steps[-1], None)

    def drop_area(self, area_id: str) -> None:
        """Removes all genes of an area. Mappings to it, and regions that hold it, stay."""
        del self._areas[area_id]
        if not self.flat:
            self.blueprint.pop(area_id, None)
            return
        for key in [key for key in self.blueprint if self._is_gene(key, area_id)]:
            del self.blueprint[key]

    def order(self, area_ids: tuple[str, ...]) -> None:
        """Puts the areas into this order, which decides the ids of their neurons; other keys come last."""
        if self.area_ids() == area_ids:
            return
        keys: dict[str, None] = {}
        for area_id in area_ids:
            keys.update(dict.fromkeys(str(steps[0]) for steps in self._areas[area_id].steps.values()))
        keys.update(dict.fromkeys(self.blueprint))
        ordered = {key: self.blueprint[key] for key in keys if key in self.blueprint}
        self.blueprint.clear()
        self.blueprint.update(ordered)
        self._areas = {area_id: self._areas[area_id] for area_id in area_ids}

    def _container(self, steps: tuple[str | int, ...]) -> Any:
        node: Any = self.blueprint
        for step in steps[:-1]:
            node = node[step]
        return node

    def _set_property(self, area: AreaGenes, code: str, value: Any) -> tuple[str | int, ...]:
        """A gene that shares its property (a list, or an object by axis) leaves the others as they were."""
        self.blueprint.setdefault(area.id, {})
        name, index = PROPERTY_OF_CODE.get(code, (code, 0))
        codes = PROPERTIES.get(name, (code,))
        steps = area.steps.get(code) or (area.id, name)
        container = self._container(steps)
        by_axis = isinstance(steps[-1], str) and steps[-1] not in PROPERTIES
        if len(codes) == 1 or by_axis:
            container[steps[-1]] = value
            return steps
        home = steps[:-1] if isinstance(steps[-1], int) else steps
        whole = [area.values.get(each) for each in codes]
        whole[index] = value
        self._container(home)[home[-1]] = whole
        for place, each in enumerate(codes):
            area.steps[each] = (*home, place)
        return (*home, index)

    @staticmethod
    def _is_gene(key: str, area_id: str, code: str = "") -> bool:
        """Whether a flat key is a gene of the area (and has this code)."""
        written_id, written_code, _ = split_key(key)
        return is_gene_key(key) and written_id == area_id and code in ("", written_code)


def _copied(value: Any, levels: int) -> Any:
    """A copy of the containers of so many levels: an area, its nested properties, their lists."""
    if levels == 0 or not isinstance(value, (dict, list)):
        return value
    if isinstance(value, list):
        return [_copied(part, levels - 1) for part in value]
    return {key: _copied(part, levels - 1) for key, part in value.items()}
