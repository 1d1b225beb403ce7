"""Two threads give the state of one, in every burst; what cannot be shared stays on one."""

from __future__ import annotations

import hashlib
import os
import random
import struct
import subprocess
import sys
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.genome.model import CorticalArea, MappingRule
from neurula_npu import Brain
from neurula_npu.brain import COMPILED
from tests.conformance.brains import extreme_connectome, image_of, power, random_connectome, random_stimuli
from tests.npu.wide_brains import wide_connectome

pytestmark = pytest.mark.skipif(not COMPILED, reason="only compiled kernels have a second thread")
ALWAYS = {"from_events": 0, "rest_most": 0}  # every burst without forced neurons, however busy the machine is


def border_connectome(seed: int) -> Connectome:
    """One area beyond a list's window of targets: rows of windows on both sides of the border, relative rows, runs across it."""
    rng = random.Random(seed)
    n = rng.randint(70_000, 90_000)
    area = CorticalArea(
        "C00000", "large", dims=(n, 1, 1), firing_threshold=20.0, leak_coefficient=0.25, charge_accumulation=True, excitability=1.0
    )
    small = CorticalArea("C00001", "small", dims=(21, 1, 1), firing_threshold=1.0, excitability=1.0)
    areas = (GrownArea(power(rng), 0), GrownArea(small, 1), GrownArea(area, 22))
    starts = rng.sample(range(n), 40)
    first = [(0, target) for target in starts]
    runs = [(source, target) for source in starts[:4] for target in range(n // 2 - rng.randint(0, 99), n // 2 + rng.randint(1, 99))]
    shift = [(source, source + delta) for source in range(n) for delta in (-40, 1, 3, n // 2) if 0 <= source + delta < n]
    parts = [(0, 1, 5, 1, [(0, j) for j in range(21)]), (0, 2, 200, 1, first), (2, 2, 7, 1, runs), (2, 2, 15, 2, shift)]
    for weight in rng.sample(range(-127, 128), 60):
        parts.append((2, 2, weight, 1, [(rng.choice(starts), rng.randrange(n)) for _ in range(50)]))
    bundles, pairs = [], []
    for a, b, multiplier, delay, some in parts:
        bundles.append(Bundle(a, b, MappingRule("any", multiplier=multiplier, delay_bursts=delay), len(pairs), len(pairs) + len(some)))
        pairs += some
    return Connectome(areas, tuple(bundles), *np.array(pairs, np.int32).T.copy())


def agree(image: bytes, bursts: int, stimuli: bool = False, connectome: Connectome | None = None, seed: int = 0) -> tuple[int, int]:
    """Runs one and two threads side by side; bursts on two threads, and spikes."""
    one, two = Brain(image), Brain(image)
    assert two.share(**ALWAYS)
    given = random_stimuli(seed, connectome, bursts) if stimuli and connectome else {}
    spikes = 0
    for burst in range(1, bursts + 1):
        for brain in (one, two):
            if burst in given:
                brain.step(given[burst].forced, given[burst].inject)
            else:
                brain.step()
        spikes += sum(len(neurons) for _, neurons in one.fired())
        assert two.state_hash() == one.state_hash(), f"burst {burst}"
    return two.shared_bursts, spikes


@pytest.mark.parametrize("seed", range(8))
def test_two_threads_give_the_state_of_one_in_every_burst(seed: int) -> None:
    connectome = wide_connectome(seed)
    image = image_of(connectome)
    assert agree(image, 40)[0] == 40
    shared, spikes = agree(image, 40, True, connectome, seed)
    assert shared > 5  # bursts that force a neuron stay on one thread
    assert spikes > 1_000


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_every_kind_are_cut_at_the_border(seed: int) -> None:
    shared, spikes = agree(image_of(border_connectome(seed)), 25)
    assert shared == 25
    assert spikes > 900


def test_small_random_brains_agree_where_they_can_be_shared() -> None:
    shared = 0
    for seed in range(60):
        connectome = random_connectome(seed)
        image = image_of(connectome)
        if Brain(image).share(**ALWAYS):
            shared += agree(image, 20, True, connectome, seed)[0]
    assert shared > 20


def test_what_learns_is_not_shared_and_runs_as_before() -> None:
    for seed in range(40):
        image = image_of(random_connectome(seed))
        one, two = Brain(image), Brain(image, threads=2)
        if one.header_field("features"):
            assert not two.share(**ALWAYS)
            for brain in (one, two):
                brain.run(30)
            assert two.shared_bursts == 0
            assert two.state_hash() == one.state_hash()
            return
    raise AssertionError("no brain of these learns")


def test_a_brain_of_few_neurons_stays_on_one_thread() -> None:
    brain = Brain(image_of(extreme_connectome("empty")), threads=2)
    brain.run(100)
    assert not brain.share(**ALWAYS)
    assert brain.shared_bursts == 0


def test_a_burst_of_few_events_stays_on_one_thread() -> None:
    brain = Brain(image_of(extreme_connectome("all_fire")), threads=2)  # 2,000 events a burst
    brain.run(100)
    assert brain.shared_bursts == 0
    assert brain.share(from_events=1_000, rest_most=0)
    brain.run(100)
    assert brain.shared_bursts > 90


def test_lists_that_do_not_ascend_are_not_cut() -> None:
    """Legal in an image, though our compiler writes none."""
    data = bytearray(image_of(extreme_connectome("weighted")))
    whole = Brain(bytes(data))
    assert whole.share(**ALWAYS)
    sections = {bytes(data[at : at + 4]): at for at in range(84, 84 + 16 * whole.header_field("sections"), 16)}
    entry = sections[b"ROWS"]
    offset, size = struct.unpack_from("<ii", data, entry + 4)
    # the first segment with a weight each that is no part of another one's list
    at = next(p for p in range(offset, offset + size, 4) if data[p] & 0x22 == 0x22 and data[p + 1] > 8 and data[p + 2] == 0)
    targets = np.frombuffer(data, "<u2", data[at + 1], at + 12)
    assert targets[0] < targets[-1]
    targets[:] = targets[::-1].copy()
    struct.pack_into("<I", data, entry + 12, crc32(data[offset : offset + size]))
    table_end = 84 + 16 * whole.header_field("sections")
    struct.pack_into("<I", data, table_end, crc32(data[:table_end]))
    data[-32:] = hashlib.sha256(data[:-32]).digest()
    assert not Brain(bytes(data)).share(**ALWAYS)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_goes_on_without_the_thread(tmp_path: Path) -> None:
    path = tmp_path / "brain.nrl"
    path.write_bytes(image_of(wide_connectome(1)))
    code = (
        "import os, sys\nfrom neurula_npu import Brain\nbrain = Brain(open(sys.argv[1], 'rb').read())\nassert brain.share(0, 0)\n"
        "brain.run(10)\nchild = os.fork()\nbefore = brain.shared_bursts\nbrain.run(10)\n"
        "if child:\n    assert os.waitpid(child, 0)[1] == 0\n"
        "print('parent' if child else 'child', brain.shared_bursts - before, brain.state_hash(), flush=True)\n"
        "if not child:\n    del brain\n    os._exit(0)\n"
    )
    said = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True, timeout=60).stdout
    told = {line.split()[0]: line.split()[1:] for line in said.splitlines()}
    assert told["parent"][0] == "10"
    assert told["child"][0] == "0"
    assert told["child"][1] == told["parent"][1]
