"""Every recorded case of FEAGI's real engine, spike for spike, on every runtime, and the whole state alike in every burst."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome import canonical_id, read_genome
from neurula.runtimes import BurstResult, Stimulus, open_runtime
from neurula.runtimes.stimulus import geometry_of, read_stimulus, resolve
from neurula_npu import Image
from tests.conftest import open_backend, shared_folder

CASES = sorted(p.name for p in (shared_folder() or Path()).glob("oracles/cases/*") if p.is_dir())
EMULATED = ("micropython32", "sim:rpi_pico:viper", "c:rp2040")  # sim:rpi_pico: tests/device/test_every_brain_on_the_pico.py
CORES = ["core:m0", "core:m4", "core:rv32", "core:xtensa", "thumb:m0", "thumb:m4", "c", "c:m0", "c:m4", "c:rv32", "c:xtensa", "c:wasm32"]
BACKENDS = ["reference", "npu-pure", "npu", "micropython", *CORES]
FIRMWARE_BACKENDS = [pytest.param(name, marks=pytest.mark.needs_firmware) for name in EMULATED]
Spikes = list[tuple[str, tuple[int, ...]]]


@dataclass(frozen=True)
class Case:
    """A case made ready: the image grown from its genome, its stimulus; per burst the recorded spikes, and the state's hash."""

    image: bytes
    stimuli: dict[int, Stimulus]
    recorded: list[Spikes]
    hashes: list[int]


@cache
def load_case(folder: Path) -> Case:
    """The neuron ids of the recording are taken over: chance draws on them, and the engine's change from run to run.

    `real_motor_babble` is grown as the engine grew it: it drops rules that we grow.
    """
    grown = develop(read_genome(folder / "genome.json"), as_engine=folder.name.startswith("real_")).connectome
    areas = json.loads((folder / "connectome.json").read_text())["areas"]
    first = {name: area["first_neuron_id"] for name, area in areas.items()}
    grown = replace(
        grown,
        areas=tuple(replace(a, first_neuron=first.get(canonical_id(a.area.id), a.first_neuron)) for a in grown.areas),
    )
    image = write_image(lower(grown, keep_all=True))
    stimuli = resolve(read_stimulus(folder / "stimulus.json"), geometry_of(Image(image, 1 << 30)))
    recorded = []
    for number, line in enumerate((folder / "spikes.jsonl").read_text().splitlines(), 1):
        entry = json.loads(line)
        assert entry["burst"] == number
        recorded.append(sorted((area, tuple(voxel[:3])) for area, voxels in entry["fired"].items() for voxel in voxels))
    with open_runtime("npu", image) as npu:  # the reference is compared with it like all the others
        return Case(image, stimuli, recorded, [result.state_hash for result in npu.run(len(recorded), stimuli)])


def voxels_of(image: bytes, results: Iterator[BurstResult]) -> Iterator[tuple[int, Spikes]]:
    geometry = geometry_of(Image(image, 1 << 30))
    ids = [canonical_id(area.id) for area in geometry]
    for result in results:
        yield result.number, sorted((ids[a], geometry[a].voxel_of(n)) for a, neurons in result.fired for n in neurons)


@pytest.mark.parametrize("backend", [*BACKENDS, *FIRMWARE_BACKENDS])
@pytest.mark.parametrize("name", CASES or ["none"])
def test_recorded_spikes_are_reproduced(shared: Path, backend: str, name: str) -> None:
    case = load_case(shared / "oracles" / "cases" / name)
    with open_backend(backend, case.image) as runtime:
        results = list(runtime.run(len(case.recorded), case.stimuli))
    for number, spikes in voxels_of(case.image, iter(results)):
        want = case.recorded[number - 1]
        assert spikes == want, f"burst {number}: missing {set(want) - set(spikes)}, extra {set(spikes) - set(want)}"
    wrong = [result.number for result, state_hash in zip(results, case.hashes, strict=True) if result.state_hash != state_hash]
    assert not wrong, f"the state differs first in burst {wrong[0]}"


def test_all_recorded_cases_are_there(shared: Path) -> None:
    assert len(CASES) == 43
