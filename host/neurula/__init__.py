"""Neurula grows a spiking brain from a genome and runs it, bit for bit the same, from a laptop to a microcontroller.

    genome = neurula.read_genome("genome.json")
    program = neurula.lower(neurula.develop(genome).connectome)
    runtime = neurula.open_runtime("npu", neurula.write_image(program))

These names are imported when they are first used, so that `import neurula` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurula.compiler import lower, write_image
    from neurula.development import develop
    from neurula.genome import read_genome
    from neurula.runtimes import open_runtime

__version__ = "0.1.0"
__all__ = ["__version__", "develop", "lower", "open_runtime", "read_genome", "write_image"]

_HOMES = {
    "develop": "neurula.development",
    "lower": "neurula.compiler",
    "open_runtime": "neurula.runtimes",
    "read_genome": "neurula.genome",
    "write_image": "neurula.compiler",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'neurula' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
