"""FEAGI's byte container: several structures in one message. Bytes come from strangers: nothing is copied before it was checked.

Version 4: version u8, counter u16, number of structures u8, agent 8 bytes, a u32 length for each structure, the structures, each
beginning with its type and version. Older ones lack the agent, or have it; which one is told by what the lengths add up to.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

from neurula.errors import InvalidInput

VERSION = 4
OLD_VERSIONS = (1, 2, 3)
STRUCTURES_MAX = 255
CONTAINER_BYTES_MAX = 10 << 20  # FEAGI's own limit of a message
AGENT_BYTES = 8
JSON_TYPE, VOXELS_TYPE = 1, 11
TYPES = (1, 7, 8, 9, 10, 11)  # what FEAGI has ever put into a container
_HEAD = struct.Struct("<BHB")


@dataclass(frozen=True, slots=True)
class Container:
    """structures: whole, with their two bytes of type and version; agent: eight bytes, all zero where none is said."""

    structures: tuple[bytes, ...]
    agent: bytes = bytes(AGENT_BYTES)
    counter: int = 0
    version: int = VERSION

    def of_type(self, kind: int) -> list[bytes]:
        """The structures of one type."""
        return [structure for structure in self.structures if structure[0] == kind]


def write_container(container: Container) -> bytes:
    """The bytes, always of version 4. ValueError for more than a container can hold."""
    if len(container.structures) > STRUCTURES_MAX or len(container.agent) != AGENT_BYTES:
        raise ValueError(f"a container holds {STRUCTURES_MAX} structures at most and {AGENT_BYTES} bytes of agent")
    lengths = struct.pack(f"<{len(container.structures)}I", *map(len, container.structures))
    head = _HEAD.pack(VERSION, container.counter & 0xFFFF, len(container.structures))
    return head + container.agent + lengths + b"".join(container.structures)


def read_container(data: bytes) -> Container:
    """The container of some bytes, all of which must belong to it. InvalidInput A101, A102."""
    if len(data) > CONTAINER_BYTES_MAX:
        raise InvalidInput("A101", f"a container of {len(data):,} bytes is larger than {CONTAINER_BYTES_MAX >> 20} MB")
    if len(data) < _HEAD.size:
        raise InvalidInput("A101", f"{len(data)} bytes are no container")
    version, counter, count = _HEAD.unpack_from(data)
    if version == VERSION:
        return Container(cut(data, count, AGENT_BYTES), data[_HEAD.size : _HEAD.size + AGENT_BYTES], counter, version)
    if version not in OLD_VERSIONS:
        raise InvalidInput("A102", f"a container of version {version} is not known", where="byte 0")
    readings = []
    for agent_bytes in (0, AGENT_BYTES):
        try:
            agent = data[_HEAD.size : _HEAD.size + agent_bytes].ljust(AGENT_BYTES, b"\0")
            readings.append(Container(cut(data, count, agent_bytes), agent, counter, version))
        except InvalidInput as error:
            problem = error
    if not readings:
        raise problem
    if len(readings) > 1:
        raise InvalidInput("A102", f"a container of version {version} can be read with and without an agent", where="byte 4")
    return readings[0]


def cut(data: bytes, count: int, agent_bytes: int) -> tuple[bytes, ...]:
    """The structures behind a head with so many bytes of agent. InvalidInput A101."""
    lengths_at = _HEAD.size + agent_bytes
    at = lengths_at + 4 * count
    if len(data) < at:
        raise InvalidInput("A101", f"a container of {count} structures ends after {len(data)} bytes", where=f"byte {len(data)}")
    lengths = struct.unpack_from(f"<{count}I", data, lengths_at)
    if at + sum(lengths) != len(data):
        raise InvalidInput("A101", f"the structures need {sum(lengths):,} bytes, there are {len(data) - at:,}", where=f"byte {at}")
    structures = []
    for length in lengths:
        structure = bytes(data[at : at + length])
        if length < 2 or structure[0] not in TYPES:
            raise InvalidInput("A101", "a structure has no type that is known", where=f"byte {at}")
        structures.append(structure)
        at += length
    return tuple(structures)


def json_structure(value: Any) -> bytes:
    """A structure that holds JSON."""
    return bytes((JSON_TYPE, 1)) + json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def read_json_structure(structure: bytes) -> Any:
    """What a structure of JSON says. InvalidInput A101."""
    try:
        if structure[:1] != bytes((JSON_TYPE,)):
            raise ValueError("it is of another type")
        return json.loads(structure[2:].decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise InvalidInput("A101", f"a structure is not JSON: {str(problem)[:100]}") from None
