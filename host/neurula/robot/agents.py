"""Who takes part: agents, what they say they can do, and the registry that forgets whoever is silent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any

from neurula.errors import InvalidInput
from neurula.link.clock import Clock

AGENTS_MAX = 100
TIMEOUT_S = 60.0
HEARTBEAT_S = 5.0  # what an agent should keep
RATE_MAX_HZ = 1000.0
TEXT_CHARS_MAX = 128
CUSTOM_MAX = 32
TRANSPORTS = ("zmq", "shm", "hybrid", "link")
EMPTY: Mapping[str, Any] = MappingProxyType({})


class AgentType(Enum):
    """What an agent takes part in; `needs` are the capabilities of which it must have one."""

    SENSORY = "sensory"
    MOTOR = "motor"
    BOTH = "both"
    VISUALIZATION = "visualization"
    INFRASTRUCTURE = "infrastructure"

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """Groups of capabilities; of each group at least one."""
        sensory, motor, seeing = ("vision", "sensory"), ("motor",), ("visualization",)
        groups = {"sensory": (sensory,), "motor": (motor,), "both": (sensory, motor), "visualization": (seeing,)}
        return groups.get(self.value, ())


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an agent can do, as checked tables; custom: everything that FEAGI does not name, as it was written."""

    sensory: Mapping[str, Any] | None = None
    motor: Mapping[str, Any] | None = None
    vision: Mapping[str, Any] | None = None
    visualization: Mapping[str, Any] | None = None
    custom: Mapping[str, Any] = field(default_factory=lambda: EMPTY)

    def has(self, name: str) -> bool:
        return getattr(self, name) is not None

    @property
    def rate_hz(self) -> float:
        """How often it wishes to speak, 0 where it has not said it."""
        return float(self.sensory["rate_hz"]) if self.sensory is not None else 0.0


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """One registered agent. Times are those of the registry's clock, in milliseconds; rate_hz: what it was granted."""

    agent_id: str
    agent_type: AgentType
    capabilities: Capabilities
    registered_at_ms: int
    last_seen_ms: int
    transport: str = "zmq"
    rate_hz: float = 0.0
    metadata: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


def text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TEXT_CHARS_MAX and value.isprintable()


def number(low: float, high: float) -> Any:
    def accept(value: object) -> bool:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and low <= value <= high

    return accept


