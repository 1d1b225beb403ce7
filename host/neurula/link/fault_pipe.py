"""A link between two ends on a simulated clock that loses, doubles, reorders, damages and delays what it carries, by a seed.

The same seed and the same traffic give the same faults."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from neurula.link.clock import SimulatedClock
from neurula.link.link import ClosingLink, broken

HELD_S = 0.1  # a packet that waits to be overtaken comes after this time although nothing overtook it
FLIPS_MAX = 8


@dataclass(frozen=True, slots=True)
class Faults:
    """What happens to packets; the first five are probabilities. depth: how many later packets may overtake a reordered one.

    flips: a packet has 1 to FLIPS_MAX bits inverted. cuts: a packet loses its end. Each takes latency_s and up to jitter_s
    more, so that jitter reorders too, unless `in_order`."""

    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    flips: float = 0.0
    cuts: float = 0.0
    depth: int = 8
    latency_s: float = 0.0
    jitter_s: float = 0.0
    in_order: bool = False


class FaultPipe:
    """Two ends, `a` and `b`; `faults` for both directions, or `back` for b to a."""

    def __init__(self, clock: SimulatedClock, faults: Faults | None = None, *, seed: int, back: Faults | None = None) -> None:
        forth = faults or Faults()
        self.clock = clock
        self.a, self.b = PipeEnd(self, "a"), PipeEnd(self, "b")
        self._lanes = {
            "a": Lane(clock, forth, random.Random(f"{seed} a"), self.b),
            "b": Lane(clock, forth if back is None else back, random.Random(f"{seed} b"), self.a),
        }
        self.unplugged = False  # both ends notice
        self.silent = False  # what is sent vanishes, and nobody notices

    def unplug(self) -> None:
        """Pulls the cable: what is under way is lost, and both ends get errors until `mend`, and then until they reopen."""
        self.unplugged = True
        for end in (self.a, self.b):
            end.open = False
        self._drop()

    def mute(self) -> None:
        """Cuts the line in the middle: what is sent and what is under way is lost, and no end gets an error."""
        self.silent = True
        self._drop()

    def mend(self) -> None:
        self.unplugged = self.silent = False

    def carry(self, sender: str, packet: bytes) -> None:
        if not self.silent:
            self._lanes[sender].carry(packet)

    def _drop(self) -> None:
        for lane in self._lanes.values():
            lane.drop()


class Lane:
    """One direction. `carried`, `lost`, ... count what happened."""

    def __init__(self, clock: SimulatedClock, faults: Faults, chance: random.Random, to: PipeEnd) -> None:
        self._clock, self._faults, self._chance, self._to = clock, faults, chance, to
        self._held: list[Held] = []
        self._era = 0  # packets of an earlier one are never delivered
        self._last_s = 0.0

    def carry(self, packet: bytes) -> None:
        faults, chance = self._faults, self._chance
        if chance.random() >= faults.loss:
            copies = 2 if chance.random() < faults.duplication else 1
            for _ in range(copies):
                self._launch(self._damaged(packet))
        for held in [held for held in self._held if held.overtaken()]:
            self._release(held)

    def drop(self) -> None:
        self._era += 1
        self._held.clear()

    def _damaged(self, packet: bytes) -> bytes:
        faults, chance = self._faults, self._chance
        if packet and chance.random() < faults.flips:
            spoilt = bytearray(packet)
            for bit in chance.sample(range(8 * len(spoilt)), min(chance.randint(1, FLIPS_MAX), 8 * len(spoilt))):
                spoilt[bit >> 3] ^= 1 << (bit & 7)
            packet = bytes(spoilt)
        if packet and chance.random() < faults.cuts:
            packet = packet[: chance.randrange(len(packet))]
        return packet

    def _launch(self, packet: bytes) -> None:
        if self._chance.random() < self._faults.reordering:
            held = Held(packet, self._chance.randint(1, self._faults.depth) + 1)  # its own turn counts as one
            self._held.append(held)
            self._clock.call_after(HELD_S, lambda: self._release(held))
        else:
            self._fly(packet)

    def _release(self, held: Held) -> None:
        if held in self._held:
            self._held.remove(held)
            self._fly(held.packet)

    def _fly(self, packet: bytes) -> None:
        faults, era = self._faults, self._era
        when = self._clock.now() + faults.latency_s + self._chance.random() * faults.jitter_s
        if faults.in_order:
            when = max(when, self._last_s)
        self._last_s = when
        self._clock.call_at(when, lambda: self._arrive(packet, era))

    def _arrive(self, packet: bytes, era: int) -> None:
        if packet and era == self._era:
            self._to.deliver(packet)


@dataclass(eq=False, slots=True)
class Held:
    """A packet that waits until so many others have passed."""

    packet: bytes
    waits_for: int

    def overtaken(self) -> bool:
        self.waits_for -= 1
        return self.waits_for <= 0


class PipeEnd(ClosingLink):
    """A Link whose `receive` gives one packet. on_data: called when one arrives, for a far end that lives on the clock's events."""

    def __init__(self, pipe: FaultPipe, side: str) -> None:
        self._pipe, self._side = pipe, side
        self._arrived: deque[bytes] = deque()
        self.on_data: Callable[[], None] | None = None
        self.open = True
        self.sent = 0

    @property
    def name(self) -> str:
        return f"pipe {self._side}"

    def send(self, data: bytes) -> None:
        if not self.open:
            raise broken(self.name, "unplugged")
        self.sent += 1
        self._pipe.carry(self._side, bytes(data))

    def receive(self, timeout_s: float) -> bytes:
        if timeout_s > 0:  # who only looks lets no time pass
            clock = self._pipe.clock
            clock.wait_until(lambda: bool(self._arrived) or not self.open, clock.now() + timeout_s)
        if self._arrived:
            return self._arrived.popleft()
        if not self.open:
            raise broken(self.name, "unplugged")
        return b""

    def deliver(self, packet: bytes) -> None:
        if not self.open:
            return
        self._arrived.append(packet)
        if self.on_data is not None:
            self.on_data()

    def reopen(self) -> bool:
        self.open = not self._pipe.unplugged
        return self.open

    def close(self) -> None:
        self.open = False
        self._arrived.clear()
