"""State machines: which states a thing can have, which ones follow each other, and who wants to know."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from threading import RLock
from types import MappingProxyType

from neurula.errors import StateError


class GenomeState(str, Enum):
    """missing: none was loaded; changed: the brain was edited since the genome was loaded or saved."""

    MISSING = "missing"
    LOADING = "loading"
    LOADED = "loaded"
    CHANGED = "changed"
    FAILED = "failed"


class ConnectomeState(str, Enum):
    """empty: core areas only; failed: the last development came to nothing, the brain before it is still there."""

    EMPTY = "empty"
    DEVELOPING = "developing"
    READY = "ready"
    EDITING = "editing"
    FAILED = "failed"


class RuntimeState(str, Enum):
    """unloaded: no image; ready: loaded, before its first burst or stopped; paused: holds still between two bursts."""

    UNLOADED = "unloaded"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"


Transitions = Mapping[Enum, frozenset[Enum]]
_G, _C, _R = GenomeState, ConnectomeState, RuntimeState
GENOME_TRANSITIONS: Transitions = MappingProxyType({
    _G.MISSING: frozenset({_G.LOADING}),
    _G.LOADING: frozenset({_G.LOADED, _G.FAILED}),
    _G.LOADED: frozenset({_G.LOADING, _G.CHANGED, _G.MISSING}),
    _G.CHANGED: frozenset({_G.LOADING, _G.LOADED, _G.MISSING}),
    _G.FAILED: frozenset({_G.LOADING, _G.LOADED, _G.CHANGED, _G.MISSING}),
})
CONNECTOME_TRANSITIONS: Transitions = MappingProxyType({
    _C.EMPTY: frozenset({_C.DEVELOPING, _C.EDITING}),
    _C.DEVELOPING: frozenset({_C.READY, _C.FAILED}),
    _C.READY: frozenset({_C.DEVELOPING, _C.EDITING, _C.EMPTY}),
    _C.EDITING: frozenset({_C.READY, _C.EMPTY}),
    _C.FAILED: frozenset({_C.DEVELOPING, _C.READY, _C.EMPTY}),
})
RUNTIME_TRANSITIONS: Transitions = MappingProxyType({
    _R.UNLOADED: frozenset({_R.READY, _R.PAUSED, _R.FAILED}),
    _R.READY: frozenset({_R.RUNNING, _R.PAUSED, _R.UNLOADED, _R.FAILED}),
    _R.RUNNING: frozenset({_R.PAUSED, _R.READY, _R.FAILED}),
    _R.PAUSED: frozenset({_R.RUNNING, _R.READY, _R.UNLOADED, _R.FAILED}),
    _R.FAILED: frozenset({_R.READY, _R.PAUSED, _R.UNLOADED}),
})


@dataclass(frozen=True, slots=True)
class Transition:
    """machine: "genome", "connectome" or "runtime"; number: counts the transitions of a machine from 1."""

    machine: str
    before: Enum
    after: Enum
    reason: str
    number: int


Subscriber = Callable[[Transition], None]


class Machine:
    """One state, changed only along its transitions. Subscribers hear of each one in order, outside of the lock, so that
    they may ask and even move the machine; one that raises is logged and does not disturb the others."""

    def __init__(self, name: str, transitions: Transitions, initial: Enum) -> None:
        self.name = name
        self._transitions = transitions
        self._state = initial
        self._number = 0
        self._lock = RLock()
        self._subscribers: list[Subscriber] = []
        self._waiting: deque[Transition] = deque()
        self._telling = False

    @property
    def state(self) -> Enum:
        return self._state

    def can(self, state: Enum) -> bool:
        """Whether the present state leads there."""
        return state in self._transitions[self._state]

    def require(self, *states: Enum) -> None:
        """Raises StateError unless the state is one of these."""
        if self._state not in states:
            wanted = " or ".join(state.value for state in states)
            message = f"the {self.name} is {self._state.value}, not {wanted}"
            raise StateError("H201", message, remedy="Bring it into that state first.")

    def move(self, state: Enum, reason: str = "") -> None:
        """Raises StateError, and changes nothing, where the present state does not lead there."""
        with self._lock:
            if not self.can(state):
                message = f"the {self.name} cannot become {state.value}: it is {self._state.value}"
                raise StateError("H201", message, remedy="Follow the transitions of docs/BRAIN.md.")
            self._number += 1
            self._waiting.append(Transition(self.name, self._state, state, reason, self._number))
            self._state = state
            if self._telling:
                return
            self._telling = True
        self._tell()

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Calls the subscriber at every transition from now on; returns what ends that."""
        with self._lock:
            self._subscribers = [*self._subscribers, subscriber]

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = [other for other in self._subscribers if other is not subscriber]

        return unsubscribe

    def _tell(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._telling = False
                    return
                transition, subscribers = self._waiting.popleft(), self._subscribers
            for subscriber in subscribers:
                try:
                    subscriber(transition)
                except Exception:
                    logging.getLogger(__name__).exception("a subscriber failed at %s", transition)
