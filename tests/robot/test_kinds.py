"""Every kind of the catalogue, in every way to write its area: what goes in comes out within one step, and stays in its channel."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from neurula.robot import bind, kinds, parse_mapping
from neurula.robot.binding import BoundDevice, BoundPart
from neurula.robot.coders import Increment
from neurula.robot.families import FAMILIES
from neurula.robot.kinds import INCREMENTAL, Kind, Layout
from tests.robot.brains import Sizes, shape_of

CHANNELS = 3


def written(layout: Layout, which: int) -> str:
    """An id of the layout: classic as it stands, present ones with their eight bytes."""
    name = layout.ids[min(which, len(layout.ids) - 1)]
    variant = {"number": layout.components, "signed": 4 + layout.components, "image": 9, "block": 10}.get(layout.family, 0)
    return name if len(name) != 4 else f"{name}{chr(variant)}\x00{chr(layout.tile or 0)}\x00"


def cases() -> Iterator[Any]:
    for kind in kinds().values():
        for number in range(max(len(part.layouts) for part in kind.parts)):
            layouts = [part.layouts[min(number, len(part.layouts) - 1)] for part in kind.parts]
            for which in range(max(len(layout.ids) for layout in layouts)):
                yield pytest.param(kind, layouts, which, id=f"{kind.name}-{layouts[0].ids[min(which, len(layouts[0].ids) - 1)]}")


def bound_device(kind: Kind, layouts: list[Layout], which: int, channel: int, depth: int = 0, extra: str = "") -> tuple[BoundDevice, Sizes]:
    """The kind in an area of several channels."""
    sizes: Sizes = {}
    for layout in layouts:
        w, h, d = layout.size
        sizes[written(layout, which)] = (CHANNELS * w, h, depth if depth and d > 1 else d)
    size = "" if not FAMILIES[layouts[0].family].whole else f"size = {list(layouts[0].size)}\n"
    text = f'[{kind.way}s.it]\nkind = "{kind.name}"\nchannel = {channel}\n{size}{extra}'
    if len(kind.parts) > 1 and FAMILIES[layouts[0].family].whole:  # tiles: one channel, as large as its area
        sizes = {written(layout, which): layout.size for layout in layouts}
        text = f'[{kind.way}s.it]\nkind = "{kind.name}"\n'
    return bind(parse_mapping(text.encode()), shape_of(sizes)).devices[0], sizes


def random_value(part: BoundPart, device: BoundDevice, chance: random.Random, seed: int) -> Any:
    """A value of the part in its own unit."""
    w, h, d = part.coder.size
    noise = np.random.default_rng(seed)
    if part.family in ("number", "signed", "profile"):
        components = w * h if part.family == "number" else w // 2 if part.family == "signed" else w
        if isinstance(part.coder, Increment):
            components = w // 2
        low, high = device.range
        numbers = tuple(chance.choice([low, high, low + (high - low) * chance.random()]) for _ in range(components))
        return numbers[0] if components == 1 else numbers
    return {
        "switch": lambda: tuple(chance.random() < 0.5 for _ in range(w * h)) if w * h > 1 else chance.random() < 0.5,
        "image": lambda: noise.integers(0, 256, (h, w, d), dtype=np.uint8),
        "block": lambda: noise.uniform(0.01, 1, (w, h, d)),
        "classes": lambda: noise.integers(-1, d, (h, w)),
        "token": lambda: chance.randrange((1 << d) - 1),
        "choice": lambda: chance.randrange(w * h * d),
        "place": lambda: (chance.random(), chance.random()),
    }[part.family]()


def difference(part: BoundPart, device: BoundDevice, sent: Any, got: Any) -> tuple[float, float]:
    """How far a value is off, and how far it may be."""
    if part.family in ("number", "signed", "profile"):
        if isinstance(got, bool) or (isinstance(got, tuple) and isinstance(got[0], bool)):
            low, high = device.range
            on = np.asarray(got, float)
            return float(np.abs((np.asarray(sent, float) - low) / (high - low) - on).max()), 0.5
        span = abs(device.range[1] - device.range[0]) / (2 if part.signed else 1)
        step = getattr(part.coder, "step", 0.0)
        return float(np.abs(np.asarray(sent, float) - np.asarray(got, float)).max()), step * span
    if part.family == "place":
        return float(np.abs(np.asarray(sent) - np.asarray(got)).max()), part.coder.step  # type: ignore[attr-defined]
    if part.family == "image":
        return float(np.abs(sent.astype(int) - (np.zeros_like(sent) if got is None else got)).max()), 1.0
    return float(not np.array_equal(np.asarray(sent), np.asarray(got))), 0.0


@pytest.mark.parametrize(("kind", "layouts", "which"), list(cases()))
@pytest.mark.parametrize("depth", [0, 7])
def test_a_value_comes_back_within_one_step_and_stays_in_its_channel(kind: Kind, layouts: list[Layout], which: int, depth: int) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    channel = chance.randrange(CHANNELS)
    device, sizes = bound_device(kind, layouts, which, channel, 0 if FAMILIES[layouts[0].family].whole else depth)
    for turn in range(3 if FAMILIES[layouts[0].family].whole else 12):
        for part in device.parts:
            sent = random_value(part, device, chance, seed + turn)
            held: Any = None
            unit = device.unit_of(part, sent)
            for _ in range(4 if isinstance(part.coder, Increment) else 1):
                coder: Any = part.coder
                voxels = coder.encode(unit, held) if isinstance(coder, Increment) else coder.encode(unit)
                held = coder.decode(voxels, held)
                for x, y, z, _ in voxels:
                    w, h, d = list(sizes.values())[part.area]
                    assert 0 <= part.x + x < w
                    assert x < coder.size[0]
                    assert 0 <= y < h
                    assert 0 <= z < d
            got = device.value_of(part, held) if held is not None else device.value_of(part, 0.0) if part.family != "image" else None
            off, step = difference(part, device, sent, got)
            assert off <= step + 1e-6, (part, sent, got)


@pytest.mark.parametrize("name", [kind.name for kind in kinds().values() if INCREMENTAL in kind.frames and kind.parts[0].layouts[0].coding])
def test_a_kind_that_can_say_changes_arrives_at_the_same_value(name: str) -> None:
    kind = kinds()[name]
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    layout = kind.parts[0].layouts[0]
    wide = layout if layout.family == "signed" else Layout(layout.ids, layout.family, (2 * layout.size[0], *layout.size[1:]))
    device, _ = bound_device(kind, [wide], 0, 1, 0, 'frame = "incremental"\n')
    (part,) = device.parts
    coder = part.coder
    assert isinstance(coder, Increment)
    held: Any = None
    for _ in range(10):
        sent = random_value(part, device, chance, seed)
        for _ in range(4):
            held = coder.decode(coder.encode(device.unit_of(part, sent), held), held)
        off, step = difference(part, device, sent, device.value_of(part, held if held is not None else 0.0))
        assert off <= step + 1e-6
