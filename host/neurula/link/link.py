"""What every link offers: bytes to and from a far end, and a way back when it broke."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, TypeVar

from neurula.errors import LinkLost

_SomeLink = TypeVar("_SomeLink", bound="ClosingLink")


class Link(Protocol):
    """Carries bytes, not frames: it may tear them, join them, lose them. Only `receive` waits, and no longer than it is told."""

    @property
    def name(self) -> str:
        """For a person: "serial /dev/ttyACM0"."""

    def send(self, data: bytes) -> None:
        """LinkLost L111 when the link broke, L112 when the far end takes nothing."""

    def receive(self, timeout_s: float) -> bytes:
        """What has arrived; b"" when nothing came in time. LinkLost L111 when the link broke."""

    def reopen(self) -> bool:
        """One attempt to open what broke, without waiting; harmless on an open link. Whether bytes can be sent now."""

    def close(self) -> None:
        """Harmless when repeated."""


class ClosingLink:
    """A link in a `with` statement."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self: _SomeLink) -> _SomeLink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def broken(name: str, reason: object) -> LinkLost:
    """The error of a link that does not carry anything any more. reason: the system's exception, or words."""
    words = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return LinkLost("L111", f"the link broke: {words[:200]}", where=name)


def stuck(name: str) -> LinkLost:
    return LinkLost("L112", "the far end takes nothing", where=name)
