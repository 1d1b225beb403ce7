"""A connectome file gives back the value that was written, and nothing else is taken for one."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from growing import TARGET, genome_of, pair_of_areas

from neurula.development import Connectome, develop, load_connectome, save_connectome
from neurula.errors import DevelopmentError
from neurula.genome.model import CorticalArea, MappingRule, Projection


def some_connectome() -> Connectome:
    rich = CorticalArea(
        "abcdef",
        "Zürich \u4e2d",
        dims=(3, 2, 1),
        neurons_per_voxel=2,
        threshold_increment=(0.5, -1.0, 0.1),
        genes={"odd": [1, {"deep": None}]},
        projections=(
            Projection("abcdef", (MappingRule("all_to_all", (2, "2x", 1.5), -0.1, True, plasticity_window=3),)),
            Projection("nowhere", (MappingRule("projector"),)),
        ),
    )
    return develop(genome_of(rich, CorticalArea("ghijkl", "empty", neurons_per_voxel=0))).connectome


def refused(path: Path) -> str:
    with pytest.raises(DevelopmentError) as caught:
        load_connectome(path)
    assert caught.value.exit_code == 4
    assert caught.value.where == str(path)
    return caught.value.code


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> str:
    """Changes the members of the file and returns the code with which it is then refused."""
    with np.load(path) as content:
        members: dict[str, Any] = {name: content[name] for name in content.files}
    members["header"] = json.loads(str(members["header"]))
    change(members)
    if isinstance(members.get("header"), dict):
        members["header"] = np.array(json.dumps(members["header"]))
    np.savez(path, **members)
    return refused(path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "brain.npz"
    save_connectome(path, some_connectome())
    return path


def test_what_is_loaded_equals_what_was_saved(file: Path) -> None:
    saved, loaded = some_connectome(), load_connectome(file)
    assert loaded.areas == saved.areas
    assert loaded.bundles == saved.bundles
    assert loaded.source.dtype == loaded.target.dtype == np.int32
    assert np.array_equal(loaded.source, saved.source)
    assert np.array_equal(loaded.target, saved.target)
    assert not loaded.source.flags.writeable
    assert loaded.synapses == 72


def test_an_empty_brain_can_be_saved(tmp_path: Path) -> None:
    save_connectome(tmp_path / "empty.npz", develop(genome_of()).connectome)
    assert load_connectome(tmp_path / "empty.npz").neurons == 3


def test_saving_replaces_the_file_as_a_whole_and_leaves_nothing_else(file: Path) -> None:
    save_connectome(file, develop(pair_of_areas((2, 1, 1), (2, 1, 1), MappingRule("all_to_all"))).connectome)
    assert load_connectome(file).areas[-1].area.id == TARGET
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_a_failed_save_leaves_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    def fail(*_arguments: Any, **_more: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(DevelopmentError) as caught:
        save_connectome(file, some_connectome())
    assert caught.value.code == "D112"
    assert "No space left" in caught.value.message
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_a_place_that_does_not_exist_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(DevelopmentError) as caught:
        save_connectome(tmp_path / "no" / "brain.npz", some_connectome())
    assert caught.value.code == "D112"
    assert refused(tmp_path / "no.npz") == "D113"
    assert refused(tmp_path) == "D113"


def test_every_truncated_file_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    for length in [*range(200), *range(200, len(whole), 97), len(whole) - 1]:
        file.write_bytes(whole[:length])
        assert refused(file) in ("D110", "D111"), length


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_byte_is_refused_or_does_not_matter(file: Path, seed: int) -> None:
    whole = file.read_bytes()
    chance = np.random.default_rng(seed)
    codes = set()
    for _ in range(150):
        place, bit = int(chance.integers(len(whole))), int(chance.integers(8))
        damaged = bytearray(whole)
        damaged[place] ^= 1 << bit
        file.write_bytes(damaged)
        try:
            loaded = load_connectome(file)
        except DevelopmentError as error:
            codes.add(error.code)
        else:  # names and dates of the zip archive's directory
            assert np.array_equal(loaded.target, some_connectome().target), (seed, place, bit)
    assert "D110" in codes  # most flips break a checksum
    assert codes <= {"D110", "D111"}, seed


def test_foreign_files_are_refused(file: Path) -> None:
    np.savez(file, weights=np.arange(3))
    assert refused(file) == "D110"
    np.savez_compressed(file, header=np.array("{}"), source=np.zeros(1 << 20, np.int32), target=np.zeros(1, np.int32))
    assert refused(file) == "D110"
    np.savez(file, header=np.array([{}], dtype=object), source=np.zeros(1, np.int32), target=np.zeros(1, np.int32))
    assert refused(file) == "D110"
    for other in (b"", b"not a zip", b"PK\x03\x04" + bytes(100)):
        file.write_bytes(other)
        assert refused(file) == "D110"


def test_an_array_that_claims_to_be_huge_is_refused_without_taking_room(file: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<i4", "fortran_order": False, "shape": (1 << 40,)})
    with zipfile.ZipFile(file) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, header.getvalue() if name == "source.npy" else content)
    assert refused(file) == "D111"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda m: m.update(source=m["source"].astype(np.int64)), "D110"),
        (lambda m: m.update(source=m["source"].reshape(2, -1)), "D110"),
        (lambda m: m.update(header=np.array("not json")), "D111"),
        (lambda m: m.update(header=np.array("[" * 100_000)), "D111"),
        (lambda m: m["header"].update(schema="neurula.connectome/99"), "D110"),
        (lambda m: m.update(source=m["source"][:-1]), "D111"),
        (lambda m: m.update(source=m["source"][:-1], target=m["target"][:-1]), "D111"),
        (lambda m: m["source"].__setitem__(5, -1), "D111"),
        (lambda m: m["target"].__setitem__(5, 12), "D111"),
        (lambda m: m["header"]["bundles"][0].__setitem__(0, 99), "D111"),
        (lambda m: m["header"]["bundles"][0].__setitem__(3, 71), "D111"),
        (lambda m: m["header"]["bundles"][0].__setitem__(2, True), "D111"),
        (lambda m: m["header"]["bundles"].append(m["header"]["bundles"][0]), "D111"),
        (lambda m: m["header"]["bundles"][0][4].pop("multiplier"), "D111"),
        (lambda m: m["header"]["bundles"][0][4].update(multiplier="much"), "D111"),
        (lambda m: m["header"]["areas"][3].update(first_neuron=7), "D111"),
        (lambda m: m["header"]["areas"][3]["area"].update(dims=[3, 2]), "D111"),
        (lambda m: m["header"]["areas"][3]["area"].update(dims=[1 << 40, 1, 1]), "D111"),
        (lambda m: m["header"]["areas"][3]["area"].update(dims=[0, 1, 1]), "D111"),
        (lambda m: m["header"]["areas"][3]["area"].update(leak_coefficient=float("nan")), "D111"),
        (lambda m: m["header"]["areas"][3]["area"].update(surprise=1), "D111"),
        (lambda m: m["header"].update(areas=None), "D111"),
    ],
)
def test_every_field_is_checked(file: Path, change: Callable[[dict[str, Any]], None], code: str) -> None:
    assert rewritten(file, change) == code
