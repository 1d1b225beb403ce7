"""The examples as the tests run them: the builder's module, and spikes as sets of voxels."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = ("reflex", "logic_timer", "vision_map")
Voxels = set[tuple[int, int, int]]


def load_builder() -> ModuleType:
    """examples/build_genomes.py, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("build_genomes", EXAMPLES / "build_genomes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


BUILDER = load_builder()


def read_json(folder: str, name: str) -> Any:
    return json.loads((EXAMPLES / folder / name).read_text(encoding="utf-8"))


class Run:
    """The spikes of a run. document: a genome, or the name of an example's folder."""

    def __init__(
        self, document: Mapping[str, Any] | str, stimulus: Sequence[Mapping[str, Any]], bursts: int, runtime: str = "npu"
    ) -> None:
        genome = read_json(document, "genome.json") if isinstance(document, str) else document
        lines = BUILDER.run_lines(BUILDER.build_image(genome), stimulus, bursts, runtime)
        self.fired: list[dict[str, Voxels]] = [{}]  # burst 0
        for line in lines:
            self.fired.append({area: {(x, y, z) for x, y, z in voxels} for area, voxels in json.loads(line)["fired"].items()})

    def at(self, burst: int, area: str) -> Voxels:
        return self.fired[burst].get(area, set())

    def bursts_of(self, area: str, x: int = 0, y: int = 0, z: int = 0) -> list[int]:
        """In which bursts a neuron fired."""
        return [burst for burst in range(1, len(self.fired)) if (x, y, z) in self.at(burst, area)]


def injected(area: str, voxels: Iterable[tuple[int, int, int]], bursts: Iterable[int]) -> list[dict[str, Any]]:
    """Potential 1 for the same voxels in every one of the bursts."""
    entry = [[x, y, z, 1.0] for x, y, z in voxels]
    return [{"burst": burst, "inject": {area: entry}} for burst in bursts]


def forced(area: str, voxels: Iterable[tuple[int, int, int]], bursts: Iterable[int]) -> list[dict[str, Any]]:
    entry = [[x, y, z] for x, y, z in voxels]
    return [{"burst": burst, "force_fire": {area: entry}} for burst in bursts]


def changed(folder: str, gene: str, value: Any) -> dict[str, Any]:
    """The genome of an example with one gene set to another value. gene: the key without its prefix."""
    document: dict[str, Any] = deepcopy(read_json(folder, "genome.json"))
    key = f"_____10c-{gene}"
    assert key in document["blueprint"], gene
    document["blueprint"][key] = value
    return document


def rules_of(folder: str, area: str) -> dict[str, list[dict[str, Any]]]:
    """The mapping gene of an area, to be changed and given to `changed`."""
    mapping: dict[str, list[dict[str, Any]]] = deepcopy(read_json(folder, "genome.json")["blueprint"][f"_____10c-{area}-cx-dstmap-d"])
    return mapping
