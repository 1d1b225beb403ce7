"""An emulated Pico that makes sure no program of ours touches memory that is not there."""

from __future__ import annotations

from neurula.sim.rp2040 import Rp2040


class WatchedPico(Rp2040):
    """Fails at its end where the board read or wrote a wrong address."""

    def close(self) -> None:
        super().close()
        assert self.bus_warnings == []

    def __enter__(self) -> WatchedPico:
        self.start()
        return self
