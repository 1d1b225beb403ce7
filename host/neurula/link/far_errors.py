"""The far end's refusals as errors of this side: the same code, of the kind that the list of codes gives it."""

from __future__ import annotations

from neurula.error_codes import CODES
from neurula.errors import (
    DeviceNotFound,
    DoesNotFit,
    InvalidInput,
    LinkLost,
    NeurulaError,
    UsageError,
    VerificationFailed,
)
from neurula.link.wire import WIRE_FINGERPRINT, WIRE_VERSION, Error, Hello

KINDS: dict[int, type[NeurulaError]] = {2: UsageError, 3: DeviceNotFound, 4: InvalidInput, 5: DoesNotFit, 6: VerificationFailed}
NO_SESSION = "F138"  # the far end has forgotten the session, or never knew it
TEXT_MAX = 300


def refusal_of(error: Error) -> NeurulaError:
    """What an ERROR message means. LinkLost L125 for a code that this version does not know."""
    code = error.code.decode("ascii", "replace")
    text = "".join(c if c.isprintable() else "?" for c in error.text)[:TEXT_MAX] or "the far end refused"
    if code not in CODES:
        return LinkLost("L125", f"the far end refused for a reason that this version does not know: {text}", where=code)
    kind = KINDS.get(CODES[code][0], LinkLost)
    return kind(code, text, where=f"byte {error.at}" if error.at else "")


def code_of(error: Error) -> str:
    return error.code.decode("ascii", "replace")


def other_wire(hello: Hello) -> VerificationFailed:
    """The far end has another list of messages."""
    told = f"the far end has wire {hello.wire_fingerprint:08x}, this program {WIRE_FINGERPRINT:08x}"
    return VerificationFailed("L121", f"the two sides do not speak the same language: {told}", where=hello.board)


def other_version(version: int) -> VerificationFailed:
    told = f"the far end sends frames of version {version}, this program those of version {WIRE_VERSION}"
    return VerificationFailed("L121", f"the two sides do not speak the same language: {told}")


def silent(name: str) -> LinkLost:
    return LinkLost("L122", "the far end did not answer in time", where=name)


def restarted(name: str) -> LinkLost:
    return LinkLost("L123", "the far end restarted; whether it had carried the request out, nobody knows", where=name)


def ended(name: str) -> LinkLost:
    return LinkLost("L124", "the session was closed", where=name)
