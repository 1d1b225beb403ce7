"""Agents: they come, say what they can, are forgotten when silent; nothing that a stranger says does harm."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from neurula.errors import InvalidInput
from neurula.link.clock import SimulatedClock
from neurula.robot.agent_control import answer
from neurula.robot.agents import AgentRegistry, AgentType, Capabilities, read_capabilities

SENSORY = {"sensory": {"rate_hz": 30.0}}
MOTOR = {"motor": {"modality": "servo", "output_count": 4, "source_cortical_areas": ["o__mot"],
                   "source_units": [{"unit": "mot", "group": 0}]}}  # fmt: skip
VISION = {"vision": {"modality": "camera", "dimensions": [64, 48], "channels": 3, "target_cortical_area": "iv00_C", "unit": "svi",
                     "group": 1}}  # fmt: skip
SEEING = {"visualization": {"visualization_type": "3d", "resolution": [800, 600], "refresh_rate": 30, "bridge_proxy": False}}


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(1000.0)


@pytest.fixture
def registry(clock: SimulatedClock) -> AgentRegistry:
    return AgentRegistry(clock, rate_hz=50)


def add(registry: AgentRegistry, name: str = "a", tables: Any = SENSORY, kind: AgentType = AgentType.SENSORY) -> Any:
    return registry.register(name, kind, read_capabilities(tables))


@pytest.mark.parametrize(("kind", "tables", "good"), [
    ("sensory", SENSORY, True), ("sensory", VISION, True), ("sensory", MOTOR, False), ("sensory", {}, False),
    ("motor", MOTOR, True), ("motor", SENSORY, False), ("both", MOTOR, False), ("both", SENSORY, False),
    ("both", {**SENSORY, **MOTOR}, True), ("both", {**VISION, **MOTOR}, True), ("visualization", SEEING, True),
    ("visualization", MOTOR, False), ("infrastructure", {}, True),
])  # fmt: skip
def test_an_agent_needs_the_capabilities_of_its_type(registry: AgentRegistry, kind: str, tables: Any, good: bool) -> None:
    if good:
        assert add(registry, tables=tables, kind=AgentType(kind)).agent_type.value == kind
    else:
        with pytest.raises(InvalidInput) as caught:
            add(registry, tables=tables, kind=AgentType(kind))
        assert caught.value.code == "A202"
        assert registry.agents() == ()


def test_capabilities_are_kept_and_what_feagi_does_not_name_too() -> None:
    found = read_capabilities({**SENSORY, **MOTOR, **VISION, **SEEING, "gps": {"accuracy": 3}, "nothing": None})
    assert found.rate_hz == 30
    assert found.motor == MOTOR["motor"]
    assert found.vision == VISION["vision"]
    assert found.visualization == SEEING["visualization"]
    assert found.custom == {"gps": {"accuracy": 3}, "nothing": None}
    assert Capabilities().rate_hz == 0


def changed(tables: Any, name: str, key: str, value: Any) -> Any:
    return {name: {**tables[name], key: value}}


@pytest.mark.parametrize("tables", [
    None, [], 3, "x", {"sensory": 3}, {"sensory": {}}, {1: 2},
    *(changed(SENSORY, "sensory", "rate_hz", v) for v in (0, -1, 1001, float("nan"), float("inf"), True, "30", None)),
    *(changed(MOTOR, "motor", k, v) for k, v in (("modality", ""), ("modality", "x" * 200), ("modality", "a\nb"), ("output_count", 0),
      ("output_count", 2.0), ("source_cortical_areas", []), ("source_cortical_areas", [3]), ("source_cortical_areas", ["a"] * 300),
      ("source_units", [{"unit": "mot"}]), ("source_units", [3]), ("group", -1))),
    *(changed(VISION, "vision", k, v) for k, v in (("dimensions", [64]), ("dimensions", [0, 4]), ("dimensions", "64x48"), ("channels", 0),
      ("target_cortical_area", None))),
    changed(SEEING, "visualization", "bridge_proxy", 1), {f"c{i}": 1 for i in range(40)},
])  # fmt: skip
def test_capabilities_that_cannot_be_are_refused(tables: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_capabilities(tables)
    assert caught.value.code == "A202"


def test_a_silent_agent_is_forgotten_after_a_minute_and_a_heartbeat_keeps_it(registry: AgentRegistry, clock: SimulatedClock) -> None:
    add(registry, "silent")
    add(registry, "alive")
    clock.sleep(59)
    assert registry.heartbeat("alive").last_seen_ms == 1_059_000
    clock.sleep(1)
    assert [a.agent_id for a in registry.agents()] == ["silent", "alive"], "exactly a minute is not too long"
    clock.sleep(0.002)
    assert [a.agent_id for a in registry.prune()] == ["silent"]
    assert [a.agent_id for a in registry.agents()] == ["alive"]
    with pytest.raises(InvalidInput) as caught:
        registry.heartbeat("silent")
    assert caught.value.code == "A203"
    clock.sleep(100)
    for call in (registry.heartbeat, registry.get, registry.deregister):
        with pytest.raises(InvalidInput) as caught:
            call("alive")
        assert caught.value.code == "A203"


def test_registering_again_updates_and_keeps_when_it_came(registry: AgentRegistry, clock: SimulatedClock) -> None:
    first = add(registry)
    clock.sleep(10)
    second = add(registry, tables=MOTOR, kind=AgentType.MOTOR)
    assert registry.agents() == (second,)
    assert (second.registered_at_ms, second.last_seen_ms) == (first.registered_at_ms, first.last_seen_ms + 10_000)
    assert second.agent_type is AgentType.MOTOR
    clock.sleep(70)
    assert add(registry).registered_at_ms == 1_080_000, "after it was forgotten it is new"


def test_no_more_than_a_hundred_agents_and_those_who_left_make_room(registry: AgentRegistry, clock: SimulatedClock) -> None:
    for i in range(100):
        add(registry, f"agent{i}")
    add(registry, "agent7")
    with pytest.raises(InvalidInput) as caught:
        add(registry, "one more")
    assert caught.value.code == "A201"
    registry.deregister("agent3")
    add(registry, "one more")
    clock.sleep(61)
    add(registry, "another")
    assert [a.agent_id for a in registry.agents()] == ["another"]


def test_no_agent_is_granted_a_higher_rate_than_the_brain_has(registry: AgentRegistry) -> None:
    assert add(registry).rate_hz == 30
    assert add(registry, tables={"sensory": {"rate_hz": 400}}).rate_hz == 50
    assert add(registry, tables=MOTOR, kind=AgentType.MOTOR).rate_hz == 0


def ask(registry: AgentRegistry, method: str, path: str, **body: Any) -> Any:
    return json.loads(answer(registry, json.dumps({"method": method, "path": f"/v1/agent/{path}", "body": body}).encode()))


def test_the_control_channel_registers_keeps_and_lets_go(registry: AgentRegistry, clock: SimulatedClock) -> None:
    body = {"agent_id": "cam", "agent_type": "sensory", "capabilities": {**VISION, "gps": 1}, "metadata": {"who": "me"}}
    told = ask(registry, "POST", "register", **body, chosen_transport="zmq")
    assert told["status"] == 200
    assert told["body"]["capabilities"] == {**VISION, "gps": 1}
    assert told["body"]["metadata"] == {"who": "me"}
    clock.sleep(30)
    assert ask(registry, "POST", "heartbeat", agent_id="cam")["body"]["last_seen"] == 1_030_000
    assert ask(registry, "DELETE", "deregister", agent_id="cam")["status"] == 200
    assert ask(registry, "DELETE", "deregister", agent_id="cam") == {
        "status": 404, "body": {"code": "A203", "message": "no agent 'cam' is registered"}}  # fmt: skip
    assert registry.agents() == ()


@pytest.mark.parametrize("request_", [
    b"", b"{", b"[]", b"3", b"\xff", b"[" * 60_000, b'{"a":' * 20_000, b"x" * 70_000, b'{"body": 3}', b'{"body": {}}',
    b'{"body": {"agent_id": 5}}', b'{"method": "GET", "path": "/", "body": {"agent_id": "x"}}',
    b'{"method": {}, "path": [], "body": {"agent_id": "x"}}',
])  # fmt: skip
def test_requests_that_are_none_are_answered_with_an_error(registry: AgentRegistry, request_: bytes) -> None:
    told = json.loads(answer(registry, request_))
    assert told["status"] in (400, 404)
    assert told["body"]["code"].startswith("A20")


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize("field", [
    '"agent_id": ""', '"agent_id": "a\\nb"', '"agent_type": "boss"', '"agent_type": []', '"capabilities": 3', '"metadata": 3',
    '"metadata": [1]', '"chosen_transport": "pigeon"', '"chosen_transport": {}', '"metadata": {"x": NaN}', '"metadata": {"x": 1e999}',
    f'"metadata": {{"x": {nested(30)}}}', f'"metadata": {{"x": {nested(900)}}}', f'"chosen_transport": {nested(900)}',
    f'"capabilities": {{"sensory": {{"rate_hz": {nested(900)}}}}}',
    f'"capabilities": {{"sensory": {{"rate_hz": 3}}, "x": {nested(900)}}}',
])  # fmt: skip
def test_registrations_that_cannot_be_change_nothing(registry: AgentRegistry, field: str) -> None:
    good = '"agent_id": "x", "agent_type": "sensory", "capabilities": {"sensory": {"rate_hz": 3}}'
    request = f'{{"method": "POST", "path": "/v1/agent/register", "body": {{{good}, {field}}}}}'
    told = json.loads(answer(registry, request.encode()))
    assert (told["status"], told["body"]["code"]) == (400, "A202")
    assert registry.agents() == ()


def test_random_damage_of_a_request_is_answered(registry: AgentRegistry) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    body = {"agent_id": "x", "agent_type": "both", "capabilities": {**SENSORY, **MOTOR}, "metadata": {"a": [1, 2]}}
    whole = json.dumps({"method": "POST", "path": "/v1/agent/register", "body": body}).encode()
    seen = set()
    for _ in range(4000):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 1, 2, 4])):
            at = chance.randrange(len(data))
            data[at : at + chance.choice([0, 1, 1, 3])] = chance.choice([chance.randbytes(1), b"9", b"-", b'"', b"{", b"]", b"null", b","])
        told = json.loads(answer(registry, bytes(data)))
        seen.add(told["status"])
    assert seen <= {200, 400, 404}
    assert len(seen) == 3
