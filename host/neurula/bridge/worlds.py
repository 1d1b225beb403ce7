"""A world by its name, as Python would import it: MODULE:CLASS."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from neurula.bridge.bodies import World
from neurula.errors import NeurulaError, UsageError

NEEDS = ("sense", "act", "step")


def make_world(name: str, seed: int) -> World:
    """Makes the class without arguments, and resets it to the seed if it can be. UsageError W107.

    It is looked for in the current folder too, and its code is run: name only what you would run yourself."""
    module_name, _, class_name = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        world = getattr(importlib.import_module(module_name), class_name)()
        if hasattr(world, "reset"):
            world.reset(seed)
    except NeurulaError:
        raise
    except SystemExit as problem:  # a package that it needs is missing, say
        raise UsageError("W107", str(problem), where=name) from None
    except Exception as problem:
        raise UsageError("W107", f"{type(problem).__name__}: {str(problem)[:200]}", where=name) from None
    lacking = [method for method in NEEDS if not callable(getattr(world, method, None))]
    if lacking:
        raise UsageError("W107", f"this class has no {', '.join(lacking)}", where=name)
    made: World = world
    return made
