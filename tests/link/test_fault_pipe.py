"""The fault pipe does what it is told, as often as it is told, and the same again with the same seed."""

from __future__ import annotations

import random

import pytest

from neurula.errors import LinkLost
from neurula.link.clock import SimulatedClock
from neurula.link.fault_pipe import FLIPS_MAX, HELD_S, FaultPipe, Faults

PACKETS = 20_000


def packets_through(faults: Faults, seed: int, count: int = PACKETS, spacing_s: float = 0.01) -> list[bytes]:
    """What arrives of numbered packets of 8 bytes."""
    clock = SimulatedClock()
    pipe = FaultPipe(clock, faults, seed=seed)
    arrived: list[bytes] = []
    pipe.b.on_data = lambda: arrived.append(pipe.b.receive(0.0))
    for number in range(count):
        pipe.a.send(number.to_bytes(8, "little"))
        clock.sleep(spacing_s)
    clock.sleep(10.0)
    return arrived


def numbers(packets: list[bytes]) -> list[int]:
    return [int.from_bytes(packet, "little") for packet in packets]


@pytest.fixture
def seed() -> int:
    chosen = random.randrange(1 << 30)
    print("seed", chosen)
    return chosen


def test_without_faults_everything_arrives_in_order(seed: int) -> None:
    assert numbers(packets_through(Faults(latency_s=0.02), seed)) == list(range(PACKETS))


def test_the_same_seed_gives_the_same_faults_and_another_seed_others(seed: int) -> None:
    faults = Faults(loss=0.2, duplication=0.05, reordering=0.3, flips=0.1, cuts=0.1, latency_s=0.01, jitter_s=0.05)
    once, again, other = (packets_through(faults, chosen, 2000) for chosen in (seed, seed, seed + 1))
    assert once == again
    assert once != other


def test_loss_and_duplication_are_as_frequent_as_asked(seed: int) -> None:
    arrived = numbers(packets_through(Faults(loss=0.2), seed))
    assert len(arrived) == len(set(arrived)) == pytest.approx(0.8 * PACKETS, rel=0.03)
    arrived = numbers(packets_through(Faults(duplication=0.05), seed))
    assert len(set(arrived)) == PACKETS
    assert len(arrived) - PACKETS == pytest.approx(0.05 * PACKETS, rel=0.2)


def test_a_reordered_packet_is_overtaken_by_at_most_depth_others(seed: int) -> None:
    depth = 8
    arrived = numbers(packets_through(Faults(reordering=0.1, depth=depth), seed, spacing_s=0.001))
    assert sorted(arrived) == list(range(PACKETS))
    place = {number: at for at, number in enumerate(arrived)}
    overtaken = [sum(place[later] < place[number] for later in range(number + 1, min(number + 3 * depth, PACKETS))) for number in arrived]
    assert max(overtaken) == depth
    assert sum(count > 0 for count in overtaken) > 0.05 * PACKETS


def test_a_reordered_packet_that_nothing_overtakes_comes_all_the_same(seed: int) -> None:
    clock = SimulatedClock()
    pipe = FaultPipe(clock, Faults(reordering=1.0), seed=seed)
    pipe.a.send(b"alone")
    assert pipe.b.receive(10.0) == b"alone"
    assert clock.now() == pytest.approx(HELD_S)


def test_jitter_spreads_and_reorders_unless_order_is_kept(seed: int) -> None:
    jumbled = numbers(packets_through(Faults(latency_s=0.01, jitter_s=0.05), seed))
    assert sorted(jumbled) == list(range(PACKETS)) != jumbled
    kept = numbers(packets_through(Faults(latency_s=0.01, jitter_s=0.05, in_order=True), seed))
    assert kept == list(range(PACKETS))


def test_flips_invert_a_few_bits_and_cuts_take_the_end(seed: int) -> None:
    faults = Faults(flips=0.5)
    arrived = numbers(packets_through(faults, seed))
    flipped = [bin(got ^ sent).count("1") for sent, got in enumerate(arrived)]
    assert set(flipped) == set(range(FLIPS_MAX + 1))
    assert sum(count > 0 for count in flipped) == pytest.approx(PACKETS / 2, rel=0.05)
    lengths = {len(packet) for packet in packets_through(Faults(cuts=0.5), seed)}
    assert lengths == set(range(1, 9))


def test_unplugging_is_noticed_by_both_and_ends_when_they_reopen() -> None:
    clock = SimulatedClock()
    pipe = FaultPipe(clock, Faults(latency_s=0.1), seed=1)
    pipe.a.send(b"under way")
    clock.call_after(0.05, pipe.unplug)
    with pytest.raises(LinkLost) as caught:
        pipe.b.receive(1.0)
    assert caught.value.code == "L111"
    assert clock.now() == pytest.approx(0.05)
    with pytest.raises(LinkLost):
        pipe.a.send(b"x")
    assert not pipe.a.reopen()
    pipe.mend()
    with pytest.raises(LinkLost):
        pipe.a.send(b"x")
    assert pipe.a.reopen()
    assert pipe.b.reopen()
    pipe.a.send(b"again")
    assert pipe.b.receive(1.0) == b"again"


def test_a_muted_line_swallows_everything_and_nobody_notices() -> None:
    clock = SimulatedClock()
    pipe = FaultPipe(clock, Faults(latency_s=0.1), seed=1)
    pipe.a.send(b"under way")
    pipe.mute()
    pipe.a.send(b"swallowed")
    assert pipe.b.receive(5.0) == b""
    pipe.mend()
    pipe.a.send(b"again")
    assert pipe.b.receive(5.0) == b"again"


def test_each_direction_has_its_own_faults_and_time_passes_only_in_waits() -> None:
    clock = SimulatedClock()
    pipe = FaultPipe(clock, Faults(latency_s=0.5), seed=1, back=Faults(loss=1.0))
    pipe.b.send(b"lost")
    pipe.a.send(b"kept")
    assert clock.now() == 0.0
    assert pipe.a.receive(0.2) == b""
    assert pipe.b.receive(1.0) == b"kept"
    assert clock.now() == pytest.approx(0.5)


def test_packets_that_wait_for_the_reader_stay_packets() -> None:
    clock = SimulatedClock()
    pipe = FaultPipe(clock, seed=1)
    for word in (b"one", b"two"):
        pipe.a.send(word)
    assert [pipe.b.receive(0.1), pipe.b.receive(0.1), pipe.b.receive(0.1)] == [b"one", b"two", b""]
