"""A C program of one's own: the example compiles, runs and says what the reference says; the API keeps its promises."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from neurula.errors import DeviceNotFound
from neurula.runtimes import open_runtime
from neurula.runtimes.c_runtime import load_library
from neurula.runtimes.stimulus import geometry_of, resolve, units_of
from neurula_npu import Image
from neurula_npu.schema import POTENTIAL_MAX
from tests.c.compiling import RUNTIME, compile_program
from tests.conformance.brains import image_of, random_connectome
from tests.conftest import ROOT, missing
from tests.examples.example_runs import BUILDER, read_json

NONE = 0xFFFFFFFF


class AreaText(ctypes.Structure):
    """nrl_area"""

    _fields_ = [
        *((name, ctypes.c_uint32) for name in ("neurons", "width", "height", "depth", "per_voxel", "flags", "units_num", "units_den")),
        ("id", ctypes.c_void_p), ("id_bytes", ctypes.c_uint32),
    ]


class Opened:
    """A brain in the shared library, and its functions without the leading brain."""

    def __init__(self, image: bytes) -> None:
        try:
            self._c = load_library()
        except DeviceNotFound as error:
            missing(str(error))
        self._image = (ctypes.c_uint32 * (len(image) // 4))()
        ctypes.memmove(self._image, image, len(image))
        self._ram = (ctypes.c_uint32 * (self._c.nrl_ram_bytes(self._image, len(image)) // 4))()
        self._brain = (ctypes.c_uint64 * 8)()
        assert self._c.nrl_open(self._brain, self._image, len(image), self._ram, ctypes.sizeof(self._ram), None) == 0

    def call(self, name: str, *arguments: object, result: type = ctypes.c_uint32) -> int:
        function = getattr(self._c, f"nrl_{name}")
        function.restype = result
        return int(function(self._brain, *(ctypes.c_uint32(a & NONE) if isinstance(a, int) else a for a in arguments)))

    def step(self, inject: list[int], forced: list[int]) -> int:
        words = (ctypes.c_int32 * len(inject))(*inject), (ctypes.c_int32 * len(forced))(*forced)
        return self.call("step", words[0], len(inject) // 3, words[1], len(forced) // 2, result=ctypes.c_int)

    def state(self) -> bytes:
        return bytes(self._ram)


def test_the_example_prints_what_the_reference_fires(tmp_path: Path) -> None:
    image = BUILDER.build_image(read_json("reflex", "genome.json"))
    (tmp_path / "brain.nrl").write_bytes(image)
    header = subprocess.run(
        [sys.executable, str(RUNTIME / "image_header.py"), str(tmp_path / "brain.nrl")], capture_output=True, text=True, check=True
    )
    (tmp_path / "brain.h").write_text(header.stdout)
    program = compile_program(tmp_path / "reflex", f"-I{tmp_path}", ROOT / "examples" / "c" / "main.c", RUNTIME / "neurula.c")
    printed = subprocess.run([str(program)], capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    geometry = geometry_of(Image(image, 1 << 30))
    motors = next(i for i, area in enumerate(geometry) if area.id == "o__mot")
    wall = [{"burst": burst, "inject": {"i__pro": [[0, 0, 8, 1.0]]}} for burst in range(25, 49)]
    with open_runtime("reference", image) as reference:
        results = list(reference.run(48, resolve(wall, geometry)))
    assert printed == [f"burst {r.number} motor {n}" for r in results for area, fired in r.fired if area == motors for n in fired]
    assert sum(line.endswith("motor 0") for line in printed) == 17, "6 on the free road, 11 beside the wall (examples/reflex)"


def test_the_header_writer_refuses_what_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no brain")
    for name in ("note.txt", "missing"):
        run = subprocess.run(
            [sys.executable, str(RUNTIME / "image_header.py"), str(tmp_path / name)], capture_output=True, text=True, check=False
        )
        assert run.returncode == 1
        assert name in run.stderr
        assert "Traceback" not in run.stderr


@pytest.mark.parametrize("seed", range(8))
def test_areas_voxels_and_units_are_those_of_the_host(seed: int) -> None:
    image = image_of(random_connectome(seed))
    brain = Opened(image)
    geometry = geometry_of(Image(image, 1 << 30))
    for index, area in enumerate(geometry):
        found = AreaText()
        assert brain.call("describe", index, ctypes.byref(found)) == 0
        assert ctypes.string_at(found.id, found.id_bytes).decode() == area.id
        assert (found.width, found.height, found.depth, found.per_voxel) == (*area.dims, area.per_voxel)
        assert brain.call("find_area", area.id.encode()) == index
        assert brain.call("find_area", area.id.encode()[:-1]) == NONE
        for voxel in [(0, 0, 0), tuple(size - 1 for size in area.dims)]:
            assert brain.call("neuron_at", index, *voxel) == area.neurons_at(*voxel)[0]
        assert brain.call("neuron_at", index, area.dims[0], 0, 0) == NONE
        for thousandths in (0, 1, -1, 499, 500, 1000, -1500, 123456, 2**31 - 1, -(2**31)):
            units = brain.call("units", index, thousandths, result=ctypes.c_int32)
            assert units == units_of(thousandths / 1000, area.units), (thousandths, area.units)
    assert brain.call("describe", len(geometry), ctypes.byref(AreaText())) == 2
    assert brain.call("find_area", b"") == NONE


def test_a_wrong_stimulus_is_refused_and_changes_nothing() -> None:
    brain = Opened(image_of(random_connectome(3)))
    assert brain.step([0, 0, 1], [0, 0]) == 0
    before = brain.state()
    for inject, forced, code in (
        ([99, 0, 1], [], 2), ([0, 1, 1], [], 2), ([-1, 0, 1], [], 2), ([0, -1, 1], [], 2), ([], [0, 1], 2), ([], [99, 0], 2),
        ([0, 0, 1, 0, 0, POTENTIAL_MAX + 1], [], 3), ([0, 0, -POTENTIAL_MAX - 1], [], 3), ([0, 0, 1], [1, 0, -1, 0], 2),
    ):
        assert brain.step(inject, forced) == code, (inject, forced)
        assert brain.state() == before
    assert brain.step([0, 0, POTENTIAL_MAX, 0, 0, -POTENTIAL_MAX], []) == 0


def test_questions_about_what_is_not_there_are_answered() -> None:
    brain = Opened(image_of(random_connectome(3)))
    brain.step([], [0, 0])
    assert brain.call("fired", 0, 0) == 1
    assert brain.call("next_fired", 0, 0) == 0
    assert brain.call("next_fired", 0, 1) == NONE
    for area, neuron in ((0, 1), (0, NONE), (99, 0), (NONE, NONE)):
        assert brain.call("fired", area, neuron) == 0
        assert brain.call("next_fired", area, neuron) == NONE
    assert brain.call("neuron_at", 99, 0, 0, 0) == NONE
    assert brain.call("units", 99, 1000) == 0
