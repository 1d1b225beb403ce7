"""Commands in words for tests: what a person would say becomes requests, the answers become words again.

The last line of an answer begins with ok or error. A request without an answer is not repeated: tests see what got lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from neurula.link import wire
from neurula.link.wire import ANSWERS, MESSAGES, BrainState, Flag, Frame, FrameDecoder, OutputState, SlotState, encode_frame

PLAIN = {
    "stats": wire.GetStats, "slots": wire.GetSlots, "pins": wire.GetOutputs, "commit": wire.Commit, "confirm": wire.Confirm,
    "rollback": wire.Rollback, "retry": wire.Retry, "start": wire.Reset, "reset": wire.Reset, "run": wire.Start, "stop": wire.Stop,
    "rewind": wire.Rewind, "estop": wire.Estop, "release": wire.Release,
}  # fmt: skip


class Spoken:
    """send(data): to the board; receive(): bytes that came, b"" when nothing more comes in time."""

    def __init__(self, send: Callable[[bytes], None], receive: Callable[[], bytes]) -> None:
        self._send = send
        self._receive = receive
        self.decoder = FrameDecoder()
        self.session = 0
        self.sequence = random.randrange(65536)
        self.values: list[Any] = []  # what came unasked

    def send(self, message: Any) -> int:
        """Sends a request without waiting; its sequence number."""
        self.sequence = (self.sequence + 1) % 65536
        self._send(encode_frame(Frame(message.TYPE, Flag.NEEDS_ACK, self.sequence, message.pack())))
        return self.sequence

    def answer(self, sequence: int) -> Any:
        """The answer to a request that was sent. AssertionError when none comes."""
        while True:
            data = self._receive()
            assert data, "no answer"
            for frame in self.decoder.feed(data):
                message = MESSAGES[frame.type].unpack(frame.payload)
                if 64 <= frame.type < 128 and frame.sequence == sequence:
                    return message
                self.values.append(message)

    def request(self, message: Any) -> Any:
        answer = self.answer(self.send(message))
        assert answer.TYPE in (ANSWERS[message.TYPE], wire.Error.TYPE)
        if isinstance(answer, wire.Error) and answer.code == b"F138":  # the board has restarted
            assert self.request(wire.Greet(self.new_session(), wire.WIRE_FINGERPRINT)).session == self.session
            answer = self.answer(self.send(message))
        return answer

    def new_session(self) -> int:
        self.session = random.randrange(1, 1 << 32)
        return self.session

    def ask(self, line: str) -> list[str]:
        """All lines of the answer."""
        verb, *words = line.split()
        before: list[str] = []
        answer: Any
        if verb == "hello":
            answer = self.request(wire.Greet(self.session or self.new_session(), wire.WIRE_FINGERPRINT))
        elif verb == "step":
            return self.step(int(words[0]))
        elif verb == "state":
            return self.state()
        elif verb == "logs":
            answer = self.request(wire.GetLogs(0))
        elif verb == "put":
            answer = self.request(wire.Put(int(words[0]), bytes.fromhex(words[1])))
        elif verb == "chunk":
            answer = self.request(wire.Chunk(int(words[0]), bytes.fromhex(words[1])))
        elif verb == "rate":
            answer = self.request(wire.Rate(int(words[0])))
        elif verb == "force":
            answer = self.request(wire.Force((wire.Forced(int(words[0]), int(words[1])),)))
        elif verb == "inject":
            answer = self.request(wire.Injections((wire.Injection(*map(int, words)),)))
        else:
            answer = self.request(PLAIN[verb]())
        if isinstance(answer, wire.Logs):
            before = [f"log {entry.ms} F{entry.code:03d} {entry.times} {entry.burst}" for entry in answer.entries]
        return [*before, in_words(answer)]

    def step(self, bursts: int) -> list[str]:
        lines = []
        for _ in range(bursts):
            answer = self.request(wire.Step(1))
            if isinstance(answer, wire.Error):
                return [*lines, in_words(answer)]
            bitmaps = answer.bitmaps
            while len(bitmaps) < answer.total:
                bitmaps += self.request(wire.GetFired(len(bitmaps))).data
            lines.append(f"burst {answer.burst} {answer.state_hash:08x} {bitmaps.hex()}")
        return [*lines, "ok"]

    def state(self) -> list[str]:
        data, total = b"", 1
        while len(data) < total:
            answer = self.request(wire.Snapshot(len(data)))
            if isinstance(answer, wire.Error):
                return [in_words(answer)]
            data, total = data + answer.data, answer.total
        return [f"ok {data.hex()}"]


def in_words(answer: Any) -> str:
    """The last line of an answer."""
    kind = type(answer)
    if kind is wire.Error:
        return f"error {answer.code.decode()} {answer.at} {answer.text}"
    if kind is wire.Hello:
        slot = "-" if answer.slot == 255 else str(answer.slot)
        reason = f"{answer.boot_reason} {answer.refusal}".strip()
        state = BrainState(answer.state).name.lower()
        words = ("neurula", 1, answer.board, f"{answer.image_fingerprint:08x}", answer.free_bytes, slot, state, answer.burst, reason)
        return " ".join(map(str, ("ok", *words)))
    if kind is wire.Stats:
        return f"ok {answer.burst} {answer.overruns} {answer.worst_us} {answer.mean_us} {answer.free_bytes} {answer.used_bytes}"
    if kind is wire.Slots:
        rows = [" ".join(map(str, slot_words(slot))) for slot in answer.slots]
        return f"ok {rows[0]} / {rows[1]} / {answer.slot_bytes}"
    if kind is wire.Outputs:
        return " ".join(["ok", OutputState(answer.state).name.lower(), *(str(target.value) for target in answer.targets)])
    if kind is wire.Offset:
        return f"ok {answer.offset}"
    if kind is wire.Committed:
        return f"ok {answer.slot} {answer.sequence}"
    return "ok"


def slot_words(slot: wire.Slot) -> tuple[object, ...]:
    return slot.sequence, SlotState(slot.state).name.lower(), slot.size, slot.sha8.hex() if slot.size else "-"
