"""Recordings: what was written is read again, a replay is the same or says where not, and no file can do harm."""

from __future__ import annotations

import json
import os
import random
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from examples.bodies.catalogue import CATALOGUE, DESIGNED
from neurula.bridge.assembly import open_replay
from neurula.bridge.brains import Outcome
from neurula.bridge.recording import (
    BURST,
    BURST_KIND,
    END_KIND,
    PART,
    RECORD,
    START,
    Happening,
    Head,
    Recorder,
    Recording,
    dumped,
    plain,
    restored,
)
from neurula.bridge.replay import difference_of
from neurula.errors import InvalidInput, NeurulaError, UsageError, VerificationFailed
from neurula.robot import Gaze
from tests.bodies.living import image_of
from tests.bridge.lab import ROUGH, Lab, local_bridge

DAMAGES = int(os.environ.get("NEURULA_FUZZ_RECORDINGS", "300"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of the line follower."""
    path = tmp_path_factory.mktemp("recordings") / "line.nrlrec"
    bridge, _, recorder = local_bridge("line_follower", 4, record=path)
    assert recorder is not None
    bridge.run(60)
    recorder.note(1_200_000, "half way")
    bridge.run(40)
    recorder.close()
    return path


def read(path: Path) -> list[Happening]:
    with Recording(path) as recording:
        return list(recording.happenings())


# ---- the same again --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DESIGNED)
def test_every_body_replays_the_same_spikes_motors_and_states_on_another_runtime(name: str, tmp_path: Path) -> None:
    bridge, _, recorder = local_bridge(name, 2, record=tmp_path / "run")
    assert recorder is not None
    bridge.run(60)
    recorder.close()
    for runtime in ("npu", "reference"):
        with open_replay(tmp_path / "run", None, runtime) as opened:
            done = opened.run()
        done.require_same()
        assert (done.bursts, done.spikes, done.whole) == (60, bridge.meters.spikes, True)


def test_what_came_over_a_bad_link_replays_the_same(tmp_path: Path) -> None:
    lab = Lab("line_follower", 3, ROUGH)
    head = Head("npu", lab.brain.rate_hz, "pipe", repeatable=True)
    with Recorder(tmp_path / "run", head, CATALOGUE["line_follower"].robot.read_bytes(), lab.brain.image) as recorder:
        lab.bridge._recorder = recorder
        lab.run(2.0)
        lab.pipe.unplug()
        lab.run(1.0)
        lab.pipe.mend()
        lab.run(2.0)
    with open_replay(tmp_path / "run", None, None) as opened:
        done = opened.run()
        texts = [text for _, text in opened.events]
    done.require_same()
    assert done.bursts == 250
    assert any(text.startswith("lost") for text in texts)
    assert any(text.startswith("connected") for text in texts[1:])


def test_a_recording_has_everything_that_was_written(recorded: Path) -> None:
    with Recording(recorded) as recording:
        assert recording.head == Head("npu", 50.0, "line_follower", True)
        assert recording.robot == CATALOGUE["line_follower"].robot.read_bytes()
        assert recording.image == image_of(CATALOGUE["line_follower"].genome)
        happenings = list(recording.happenings())
        assert recording.whole
        assert recording.events == [(1_200_000, "half way")]
    assert [happening.outcome.burst for happening in happenings] == list(range(1, 101))
    assert [happening.at_us for happening in happenings[:3]] == [0, 20_000, 40_000]
    assert set(happenings[0].outcome.sensed) == {"far_left", "left", "middle", "right", "far_right"}
    assert set(happenings[-1].outcome.motors) == {"left_wheel", "right_wheel"}


def test_a_recording_of_fifty_bursts_a_second_takes_less_than_40_MB_an_hour(recorded: Path) -> None:
    with Recording(recorded) as recording:
        fixed = len(recording.image) + len(recording.robot)
    assert (recorded.stat().st_size - fixed) / 100 * 50 * 3600 < 40e6


def test_a_slow_replay_takes_as_long_as_it_was(recorded: Path) -> None:
    from neurula.link.clock import SimulatedClock

    clock = SimulatedClock()
    with open_replay(recorded, None, None) as opened:
        opened.run(as_it_was=True, clock=clock)
    assert clock.now() == pytest.approx(99 * 0.02)


@pytest.mark.parametrize("value", [
    0.1, -3, True, None, (0.5, 0.25), [[0, 255], [3, 4]], np.arange(6, dtype=np.uint8).reshape(2, 3), np.float64(0.1),
    (np.zeros((2, 2)), Gaze(0.1, 0.2, 0.3)),
])  # fmt: skip
def test_values_of_every_form_come_back(value: object) -> None:
    back = restored(json.loads(json.dumps(plain({"x": value})))["x"])
    assert plain(back) == plain(value)
    if isinstance(value, tuple) and isinstance(value[1], Gaze):
        assert back[1] == value[1]


# ---- differences ---------------------------------------------------------------------------------------------------------------


def test_a_difference_is_named_by_burst_and_place(recorded: Path) -> None:
    happenings = read(recorded)
    last = happenings[40].outcome
    areas = ["a", "b", "c", "d", "e", "f", "g"]
    assert difference_of(last, last, areas) is None
    for other, what in [
        (Outcome(42, {}, last.fired, last.state_hash, last.motors), "number"),
        (Outcome(41, {}, last.fired[1:], last.state_hash, last.motors), f"spikes of {areas[last.fired[0][0]]}"),
        (Outcome(41, {}, last.fired, last.state_hash, {**last.motors, "left_wheel": 0.123}), "motor left_wheel"),
        (Outcome(41, {}, last.fired, 1, last.motors), "state"),
    ]:
        found = difference_of(last, other, areas)
        assert found is not None
        assert found.what == what
        assert found.burst == other.burst


def rewritten(path: Path, change: Callable[[int, int, bytes], bytes]) -> bytes:
    """The recording with other payloads and right checksums. change: (number of the record, kind, payload) -> payload."""
    data, at, check, number = path.read_bytes(), START.size, 0, 0
    out = bytearray(data[:at])
    while at < len(data):
        size, kind = RECORD.unpack_from(data, at)
        payload = change(number, kind, data[at + RECORD.size : at + RECORD.size + size])
        record = RECORD.pack(len(payload), kind) + payload
        check = crc32(record, check)
        out += record + struct.pack("<I", check)
        at += RECORD.size + size + 4
        number += 1
    return bytes(out)


def test_a_replay_that_comes_out_otherwise_names_the_burst_and_ends_with_6(recorded: Path, tmp_path: Path) -> None:
    bursts = [0]

    def blinded(number: int, kind: int, payload: bytes) -> bytes:
        """From burst 30 on, the middle sensor sees nothing."""
        bursts[0] += kind == BURST_KIND
        if bursts[0] < 30 or kind != BURST_KIND:
            return payload
        *head, sensed_bytes, motors_bytes = BURST.unpack_from(payload)
        end = BURST.size + sensed_bytes
        sensed = json.loads(payload[BURST.size : end] or b"{}")
        sensed["middle"] = 0.0
        told = dumped(sensed)
        return BURST.pack(*head, len(told), motors_bytes) + told + payload[end:]

    other = tmp_path / "other"
    other.write_bytes(rewritten(recorded, blinded))
    with open_replay(other, None, None) as opened:
        done = opened.run()
    assert done.difference is not None
    assert 30 <= done.difference.burst == done.bursts < 100
    assert done.difference.what == "spikes of i__inf"
    with pytest.raises(VerificationFailed, match=r"burst [0-9]+: spikes of i__inf") as caught:
        done.require_same()
    assert (caught.value.code, caught.value.exit_code) == ("W205", 6)


def test_a_recording_whose_brain_kept_its_own_time_is_not_checked(tmp_path: Path, recorded: Path) -> None:
    free = tmp_path / "free"
    free.write_bytes(rewritten(recorded, lambda _, kind, payload: payload.replace(b'"repeatable":true', b'"repeatable":false')))
    with pytest.raises(UsageError) as caught, open_replay(free, None, None):
        pass
    assert caught.value.code == "W204"


# ---- files from strangers ------------------------------------------------------------------------------------------------------


def outcome_of(path: Path) -> tuple[list[Happening], bool, str]:
    """What a recording gives: its bursts, whether it is whole, and the code of what is wrong with it, or ""."""
    happenings: list[Happening] = []
    try:
        with Recording(path) as recording:
            happenings.extend(recording.happenings())
            return happenings, recording.whole, ""
    except InvalidInput as problem:
        return happenings, False, problem.code


def test_a_recording_that_breaks_off_gives_what_came_before(recorded: Path, tmp_path: Path) -> None:
    """Cut at many places: the bursts before the cut, never a wrong one, never called whole."""
    data, all_of_it = recorded.read_bytes(), read(recorded)
    chance = random.Random(8)
    cut = tmp_path / "cut"
    for at in [*sorted(chance.sample(range(len(data)), 60)), len(data) - 1]:
        cut.write_bytes(data[:at])
        happenings, whole, code = outcome_of(cut)
        assert not whole
        assert code in ("", "W202", "W203")
        assert happenings == all_of_it[: len(happenings)]
    assert len(happenings) == 100


def test_a_recording_that_was_not_closed_is_a_part_and_can_be_read(tmp_path: Path) -> None:
    bridge, _, recorder = local_bridge("cart_pole", 1, record=tmp_path / "run")
    assert recorder is not None
    bridge.run(20)
    recorder._file.flush()  # type: ignore[union-attr]
    part = tmp_path / f"run{PART}"
    assert not (tmp_path / "run").exists()
    assert len(read(part)) == 20
    recorder.close()
    recorder.close()
    assert not part.exists()
    assert len(read(tmp_path / "run")) == 20


def test_a_changed_byte_anywhere_is_noticed(recorded: Path, tmp_path: Path) -> None:
    data = recorded.read_bytes()
    chance = random.Random(21)
    damaged = tmp_path / "damaged"
    all_of_it = read(recorded)
    for _ in range(DAMAGES):
        spoilt = bytearray(data)
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
        damaged.write_bytes(spoilt)
        happenings, whole, code = outcome_of(damaged)
        assert not whole
        assert code in ("W202", "W203") or len(happenings) < 100  # a length that reaches beyond the end looks like a file that breaks off
        assert happenings == all_of_it[: len(happenings)]


def test_records_that_are_exchanged_repeated_or_left_out_are_noticed(recorded: Path, tmp_path: Path) -> None:
    data, at, records = recorded.read_bytes(), START.size, []
    while at < len(data):
        end = at + RECORD.size + RECORD.unpack_from(data, at)[0] + 4
        records.append(data[at:end])
        at = end
    chance = random.Random(2)
    for _ in range(30):
        i, j = sorted(chance.sample(range(3, len(records) - 1), 2))
        for order in ([*records[:i], *records[j:]], [*records[:i], records[j], *records[i + 1 : j], records[i], *records[j + 1 :]],
                      [*records[:j], records[i], *records[j:]]):  # fmt: skip
            (tmp_path / "x").write_bytes(data[: START.size] + b"".join(order))
            with pytest.raises(InvalidInput) as caught:
                read(tmp_path / "x")
            assert caught.value.code == "W203"


def test_whatever_stands_in_a_record_is_told_in_a_sentence_and_nothing_worse(recorded: Path, tmp_path: Path) -> None:
    """Checksums that are right around contents that are not: a recording that somebody made up."""
    chance = random.Random(13)
    print("seed 13")
    made_up = tmp_path / "made_up"
    refused: list[str] = []
    for _ in range(DAMAGES):
        target, ways = chance.randrange(108), chance.randrange(4)

        def spoil(number: int, kind: int, payload: bytes, target: int = target, ways: int = ways) -> bytes:
            if number != target or not payload:
                return payload
            spoilt = bytearray(payload)
            if ways == 0:
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            elif ways == 1:
                del spoilt[chance.randrange(len(spoilt)) :]
            elif ways == 2:
                at = chance.randrange(len(spoilt))
                spoilt[at : at + 8] = chance.randbytes(8)
            else:
                return chance.choice([b"", b"[" * 3000, b'{"gaze":1e999}', b"9" * 4000, b"\xff" * 40, bytes(60), b'{"rate_hz":NaN}'])
            return bytes(spoilt)

        made_up.write_bytes(rewritten(recorded, spoil))
        refused.append(refusal(made_up))
    assert set(refused) <= {"", "W202", "W203", "W204", "W205"} | {code for code in refused if code[:1] in "MI"}
    assert refused.count("") < DAMAGES / 2


def refusal(path: Path) -> str:
    """The code that a replay ends with; "" for one that is the same."""
    try:
        with open_replay(path, None, None) as opened:
            opened.run().require_same()
    except NeurulaError as problem:
        return problem.code
    return ""


def test_a_size_that_is_not_there_costs_nothing(recorded: Path, tmp_path: Path) -> None:
    liar = tmp_path / "liar"
    data = recorded.read_bytes()
    tracemalloc.start()
    for kind in range(256):
        for size in (1 << 32) - 1, 1 << 30, (4 << 20) + 1, 4 << 20:
            liar.write_bytes(data[: START.size] + RECORD.pack(size, kind) + b"x" * 100)
            with pytest.raises(InvalidInput):
                read(liar)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("content", [b"", b"NRLR", b"NRLR\x02\x00\x00\x00", b"PK\x03\x04" + bytes(100), bytes(1000)])
def test_what_is_no_recording_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        Recording(tmp_path / "x")
    assert caught.value.code == "W202"
    with pytest.raises(InvalidInput) as caught:
        Recording(tmp_path / "missing")
    assert caught.value.code == "W201"


def test_an_end_that_counts_otherwise_is_damage(recorded: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(rewritten(recorded, lambda _, kind, payload: bytes(12) if kind == END_KIND else payload))
    with pytest.raises(InvalidInput, match="its end counts"):
        read(tmp_path / "x")
