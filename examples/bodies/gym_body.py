"""What bodies from gymnasium have in common: an environment that is stepped, made with a seed."""

from __future__ import annotations

from typing import Any

from examples.bodies.body import Stepping


class GymBody:
    """Holds a gymnasium environment. Nothing is drawn by it: bodies draw themselves."""

    def __init__(self, environment: str, step_s: float) -> None:
        try:
            import gymnasium
        except ImportError:
            raise SystemExit("This body needs gymnasium: pip install 'neurula[bodies]'") from None
        self._environment = gymnasium.make(environment)
        self._stepping = Stepping(step_s)
        self._begin(0)

    def _begin(self, seed: int) -> None:
        self.state: list[float] = self._environment.reset(seed=seed)[0].tolist()
        self._stepping.clear()
        self.steps = 0
        self.over = False

    def _advance(self, action: Any) -> dict[str, Any]:
        """One step of the environment; what it tells besides the state."""
        state, _, ended, cut, info = self._environment.step(action)
        self.state = state.tolist()
        self.steps += 1
        self.over = bool(ended or cut)
        return info
