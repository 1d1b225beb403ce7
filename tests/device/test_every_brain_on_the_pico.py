"""Every recorded brain and every example runs out of its slot in flash, by the firmware's own boot, and fires as the reference does.

Spikes are compared with the recorded ones and with those that the reference gave the examples; the whole state in every burst with
the NPU's, which tests/conformance compares with the reference.

The boot up to the moment in which the firmware first looks at its slots is the same for all brains. It is emulated once and goes on
from there with each brain in flash; one test compares that with a whole boot of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import pytest

from neurula.device.board_runtime import BoardRuntime
from neurula.device.link import BoardLink
from neurula.device.upload import revive
from neurula.runtimes import BurstResult, Stimulus, open_runtime
from neurula.runtimes.spikes import spike_line
from neurula.runtimes.stimulus import geometry_of, read_stimulus, resolve
from neurula.sim.rp2040 import RAM_BASE, RAM_BYTES
from neurula_npu import Image
from tests.conformance.test_oracles import CASES, load_case, voxels_of
from tests.conftest import ROOT
from tests.device.prepared_pico import changed_blocks, installed_flash, with_brains
from tests.examples.example_runs import BUILDER, read_json
from tests.firmware.board_process import BoardProcess

pytestmark = pytest.mark.needs_firmware
EXAMPLES = sorted(path.parent.name for path in ROOT.glob("examples/*/genome.json"))
MAGIC, RUNNING, TESTING = 0x4E52, 1, 3  # what the firmware keeps in a scratch register
BOOT_S = 3.0
ALONE_S = 0.2  # some twenty bursts
STEP_S = 0.001  # between the end of the self-test and the first look at the slots are some 20 ms


@dataclass(frozen=True)
class Seen:
    """What a board did. alone: its last burst before anybody stepped it, by itself and one more; stepped: from the start on."""

    hello: tuple[str, str]
    alone: tuple[int, int, bytes]
    stepped: list[BurstResult]


def on_the_pico(names: list[str]) -> list[Any]:
    """Cases that the log counts as executed there."""
    return [pytest.param(name, id=f"{name}-sim:rpi_pico") for name in names]


def until_tested(board: Any) -> None:
    """Lets a board boot until its self-test has ended."""
    seen: list[int] = []
    while seen[-2:] != [TESTING, RUNNING]:
        assert board.seconds() < BOOT_S, f"no self-test: {seen}"
        board.sleep(STEP_S)
        word = board.scratch[0]
        if word >> 16 == MAGIC and word & 0x7FFF not in seen[-1:]:
            seen.append(word & 0x7FFF)


def watch(board: Any, image: bytes, stimuli: Mapping[int, Stimulus], bursts: int) -> Seen:
    """What becomes of the brain after the boot: alone, then held and stepped by the host."""
    link = BoardLink(board)
    hello = revive(link)
    link.order("stop")
    (alone,) = link.step(1)
    runtime = BoardRuntime(link, image)
    return Seen((hello.slot, hello.state), alone, list(runtime.run(bursts, stimuli)))


def require_like_everywhere(seen: Seen, image: bytes, hashes: Sequence[int]) -> None:
    """The whole state in every burst, of those that it ran alone in sum."""
    assert seen.hello == ("0", "confirmed")
    with open_runtime("npu", image) as here:
        *_, last = here.run(seen.alone[0], {})
    assert seen.alone[1] == last.state_hash, f"alone, after burst {last.number}"
    assert [result.state_hash for result in seen.stepped] == list(hashes)


@pytest.fixture(scope="module")
def tested_board() -> Iterator[tuple[bytes, BoardProcess]]:
    """The flash of a board without a brain, and the board at the moment when its self-test has ended. To be copied."""
    flash = installed_flash()
    with BoardProcess(flash) as board:
        until_tested(board)
        yield flash, board


def boot_with(tested: tuple[bytes, BoardProcess], image: bytes) -> BoardProcess:
    """A copy of the board that finds this brain in its slot."""
    flash, board = tested
    twin = board.copy()
    for offset, block in changed_blocks(flash, with_brains(flash, image)).items():
        twin.put_flash(offset, block)
    return twin


@pytest.mark.parametrize("name", on_the_pico(CASES or ["none"]))
def test_every_recorded_brain_runs_out_of_its_slot_and_fires_as_it_was_recorded(
    tested_board: tuple[bytes, BoardProcess], shared: Any, name: str
) -> None:
    case = load_case(shared / "oracles" / "cases" / name)
    with boot_with(tested_board, case.image) as board:
        seen = watch(board, case.image, case.stimuli, len(case.recorded))
        assert board.bus_warnings == []
    require_like_everywhere(seen, case.image, case.hashes)
    for number, spikes in voxels_of(case.image, iter(seen.stepped)):
        assert spikes == case.recorded[number - 1], f"burst {number}"


def example(name: str) -> tuple[bytes, dict[int, Stimulus], list[str]]:
    """Image, stimulus and the spikes that its folder holds."""
    image = BUILDER.build_image(read_json(name, "genome.json"))
    stimuli = resolve(read_stimulus(ROOT / "examples" / name / "stimulus.json"), geometry_of(Image(image, 1 << 30)))
    return image, stimuli, (ROOT / "examples" / name / "expected.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", on_the_pico(EXAMPLES))
def test_every_example_runs_out_of_its_slot_and_fires_as_its_folder_says(tested_board: tuple[bytes, BoardProcess], name: str) -> None:
    image, stimuli, expected = example(name)
    with boot_with(tested_board, image) as board:
        seen = watch(board, image, stimuli, len(expected))
    with open_runtime("npu", image) as here:
        require_like_everywhere(seen, image, [result.state_hash for result in here.run(len(expected), stimuli)])
    geometry = geometry_of(Image(image, 1 << 30))
    assert [json.loads(spike_line(result, geometry)) for result in seen.stepped] == list(map(json.loads, expected))


def test_a_boot_that_goes_on_from_the_shared_moment_is_a_whole_boot(tested_board: tuple[bytes, BoardProcess]) -> None:
    image, stimuli, expected = example("reflex")
    alone, talked_to = [], []
    with BoardProcess(with_brains(tested_board[0], image)) as whole, boot_with(tested_board, image) as copied:
        until_tested(whole)
        for board in (whole, copied):
            board.sleep(ALONE_S)  # a host's session number is random, so what follows is equal, but not to the cycle
            alone.append((board.cycles, board.seconds(), crc32(board.ram_bytes(RAM_BASE, RAM_BYTES)), crc32(board.flash_bytes())))
            seen = watch(board, image, stimuli, len(expected))
            talked_to.append((seen.hello, seen.stepped))
    assert alone[0] == alone[1]
    assert talked_to[0] == talked_to[1]


def test_all_recorded_brains_and_all_examples_are_there(shared: Any) -> None:
    assert (len(CASES), len(EXAMPLES)) == (43, len(BUILDER.read_examples()))
