"""Runtimes inside this process: the reference and the NPU, compiled or pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from neurula.errors import VerificationFailed
from neurula.runtimes.burst import BurstResult, Stimulus
from neurula_npu import Brain, ImageError, ReferenceBrain

NOTHING = Stimulus()


class LocalRuntime:
    """Wraps a `Brain` or a `ReferenceBrain`."""

    def __init__(self, name: str, brain: Any) -> None:
        self.name = name
        self._brain = brain

    def run(self, bursts: int, stimuli: Mapping[int, Stimulus]) -> Iterator[BurstResult]:
        for _ in range(bursts):
            stimulus = stimuli.get(self._brain.burst + 1, NOTHING)
            self._brain.step(stimulus.forced, stimulus.inject)
            fired = tuple((area, tuple(neurons)) for area, neurons in self._brain.fired())
            yield BurstResult(self._brain.burst, fired, self._brain.state_hash())

    def state(self) -> bytes:
        return bytes(self._brain.state())

    def close(self) -> None:
        """Nothing to give back."""

    def __enter__(self) -> LocalRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_local(name: str, image: bytes, threads: int = 1) -> LocalRuntime:
    """name: "reference", "npu" or "npu-pure". Raises VerificationFailed for an image that cannot be trusted."""
    try:
        if name == "reference":
            return LocalRuntime(name, ReferenceBrain(image))
        return LocalRuntime(name, Brain(image, pure=name == "npu-pure", threads=threads))
    except ImageError as error:
        raise VerificationFailed(error.code, error.message, where=f"byte {error.at}") from None
