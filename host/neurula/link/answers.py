"""The far end's memory of what it has answered, so that a request which comes again is answered again and not carried out again."""

from __future__ import annotations

from enum import Enum

from neurula.link.wire import REMEMBERED

NUMBERS = 65_536
HALF = NUMBERS // 2


class Judgement(Enum):
    """What to do with a request."""

    NEW = "carry it out"
    KNOWN = "answer it again"
    STALE = "drop it"


class AnswerMemory:
    """The answers to the last REMEMBERED sequence numbers. A host has no more requests than that without an answer, so whatever
    lies further back was answered and its answer has arrived: it can only be a late copy. So can what lies before the session.

    docs/WIRE.md has the rule; firmware_py/neurula_mcu keeps the same one."""

    def __init__(self) -> None:
        self._floor = 0  # the oldest number that may still be carried out
        self._answers: dict[int, bytes] = {}

    def begin(self, sequence: int) -> None:
        """A new session, by the request of this number."""
        self._floor = sequence
        self._answers.clear()

    def judge(self, sequence: int) -> Judgement:
        if sequence in self._answers:
            return Judgement.KNOWN
        return Judgement.NEW if (sequence - self._floor) % NUMBERS < HALF else Judgement.STALE

    def answer(self, sequence: int) -> bytes:
        """The frame that answered a KNOWN request."""
        return self._answers[sequence]

    def keep(self, sequence: int, answer: bytes) -> None:
        """After a NEW one was carried out."""
        self._answers[sequence] = answer
        ahead = (sequence - self._floor) % NUMBERS
        if ahead >= REMEMBERED:
            self._floor = (self._floor + ahead - REMEMBERED + 1) % NUMBERS
            for known in [known for known in self._answers if (known - self._floor) % NUMBERS >= HALF]:
                del self._answers[known]
