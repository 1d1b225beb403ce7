"""The brain that runs on a board, held and stepped by the host: what it does can be compared with every other runtime, burst by burst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from neurula.device.link import BoardLink
from neurula.errors import VerificationFailed
from neurula.runtimes.burst import BurstResult, Stimulus
from neurula.runtimes.local import NOTHING
from neurula.runtimes.served import FiredBits

BURSTS_AT_ONCE = 64


class BoardRuntime:
    """Holds the brain and takes it back to its start. Its pins are not read meanwhile; `close` lets it go on from where it is.

    image: the bytes that should run there. VerificationFailed K124 when another brain does; errors of the board keep their codes."""

    name = "board"

    def __init__(self, link: BoardLink, image: bytes) -> None:
        require_running(link, image)
        self._link = link
        self._bits = FiredBits(image)
        self._burst = 0
        self._held = True
        link.order("stop")
        link.order("rewind")

    def run(self, bursts: int, stimuli: Mapping[int, Stimulus]) -> Iterator[BurstResult]:
        last = self._burst + bursts
        while self._burst < last:
            stimulus = stimuli.get(self._burst + 1, NOTHING)
            together = 1
            while together < min(BURSTS_AT_ONCE, last - self._burst) and self._burst + 1 + together not in stimuli:
                together += 1
            for number, state_hash, slot in self._link.step(together, stimulus.forced, stimulus.inject):
                self._burst = number
                yield BurstResult(number, self._bits.read(slot), state_hash)

    def state(self) -> bytes:
        return self._link.state()

    def close(self) -> None:
        if self._held:
            self._held = False
            self._link.order("run")

    def __enter__(self) -> BoardRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def require_running(link: BoardLink, image: bytes) -> None:
    """VerificationFailed K124 unless this image is what the board runs."""
    hello = link.hello()
    slots, _ = link.slots()
    if hello.slot not in ("0", "1") or slots[int(hello.slot)].sha8 != sha256(image).hexdigest()[:16]:
        raise VerificationFailed("K124", f"another brain than this one is on the board: {hello.state} in slot {hello.slot}")
