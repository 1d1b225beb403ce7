"""The control channel of agents: {"method", "path", "body"} in, {"status", "body"} out, as FEAGI's agents speak it over ZeroMQ."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from neurula.errors import InvalidInput
from neurula.robot.agents import AgentInfo, AgentRegistry, AgentType, read_capabilities

REQUEST_BYTES_MAX = 64 << 10
LEVELS_MAX = 16
OK, BAD, MISSING, UNKNOWN, FULL = 200, 400, 404, 404, 503


def answer(registry: AgentRegistry, request: bytes) -> bytes:
    """Carries out one request. Never raises for what a stranger sends: the status tells."""
    try:
        status, body = carry_out(registry, parsed(request))
    except InvalidInput as error:
        status = {"A201": FULL, "A203": UNKNOWN}.get(error.code, BAD)
        body = {"code": error.code, "message": error.message}
    return json.dumps({"status": status, "body": body}, ensure_ascii=False).encode()


def parsed(request: bytes) -> Mapping[str, Any]:
    """The table of a request. InvalidInput A202."""
    try:
        if len(request) > REQUEST_BYTES_MAX:
            raise ValueError(f"it has more than {REQUEST_BYTES_MAX} bytes")
        document = json.loads(request.decode("utf-8"))
        if not isinstance(document, dict):
            raise ValueError("it is no table")
    except (ValueError, RecursionError) as problem:
        raise InvalidInput("A202", f"the request is not JSON: {str(problem)[:100]}") from None
    return document


def carry_out(registry: AgentRegistry, request: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer. InvalidInput A201 to A203."""
    body = request.get("body")
    if not isinstance(body, dict):
        raise InvalidInput("A202", "the request has no body")
    agent_id = body.get("agent_id")
    if not isinstance(agent_id, str):
        raise InvalidInput("A202", "the body has no agent_id")
    match request.get("method"), request.get("path"):
        case "POST", "/v1/agent/register":
            return OK, agent_json(register(registry, agent_id, body))
        case "POST", "/v1/agent/heartbeat":
            return OK, agent_json(registry.heartbeat(agent_id))
        case "DELETE", "/v1/agent/deregister":
            return OK, agent_json(registry.deregister(agent_id))
    return MISSING, {"code": "A202", "message": "there is no such method and path"}


def register(registry: AgentRegistry, agent_id: str, body: Mapping[str, Any]) -> AgentInfo:
    """Takes an agent in. InvalidInput A201, A202."""
    kind = body.get("agent_type")
    if not isinstance(kind, str) or kind not in {each.value for each in AgentType}:
        raise InvalidInput("A202", f"agent_type is one of {', '.join(each.value for each in AgentType)}")
    metadata = {} if body.get("metadata") is None else body["metadata"]
    if not isinstance(metadata, dict):
        raise InvalidInput("A202", "metadata is a table")
    transport = "zmq" if body.get("chosen_transport") is None else body["chosen_transport"]
    capabilities = read_capabilities(body.get("capabilities"))
    require_plain({"metadata": metadata, "capabilities": body.get("capabilities")})
    return registry.register(agent_id, AgentType(kind), capabilities, transport=transport, metadata=MappingProxyType(metadata))


def require_plain(value: Any) -> None:
    """What is kept can be told again. InvalidInput A202 for numbers that JSON does not have, and for too many levels."""
    levels = [value]
    for _ in range(LEVELS_MAX):
        levels = [inner for level in levels if isinstance(level, (dict, list))
                  for inner in (level.values() if isinstance(level, dict) else level)]  # fmt: skip
        if any(isinstance(level, float) and not math.isfinite(level) for level in levels):
            raise InvalidInput("A202", "metadata and capabilities hold finite numbers only")
    if any(isinstance(level, (dict, list)) for level in levels):
        raise InvalidInput("A202", f"metadata and capabilities have {LEVELS_MAX} levels at most")


def agent_json(info: AgentInfo) -> dict[str, Any]:
    """What an agent, or whoever asks about it, is told."""
    capabilities = {name: dict(table) for name in ("sensory", "motor", "vision", "visualization")
                    if (table := getattr(info.capabilities, name)) is not None}  # fmt: skip
    return {
        "agent_id": info.agent_id, "agent_type": info.agent_type.value, "capabilities": {**info.capabilities.custom, **capabilities},
        "registered_at": info.registered_at_ms, "last_seen": info.last_seen_ms, "transport": info.transport, "rate_hz": info.rate_hz,
        "metadata": dict(info.metadata),
    }  # fmt: skip
