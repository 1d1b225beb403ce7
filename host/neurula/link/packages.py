"""The packages of the extra `neurula[link]`, imported when first needed and missed in plain words."""

from __future__ import annotations

import importlib
from typing import Any

from neurula.errors import DeviceNotFound


def require(module: str, package: str) -> Any:
    """The imported module; DeviceNotFound L113 when its PyPI package is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as problem:
        raise DeviceNotFound("L113", f"this needs the package {package}, which is not usable here: {problem}") from problem
