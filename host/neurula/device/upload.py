"""A brain onto a board that runs the firmware: sent, verified there, started on probation, watched, confirmed or taken back."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass

from neurula.device.link import BoardLink, Hello, Stats, unexpected
from neurula.device.ports import Progress
from neurula.errors import LinkLost, NeurulaError, VerificationFailed
from neurula.link.far_errors import NO_SESSION
from neurula.link.wire import CHUNK_BYTES

ATTEMPTS = 5  # without a byte of progress between them
RECONNECT_S = 10.0
RESTART_S = 30.0  # three failed boots, each ended by the watchdog, and the old brain's boot
POLL_S = 0.25
GOES_DOWN_S = 0.2
STALLED_S = 3.0  # no burst for so long is a brain that hangs


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Where the image lies now, and how much of it was there already."""

    slot: str
    sequence: str
    resumed_at: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of a brain on probation. bursts: while it was watched; seconds: on the board's clock."""

    bursts: int
    seconds: float
    last: Stats


def upload(link: BoardLink, image: bytes, progress: Progress) -> Uploaded:
    """Sends an image, or the rest of it, through broken connections and damaged lines. Errors of the board keep their codes."""
    digest = hashlib.sha256(image).hexdigest()
    offset = resumed_at = link.put(len(image), digest)
    idle = 0
    while offset < len(image):
        try:
            after = link.chunk(offset, image[offset : offset + CHUNK_BYTES])
        except NeurulaError as problem:
            if idle + 1 >= ATTEMPTS:
                raise
            after = resume(link, len(image), digest, problem)
        idle = 0 if after > offset else idle + 1
        if idle >= ATTEMPTS or after > len(image):
            raise LinkLost("K112", f"the board asks for byte {after:,} of {len(image):,} again and again")
        offset = after
        progress("sending the brain", offset / len(image))
    progress("the board verifies the brain", 0.0)
    slot, sequence = link.commit()
    if slot not in ("0", "1"):
        raise unexpected(f"slot {slot}")
    return Uploaded(slot, sequence, resumed_at)


def resume(link: BoardLink, size: int, digest: str, problem: NeurulaError) -> int:
    """Finds the board again after a failure and asks how much it has."""
    if isinstance(problem, LinkLost):
        if problem.code == "K106":
            link.reconnect(RECONNECT_S)
        revive(link, RECONNECT_S)
    return link.put(size, digest)


def start(link: BoardLink, uploaded: Uploaded) -> Hello:
    """Restarts the board into the new brain. VerificationFailed K118 when another one runs instead, LinkLost when none answers."""
    restart(link)
    begun = link.seconds()
    while True:
        hello = revive(link)
        if hello.slot == uploaded.slot and hello.state == "pending":
            return hello
        if rejected(link, uploaded) or link.seconds() - begun >= RESTART_S:
            raise VerificationFailed("K118", f"the new brain does not run: {running(hello)}", where=f"slot {uploaded.slot}")
        link.pass_time(POLL_S)  # it has not restarted yet


def rejected(link: BoardLink, uploaded: Uploaded) -> bool:
    """Whether the board has given the brain up already."""
    slots, _ = link.slots()
    return slots[int(uploaded.slot)].state == "rejected"


def watch(link: BoardLink, hello: Hello, seconds: float, progress: Progress) -> Watched:
    """Looks at the bursts of a brain on probation. VerificationFailed K119 when it stops, restarts or stands still."""
    begun, last = link.seconds(), link.stats()
    first, moved_at = last, begun
    while True:
        now = link.seconds()
        progress("watching the new brain", min(1.0, (now - begun) / seconds) if seconds else 1.0)
        if now - begun >= seconds and last.burst > first.burst:
            return Watched(last.burst - first.burst, now - begun, last)
        if now - moved_at >= STALLED_S:
            raise VerificationFailed("K119", f"the new brain ran no burst for {STALLED_S:g} s after burst {last.burst:,}")
        link.pass_time(POLL_S)
        try:
            stats = link.stats()
        except LinkLost as problem:
            what = "restarted by itself" if problem.code == NO_SESSION else "fell silent"
            raise VerificationFailed("K119", f"the board {what} after burst {last.burst:,}", where=hello.board) from problem
        moved_at = link.seconds() if stats.burst > last.burst else moved_at
        last = stats


def take_back(link: BoardLink, uploaded: Uploaded) -> str:
    """Rejects the brain on probation and restarts, unless the board has gone back by itself; what runs now, or why nobody knows.

    A brain that hangs soon after every start leaves little time to be asked, so a board that falls silent is asked again."""
    deadline = link.seconds() + RESTART_S
    while True:
        try:
            hello = revive(link)
            if not rejected(link, uploaded):
                link.order("rollback")
                restart(link)
                hello = revive(link)
            return running(hello)
        except NeurulaError as problem:
            if not isinstance(problem, LinkLost) or link.seconds() >= deadline:
                return f"the board could not be asked to go back ({problem.message}); it does so by itself after three failed starts"


def restart(link: BoardLink) -> None:
    """Resets the board; it may be too quick to answer, or has started again when it is asked again. Other failures are raised."""
    try:
        link.order("reset")
    except LinkLost as problem:
        if problem.code not in (NO_SESSION, "K105", "K106"):
            raise
    go_down(link)


def go_down(link: BoardLink) -> None:
    """Waits until a board that has said that it restarts does so: what is sent before is lost."""
    with suppress(LinkLost):
        link.pass_time(GOES_DOWN_S)


def revive(link: BoardLink, timeout_s: float = RESTART_S) -> Hello:
    """Asks until the board answers. LinkLost when it does not in time."""
    deadline = link.seconds() + timeout_s
    while True:
        try:
            return link.hello()
        except LinkLost as problem:
            if link.seconds() >= deadline:
                raise
            if problem.code == "K106":
                link.reconnect(timeout_s)


def running(hello: Hello) -> str:
    """What runs, in words."""
    if hello.state == "safe":
        return "no brain runs, the outputs are neutral"
    stopped = ", the emergency stop keeps the outputs neutral" if hello.stopped else ""
    return f"the {hello.state} brain of slot {hello.slot} runs{stopped}"
