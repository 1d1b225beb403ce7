"""The section physiology, and how long a burst is."""

from __future__ import annotations

from collections.abc import Iterator

from neurula.genome.checks.context import Check, Context
from neurula.genome.model import Fix, Problem
from neurula.genome.problems import error, pointer, quote, warning
from neurula.genome.values import finite_number

DEFAULT_TIMESTEP, SLOW_TIMESTEP = 0.025, 1.0  # seconds
MILLISECONDS = 1000
POSITIVE = {"max_age": 10_000_000, "plasticity_queue_depth": 3}  # key -> FEAGI's default
PRECISIONS = ("fp32", "fp16", "int8")
ALIASES = {"f32": "fp32", "float32": "fp32", "f16": "fp16", "float16": "fp16", "i8": "int8"}
DEFAULT_PRECISION = "int8"  # what FEAGI's own repair writes for a word that it does not know


def check_timestep(context: Context) -> Iterator[Problem]:
    """Seconds of a burst; files without it run at the default."""
    key = "simulation_timestep"
    written = context.genome.physiology.get(key)
    if written is None:
        return
    place = place_of(context, key) or place_of(context, "burst_delay")
    seconds = finite_number(written)
    if seconds is None or seconds <= 0:
        yield error("G228", place, f"{quote(written)} is no duration of a burst", Fix("set", DEFAULT_TIMESTEP))
    elif seconds > SLOW_TIMESTEP:
        meant = seconds / MILLISECONDS
        fix = Fix("set", meant if meant <= SLOW_TIMESTEP else DEFAULT_TIMESTEP)
        yield warning("G244", place, f"a burst of {seconds:g} s; is it milliseconds?", fix)


def check_counts(context: Context) -> Iterator[Problem]:
    """Numbers of bursts that FEAGI needs to be at least 1."""
    for key, default in POSITIVE.items():
        written = context.genome.physiology.get(key)
        number = finite_number(written)
        if written is not None and (number is None or number <= 0):
            yield warning("G245", place_of(context, key), f"{key} is {quote(written)}", Fix("set", default))


def check_precision(context: Context) -> Iterator[Problem]:
    key = "quantization_precision"
    written = context.genome.physiology.get(key)
    if written is None or written in PRECISIONS:
        return
    meant = ALIASES.get(written.strip().lower(), written.strip().lower()) if isinstance(written, str) else ""
    if meant in PRECISIONS:
        yield warning("G238", place_of(context, key), f"precision {quote(written)} is another word for {meant}", Fix("set", meant))
    else:
        yield error("G237", place_of(context, key), f"there is no precision {quote(written)}", Fix("set", DEFAULT_PRECISION))


def place_of(context: Context, key: str) -> str:
    """JSON pointer of a key that older files write at the top level; "" where it is in neither place."""
    section = context.genome.document.get("physiology")
    if isinstance(section, dict) and key in section:
        return pointer("physiology", key)
    return pointer(key) if key in context.genome.document else ""


PHYSIOLOGY_CHECKS: tuple[Check, ...] = (check_timestep, check_counts, check_precision)
