"""Values of sensors, motors and spikes on a link: numbered when they go out, and only what is newer counts when they come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from neurula.link.wire import MESSAGES, Frame, Message, encode_frame, newer

FIRST_VALUE_TYPE = 128
NUMBERS = 65_536
_SomeMessage = TypeVar("_SomeMessage", bound=Message)


class ValueStreams:
    """Both directions. dropped: values that came too late or twice; taken: those that counted; flags: of the newest frame."""

    def __init__(self) -> None:
        self._sent = 0
        self._seen: dict[int, int] = {}
        self._latest: dict[int, Message] = {}
        self._listeners: dict[int, list[Callable[[Any], None]]] = {}
        self.dropped = self.taken = self.flags = 0
        self._newest: int | None = None  # of all types together
        self._span = 0  # values that the far end has sent, from the oldest to the newest one that counted

    def begin(self) -> None:
        """A new session: both ends count anew. The latest values stay until there are newer ones."""
        self._sent = 0
        self._seen.clear()
        self._newest = None
        self._span = self.taken = 0

    @property
    def missed(self) -> float:
        """The share of the far end's values, 0 to 1, that never came or came too late to count."""
        return max(0.0, 1.0 - self.taken / self._span) if self._span else 0.0

    def frame_of(self, message: Message, flags: int = 0) -> bytes:
        """The next frame of values, ready to be sent."""
        self._sent = (self._sent + 1) % NUMBERS
        return encode_frame(Frame(message.TYPE, flags, self._sent, message.pack()))

    def take(self, frame: Frame) -> None:
        """LinkLost L101 for values that are not laid out as they should be."""
        if frame.type in self._seen and not newer(frame.sequence, self._seen[frame.type]):
            self.dropped += 1
            return
        message = message_of(frame)
        self._count(frame.sequence)
        self.flags = frame.flags
        self._seen[frame.type] = frame.sequence
        self._latest[frame.type] = message
        for action in self._listeners.get(frame.type, ()):
            action(message)

    def _count(self, sequence: int) -> None:
        """Types share one count, so what is missing in it is missing."""
        self.taken += 1
        ahead = 1 if self._newest is None else (sequence - self._newest) % NUMBERS
        if ahead < NUMBERS // 2:
            self._newest = sequence
            self._span += ahead

    def latest(self, kind: type[_SomeMessage]) -> _SomeMessage | None:
        found = self._latest.get(kind.TYPE)
        return found if isinstance(found, kind) else None

    def listen(self, kind: type[_SomeMessage], action: Callable[[_SomeMessage], None]) -> None:
        self._listeners.setdefault(kind.TYPE, []).append(action)


def message_of(frame: Frame) -> Message:
    """The message in a frame. LinkLost L101 when its payload is not laid out as its type says; KeyError for no type of ours."""
    kind: Any = MESSAGES[frame.type]
    message: Message = kind.unpack(frame.payload)
    return message