def whole(low: int, high: int) -> Any:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def pair(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(map(whole(1, 65536), value))


def texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and 0 < len(value) <= 256 and all(map(text, value))


def units(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) <= 256 and all(
        isinstance(entry, Mapping) and set(entry) == {"unit", "group"} and text(entry["unit"]) and whole(0, 65535)(entry["group"])
        for entry in value
    )  # fmt: skip


GROUP = {"unit": (text, False), "group": (whole(0, 65535), False)}
TABLES: dict[str, dict[str, tuple[Any, bool]]] = {  # of each capability: field -> what it takes, and whether it must be there
    "sensory": {"rate_hz": (number(0.001, RATE_MAX_HZ), True), "shm_path": (text, False)},
    "motor": {"modality": (text, True), "output_count": (whole(1, 65535), True), "source_cortical_areas": (texts, True),
              "source_units": (units, False), **GROUP},
    "vision": {"modality": (text, True), "dimensions": (pair, True), "channels": (whole(1, 4), True), "target_cortical_area": (text, True),
               **GROUP},
    "visualization": {"visualization_type": (text, True), "resolution": (pair, False), "refresh_rate": (number(0.001, RATE_MAX_HZ), False),
                      "bridge_proxy": (lambda value: isinstance(value, bool), False)},
}  # fmt: skip


def read_capabilities(tables: object) -> Capabilities:
    """What an agent sends as its capabilities. InvalidInput A202."""
    if not isinstance(tables, Mapping) or not all(isinstance(name, str) for name in tables):
        raise wrong("capabilities are a table")
    known = {name: read_table(name, tables[name]) for name in TABLES if tables.get(name) is not None}
    custom = {name: value for name, value in tables.items() if name not in TABLES}
    if len(custom) > CUSTOM_MAX or not all(map(text, custom)):
        raise wrong(f"an agent may have {CUSTOM_MAX} capabilities of its own, with names")
    return Capabilities(**known, custom=MappingProxyType(custom))


def read_table(name: str, table: object) -> Mapping[str, Any]:
    """One capability; fields that are not known are left out."""
    if not isinstance(table, Mapping):
        raise wrong(f"the capability {name} is a table")
    found = {}
    for key, (accept, required) in TABLES[name].items():
        value = table.get(key)
        if value is None and not required:
            continue
        if not accept(value):
            raise wrong(f"{name}.{key} is missing" if value is None else f"{name}.{key} cannot be {shown(value)}")
        found[key] = value
    return MappingProxyType(found)


def shown(value: object) -> str:
    """A value of a stranger for a message: short, and never nested."""
    return repr(str(value)[:60]) if isinstance(value, (str, int, float)) else f"a {type(value).__name__}"


def wrong(message: str) -> InvalidInput:
    return InvalidInput("A202", message)


class AgentRegistry:
    """The agents of one brain. clock: whose time counts; rate_hz: bursts of the brain in a second, more than which no agent is granted."""

    def __init__(self, clock: Clock, *, timeout_s: float = TIMEOUT_S, capacity: int = AGENTS_MAX, rate_hz: float = RATE_MAX_HZ) -> None:
        self.clock = clock
        self.timeout_s = timeout_s
        self.capacity = capacity
        self.rate_hz = rate_hz
        self._agents: dict[str, AgentInfo] = {}

    def register(
        self,
        agent_id: str,
        agent_type: AgentType,
        capabilities: Capabilities,
        *,
        transport: str = "zmq",
        metadata: Mapping[str, Any] = EMPTY,
    ) -> AgentInfo:
        """Takes an agent in, or what a registered one says anew. InvalidInput A201, A202."""
        if not text(agent_id):
            raise wrong(f"an agent's id is text of up to {TEXT_CHARS_MAX} characters")
        if transport not in TRANSPORTS:
            raise wrong(f"there is no transport {shown(transport)}, only {', '.join(TRANSPORTS)}")
        for group in agent_type.needs:
            if not any(map(capabilities.has, group)):
                raise wrong(f"an agent of type {agent_type.value} needs the capability {' or '.join(group)}")
        self.prune()
        known = self._agents.get(agent_id)
        if known is None and len(self._agents) >= self.capacity:
            raise InvalidInput("A201", f"{self.capacity} agents are registered already")
        now = self._now_ms()
        granted = min(capabilities.rate_hz, self.rate_hz)
        info = AgentInfo(agent_id, agent_type, capabilities, known.registered_at_ms if known else now, now, transport, granted, metadata)
        self._agents[agent_id] = info
        return info

    def heartbeat(self, agent_id: str) -> AgentInfo:
        """A sign of life; anything that an agent sends is one. InvalidInput A203 for one that is not registered or has expired."""
        self.prune()
        if agent_id not in self._agents:
            raise unknown(agent_id)
        self._agents[agent_id] = replace(self._agents[agent_id], last_seen_ms=self._now_ms())
        return self._agents[agent_id]

    def deregister(self, agent_id: str) -> AgentInfo:
        """Lets an agent go. InvalidInput A203."""
        self.prune()
        if agent_id not in self._agents:
            raise unknown(agent_id)
        return self._agents.pop(agent_id)

    def prune(self) -> tuple[AgentInfo, ...]:
        """Forgets the agents that were silent for longer than the timeout; who they were."""
        limit = self._now_ms() - round(1000 * self.timeout_s)
        gone = tuple(info for info in self._agents.values() if info.last_seen_ms < limit)
        for info in gone:
            del self._agents[info.agent_id]
        return gone

    def agents(self) -> tuple[AgentInfo, ...]:
        """Those that are there, in the order in which they came."""
        self.prune()
        return tuple(self._agents.values())

    def get(self, agent_id: str) -> AgentInfo:
        """InvalidInput A203."""
        self.prune()
        if agent_id not in self._agents:
            raise unknown(agent_id)
        return self._agents[agent_id]

    def _now_ms(self) -> int:
        return round(1000 * self.clock.now())


def unknown(agent_id: object) -> InvalidInput:
    return InvalidInput("A203", f"no agent {shown(agent_id)} is registered")
