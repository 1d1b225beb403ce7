# Types of the generated loader, whose one source serves CPython and MicroPython.
from typing import Any

VERSION: int
FINGERPRINT: int
TRAILER: int
TAGS: tuple[bytes, ...]

class ImageError(ValueError):
    code: str
    message: str
    at: int
    def __init__(self, code: str, message: str, at: int = 0) -> None: ...

def word(data: Any, at: int) -> int: ...
def uword(data: Any, at: int) -> int: ...

class Image:
    data: Any
    ram_bytes: int
    neurons: int
    synapses: int
    areas: int
    groups: int
    rows: int
    plastics: int
    inits: int
    slots: int
    input_end: int
    bits_at: int
    slot_bytes: int
    seen_at: int
    weights_at: int
    weights_end: int
    claimed: int
    sources: int
    used: int
    sections: dict[str, tuple[int, int]]
    optional: dict[str, tuple[int, int]]
    def __init__(self, data: Any, ram_limit: int) -> None: ...
    def check_hash(self) -> None: ...
    def read_sections(self, total: int) -> None: ...
    def area_at(self, index: int) -> int: ...
    def start(self, ram: bytearray) -> None: ...
    def row_bounds(self) -> tuple[int, int, int, int]: ...
    def names(self) -> list[tuple[str, str]]: ...
