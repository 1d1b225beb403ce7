"""How long an answer takes, learnt from those that came, and how long to wait for the next one (after RFC 6298)."""

from __future__ import annotations

FIRST_S = 0.1  # before anything is known
LEAST_S, MOST_S = 0.02, 1.0
GRAIN_S = 0.01  # a far end looks at its link once a burst
GAIN, DEVIATION_GAIN, DEVIATIONS = 1 / 8, 1 / 4, 4
DOUBLINGS = 1  # cables and radios lose frames because of noise, not because all wait for each other: patience does not help


class RoundTrip:
    """Only answers to requests that were sent once are measured: of the others nobody knows which sending they answer (Karn)."""

    def __init__(self) -> None:
        self.smoothed_s = 0.0
        self.deviation_s = 0.0
        self.samples = 0

    def measured(self, seconds: float) -> None:
        if self.samples == 0:
            self.smoothed_s, self.deviation_s = seconds, seconds / 2
        else:
            self.deviation_s += DEVIATION_GAIN * (abs(self.smoothed_s - seconds) - self.deviation_s)
            self.smoothed_s += GAIN * (seconds - self.smoothed_s)
        self.samples += 1

    def timeout_s(self, sendings: int = 1) -> float:
        """After so many sendings of a request, how long its answer is waited for before the next one."""
        first = self.smoothed_s + max(GRAIN_S, DEVIATIONS * self.deviation_s) if self.samples else FIRST_S
        return min(max(first, LEAST_S) * (1 << min(sendings - 1, DOUBLINGS)), MOST_S)
