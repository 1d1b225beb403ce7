"""A brain in a process of its own: what a board with a brain is on the wire, for bodies in other processes (ZeroMQ, TCP)."""

from __future__ import annotations

import hashlib

from neurula.errors import InvalidInput
from neurula.link.clock import Clock, SystemClock
from neurula.link.link import Link
from neurula.link.responder import Handler, Responder
from neurula.link.wire import (
    PAYLOAD_BYTES,
    Bind,
    BrainState,
    Excite,
    Fired,
    Flag,
    GetStats,
    Hello,
    Inject,
    Message,
    Motor,
    Rate,
    Sense,
    Start,
    Stats,
    Stop,
    Stream,
    Subscribe,
    split_spikes,
)
from neurula.robot.body import Injection
from neurula.robot.channel_table import ChannelTable
from neurula.runtimes import BurstResult, Runtime, Stimulus, open_runtime
from neurula.runtimes.stimulus import geometry_of
from neurula_npu import Image
from neurula_npu.image import FINGERPRINT
from neurula_npu.schema import POTENTIAL_MAX

RAM_LIMIT = 1 << 30
SILENCE_S = 1.0  # nothing is sent to a body that has said nothing for so long
RAW_MAX = 4096  # injections of one burst that come from the body as they are
RATE_MAX_HZ = 1000
NO_SLOT = 255
FIRED_ROOM = PAYLOAD_BYTES - 4


class BrainProcess:
    """One brain for one body. image: its bytes; rate_hz: bursts in a second. Time passes in `serve`, by the clock."""

    def __init__(self, image: bytes, link: Link, clock: Clock | None = None, *, rate_hz: int = 100, runtime: str = "npu") -> None:
        self.clock = clock or SystemClock()
        self.rate_hz = rate_hz
        self.running = True
        self.burst = self.late = 0
        self._runtime: Runtime = open_runtime(runtime, image)
        self._sha8 = hashlib.sha256(image).digest()[:8]
        geometry = geometry_of(Image(image, RAM_LIMIT))
        self._neurons = [area.dims[0] * area.dims[1] * area.dims[2] * area.per_voxel for area in geometry]
        self.channels = ChannelTable(self._neurons)
        self._raw: list[Injection] = []
        self._subscribed = Subscribe(0, 0, 0)
        self._until = 0
        self._due_s = self.clock.now()
        handlers: dict[type[Message], Handler] = {
            Bind: self.channels.bind, Subscribe: self._subscribe, Start: self._start, Stop: self._stop, Rate: self._set_rate,
            GetStats: self._stats,
        }  # fmt: skip
        self.responder = Responder(link, handlers, self._hello, self.clock)
        self.responder.on_greeting = self._greeted
        self.responder.listen(Sense, self.channels.take)
        self.responder.listen(Inject, self._inject)
        self.responder.listen(Excite, self._excite)

    def serve(self, seconds: float) -> None:
        """Runs bursts at their rate and answers the body, for so long."""
        until = self.clock.now() + seconds
        while (now := self.clock.now()) < until:
            if self.running and now >= self._due_s:
                self.run_burst()
                self._due_s += 1 / self.rate_hz
                if self._due_s < now:
                    self.late += 1
                    self._due_s = now
            wait = min(until, self._due_s) - self.clock.now() if self.running else until - self.clock.now()
            self.responder.poll(max(0.0, wait))

    def run_burst(self) -> None:
        """One burst with what the body has said, and what it has subscribed to."""
        inject = (*self.channels.injections(), *self._raw)
        self._raw = []
        for result in self._runtime.run(1, {self.burst + 1: Stimulus(inject=inject)}):
            self.burst = result.number
            self._publish(result)

    def close(self) -> None:
        self.responder.close()
        self._runtime.close()

    def _publish(self, result: BurstResult) -> None:
        values = self.channels.decode(dict(result.fired))
        subscribed = self._subscribed
        self._until -= 1
        if not subscribed.every or self._until > 0:
            return
        self._until = subscribed.every
        if self.responder.silence_s() > SILENCE_S:
            return
        if subscribed.streams & Stream.MOTOR:
            self.responder.send_values(Motor(result.number, values))
        if subscribed.streams & Stream.FIRED:
            pieces = split_spikes(result.fired, FIRED_ROOM)[: subscribed.frames]
            for left, piece in zip(range(len(pieces) - 1, -1, -1), pieces, strict=True):
                self.responder.send_values(Fired(result.number, piece), Flag.MORE if left else 0)

    def _greeted(self) -> None:
        self.channels.clear()
        self._raw = []
        self._subscribed = Subscribe(0, 0, 0)

    def _subscribe(self, message: Subscribe) -> None:
        self._subscribed, self._until = message, 0

    def _start(self, message: Start) -> None:
        self.running, self._due_s = True, self.clock.now()

    def _stop(self, message: Stop) -> None:
        self.running = False

    def _set_rate(self, message: Rate) -> None:
        if not 1 <= message.rate_hz <= RATE_MAX_HZ:
            raise InvalidInput("F133", f"the rate is 1 to {RATE_MAX_HZ}")
        self.rate_hz = message.rate_hz

    def _stats(self, message: GetStats) -> Stats:
        return Stats(self.burst & 0xFFFFFFFF, self.late, 0, 0, 0, 0, 0, 0, 0)

    def _inject(self, message: Inject) -> None:
        for potential in message.potentials:
            self._add(message.area, message.first + potential.offset, potential.units)

    def _excite(self, message: Excite) -> None:
        for area, neurons in message.neurons:
            for neuron in neurons:
                self._add(area, neuron, message.units)

    def _add(self, area: int, neuron: int, units: int) -> None:
        """Neurons that there are not, and more than there is room for, are left out."""
        if area < len(self._neurons) and neuron < self._neurons[area] and len(self._raw) < RAW_MAX:
            self._raw.append((area, neuron, max(-POTENTIAL_MAX, min(POTENTIAL_MAX, units))))

    def _hello(self) -> Hello:
        state = BrainState.CONFIRMED
        return Hello(0, 0, FINGERPRINT, 0, 0, self.burst & 0xFFFFFFFF, self.rate_hz, 0, NO_SLOT, state, int(self.running), 0, self._sha8,
                     "process", "power", "")  # fmt: skip
