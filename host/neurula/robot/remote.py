"""A body whose brain runs elsewhere: on a board, or in another process. The same body, the same brain, a link between them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

from neurula.errors import LinkLost, VerificationFailed
from neurula.link.clock import Clock, SystemClock
from neurula.link.link import Link
from neurula.link.session import Session, SessionState, Timing
from neurula.link.wire import (
    PAYLOAD_BYTES,
    Excite,
    Fired,
    Flag,
    Hello,
    Inject,
    Message,
    Motor,
    Potential,
    Sense,
    Spikes,
    Stream,
    Subscribe,
    Value,
    split_spikes,
)
from neurula.robot.body import Body, Injection
from neurula.robot.wire_channels import WirePlan, plan_channels

HOLD_S = 0.2  # a sensor's value counts for so long when nothing newer comes: then the brain is blind rather than deceived
HOLD_MAX = 254
REFRESHED = 4  # times that a value is sent while it would hold
STALE_S = 0.1  # what was heard longer ago does not say which burst it is now
PACKETS_MAX = 1000
FRAMES = 8  # of spikes in one burst
ANSWER_S = 2.0
SENSE_VALUES = 64  # in one SENSE: channels that are not neighbours take four bytes each
EXCITE_ROOM = PAYLOAD_BYTES - 4
INJECT_POTENTIALS = (PAYLOAD_BYTES - 6) // 6


class RemoteBrain:
    """The host's side of a link to a brain, for one body. image: what must run there; Raises NeurulaError.

    burst: the last one that the far end told about. Time passes in `step`, by the clock. streams: what else the far end shall tell,
    for who listens to the session.
    """

    def __init__(
        self, body: Body, image: bytes, link: Link, clock: Clock | None = None, timing: Timing | None = None, hold_s: float = HOLD_S,
        streams: int = 0,
    ) -> None:  # fmt: skip
        self.body = body
        self.clock = clock or SystemClock()
        self.session = Session(link, self.clock, timing)
        self.burst = 0
        self._sha8 = hashlib.sha256(image).digest()[:8]
        self._hold_s, self._streams = hold_s, streams
        self._greeted: Hello | None = None
        self._spikes: dict[int, list[int]] = defaultdict(list)
        self._spikes_burst = 0
        self._sent_burst = 0
        self._heard_s = -STALE_S
        self._refresh = 1  # bursts after which the values of the sensors are sent again
        self.session.listen(Motor, self._moved)
        self.session.listen(Fired, self._fired)
        self.plan: WirePlan = plan_channels(body.robot, body.units, 1)

    def step(self, bursts: int, timeout_s: float = ANSWER_S) -> None:
        """Sends what the sensors say and waits until so many bursts have gone by. LinkLost M401 when none did in time."""
        self.agree(timeout_s)
        for _ in range(PACKETS_MAX):  # what has piled up tells of the past
            if not self.session.poll(0.0):
                break
        self._send_channels()
        self._send_raw()
        begun = self.burst if self.clock.now() - self._heard_s < STALE_S else None
        seen = self.burst
        deadline = self.clock.now() + timeout_s
        while begun is None or self.burst - begun < bursts:
            self.session.poll(max(0.0, deadline - self.clock.now()))
            if self.burst != seen:
                seen, deadline = self.burst, self.clock.now() + timeout_s
                begun = seen if begun is None else begun
                if seen - begun < bursts:  # else the next step sends it: what comes twice adds up
                    self._send_raw()
                if seen - self._sent_burst >= self._refresh:
                    self._send_channels()
            elif self.clock.now() >= deadline:
                raise LinkLost("M401", "the brain at the far end runs no bursts", where=self.session.name)
            elif self.session.state is SessionState.CONNECTED and self.session.hello is not self._greeted:
                self.agree(timeout_s)
                begun = None

    def close(self) -> None:
        self.session.close()

    def agree(self, timeout_s: float) -> None:
        """Binds and subscribes, once with every far end that is greeted. VerificationFailed M402 where another brain runs."""
        hello = self.session.connect(timeout_s)
        if hello is self._greeted:
            return
        if hello.brain_sha8 != self._sha8:
            message = f"the far end runs another brain ({hello.brain_sha8.hex()}, not {self._sha8.hex()})"
            raise VerificationFailed("M402", message, where=self.session.name)
        hold = max(1, min(HOLD_MAX, round(self._hold_s * hello.rate_hz)))
        self._refresh = max(1, hold // REFRESHED)
        self.plan = plan_channels(self.body.robot, self.body.units, hold)
        streams = Stream.MOTOR | self._streams | (Stream.FIRED if self.plan.raw_motors else 0)
        binds = [bind for device in (*self.plan.sensors, *self.plan.motors) for bind in device.binds]
        self._ask_all([*binds, Subscribe(streams, FRAMES, 1)], max(timeout_s, ANSWER_S))
        self.burst, self._greeted = hello.burst, hello

    def _ask_all(self, messages: Sequence[Message], timeout_s: float) -> None:
        """As many at a time as the far end remembers: one after the other would take a round trip each."""
        session = self.session
        requests = [session.submit(message, timeout_s) for message in messages]
        for request in requests:
            while not request.done:
                session.poll(max(0.0, request.give_up_s - self.clock.now()))
            session.result(request)

    def _send_channels(self) -> None:
        """What the sensors of the board's channels say."""
        self._sent_burst = self.burst
        values = []
        for device in self.plan.sensors:
            voxels = self.body.sender(device.bound.name).voxels
            if voxels is not None:
                values += [Value(device.first + i, value) for i, value in enumerate(device.values_of(voxels[0]))]
        for at in range(0, len(values), SENSE_VALUES):
            self.session.send_values(Sense(tuple(values[at : at + SENSE_VALUES])))

    def _send_raw(self) -> None:
        """What the board cannot code, for the burst that comes next."""
        if self.plan.raw_sensors:
            for message in messages_of(self.body.injections(self.plan.raw_sensors)):
                self.session.send_values(message)

    def _moved(self, message: Motor) -> None:
        values = {value.channel: value.value for value in message.values}
        for device in self.plan.motors:
            channels = range(device.first, device.first + len(device.binds))
            if all(channel in values for channel in channels):
                self.body.reader(device.bound.name).show(device.unit_of([values[channel] for channel in channels]))
        if not self.plan.raw_motors:
            self._heard(message.burst)

    def _heard(self, burst: int) -> None:
        self.burst, self._heard_s = burst, self.clock.now()

    def _fired(self, message: Fired) -> None:
        """Frames of one burst belong together; with its last frame it is complete, or with the next burst where that got lost."""
        if message.burst != self._spikes_burst:
            self._complete()
            self._spikes_burst = message.burst
        for area, neurons in message.spikes:
            self._spikes[area] += neurons
        if not self.session.streams.flags & Flag.MORE:
            self._complete()

    def _complete(self) -> None:
        if self._spikes_burst:
            self.body.read(list(self._spikes.items()), self.plan.raw_motors)
            self._heard(self._spikes_burst)
        self._spikes_burst = 0
        self._spikes.clear()


