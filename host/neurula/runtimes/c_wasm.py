"""The C runtime as a WebAssembly module, as a browser would run it; here by wasmtime, which counts what it executes."""

from __future__ import annotations

import atexit
from functools import lru_cache
from typing import Any

from neurula.errors import LinkLost, VerificationFailed
from neurula.runtimes.c_build import build_module
from neurula.sim.cpu import unmappable
from neurula.sim.packages import require

PAGE = 1 << 16
LIMIT = 2_000_000_000


class WasmProcessor:
    """The module with a memory that grows as far as it is asked to; the cost is in WebAssembly instructions.

    Accesses are checked against the whole memory, which is all that WebAssembly does."""

    def __init__(self) -> None:
        self._wasmtime = require("wasmtime", "wasmtime")
        engine, module = compiled()
        self._store = self._wasmtime.Store(engine)
        exports = self._wasmtime.Instance(self._store, module, []).exports(self._store)
        self._memory: Any = exports["memory"]
        self._entry: Any = exports["entry"]
        self._cost = 0

    def map_flash(self, address: int, content: bytes) -> None:
        self.map_ram(address, len(content))
        self.write(address, content)

    def map_ram(self, address: int, size: int) -> None:
        """Raises InvalidInput S135 where this computer does not give so much."""
        lacking = -(-(address + size) // PAGE) - self._memory.size(self._store)
        if lacking > 0:
            try:
                self._memory.grow(self._store, lacking)
            except self._wasmtime.WasmtimeError:
                raise unmappable(address, size) from None

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._memory.read(self._store, address, address + size))

    def write(self, address: int, data: bytes) -> None:
        self._memory.write(self._store, data, address)

    def enter(self, argument: int) -> int:
        self._store.set_fuel(LIMIT)
        try:
            result = int(self._entry(self._store, argument))
        except self._wasmtime.Trap as trap:
            if trap.trap_code == self._wasmtime.TrapCode.OUT_OF_FUEL:
                raise LinkLost("S132", f"the C runtime executed more than {LIMIT} instructions") from None
            raise VerificationFailed("S131", f"the C runtime stopped: {trap.message.splitlines()[0]}") from None
        self._cost = LIMIT - self._store.get_fuel()
        return result

    def cost(self) -> int:
        return self._cost

    def close(self) -> None:
        """Nothing to give back."""


@lru_cache
def compiled() -> tuple[Any, Any]:
    """Engine and module for this process. Raises DeviceNotFound R103, R104, R105, S105."""
    wasmtime = require("wasmtime", "wasmtime")
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    atexit.register(compiled.cache_clear)  # wasmtime's objects cannot end after its library
    return engine, wasmtime.Module.from_file(engine, str(build_module()))