def messages_of(injections: Iterable[Injection]) -> list[Message]:
    """As few messages as carry injections: EXCITE for many neurons with the same units, INJECT for the others."""
    by_units: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for area, neuron, units in injections:
        by_units[units][area].append(neuron)
    messages: list[Message] = []
    singles: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for units, areas in by_units.items():
        if len(by_units) > 1 and sum(map(len, areas.values())) == 1:
            ((area, (neuron,)),) = areas.items()
            singles[area].append((neuron, units))
        else:
            spikes: Spikes = tuple((area, tuple(sorted(set(neurons)))) for area, neurons in sorted(areas.items()))
            messages += [Excite(units, piece) for piece in split_spikes(spikes, EXCITE_ROOM)]
    return messages + [message for area, entries in singles.items() for message in inject_messages(area, sorted(entries))]


def inject_messages(area: int, entries: Sequence[tuple[int, int]]) -> list[Message]:
    """(neuron, units), ascending, as messages: offsets have 16 bits."""
    messages: list[Message] = []
    at = 0
    while at < len(entries):
        first = entries[at][0]
        end = at
        while end < len(entries) and end - at < INJECT_POTENTIALS and entries[end][0] - first < 1 << 16:
            end += 1
        messages.append(Inject(area, first, tuple(Potential(neuron - first, units) for neuron, units in entries[at:end])))
        at = end
    return messages
