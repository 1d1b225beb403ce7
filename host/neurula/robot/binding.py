"""A robot's mapping against a brain: which voxels each device has, and every way in which the two do not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from neurula.error_codes import CODES
from neurula.errors import InvalidInput
from neurula.genome import Problem
from neurula.robot.coders import ChangedPixels, Coder, Image, Increment, Signed, Size
from neurula.robot.coders.image import WHITE
from neurula.robot.families import FAMILIES, coder_of, column_of, width_of
from neurula.robot.kinds import ABSOLUTE, INCREMENTAL, Kind, Layout, Part, kinds
from neurula.robot.mapping import Device, RobotMapping
from neurula.robot.shape import AreaShape, BrainShape

GROUPS = {"sensor": "IPU", "motor": "OPU"}


@dataclass(frozen=True, slots=True)
class BoundPart:
    """One area of one device. x: where its channel begins; signed: the coder takes -1 to 1."""

    name: str
    area: int
    x: int
    coder: Coder
    coding: str
    family: str

    @property
    def signed(self) -> bool:
        return self.family == "signed"


@dataclass(frozen=True, slots=True)
class BoundDevice:
    """A device whose voxels are known."""

    device: Device
    kind: Kind
    parts: tuple[BoundPart, ...]
    range: tuple[float, float]

    @property
    def name(self) -> str:
        return self.device.name

    def unit_of(self, part: BoundPart, value: Any) -> Any:
        """A value in its own unit -> what the part's coder takes. Only numbers have a range."""
        if part.family not in ("number", "signed", "profile"):
            return value
        return map_numbers(value, lambda number: (number - self.range[0]) / (self.range[1] - self.range[0]), part.signed)

    def value_of(self, part: BoundPart, unit: Any) -> Any:
        """What a coder has read -> a value in its own unit; None and switches stay."""
        if unit is None or part.family not in ("number", "signed", "profile") or isinstance(unit, bool):
            return unit
        low, high = self.range
        if isinstance(unit, tuple):
            return tuple(self.value_of(part, number) for number in unit)
        share = (unit + 1) / 2 if part.signed else unit
        return low + share * (high - low)


@dataclass(frozen=True, slots=True)
class BoundRobot:
    """A mapping that fits a brain."""

    mapping: RobotMapping
    shape: BrainShape
    devices: tuple[BoundDevice, ...]

    @property
    def sensors(self) -> tuple[BoundDevice, ...]:
        return tuple(device for device in self.devices if device.device.way == "sensor")

    @property
    def motors(self) -> tuple[BoundDevice, ...]:
        return tuple(device for device in self.devices if device.device.way == "motor")


def map_numbers(value: Any, share_of: Any, signed: bool) -> Any:
    """Every number of a value from its range to 0..1, or to -1..1."""
    if hasattr(value, "__len__") and not isinstance(value, (str, bytes)):
        return tuple(map_numbers(number, share_of, signed) for number in value)
    share = share_of(float(value))
    return 2 * share - 1 if signed else share


def bind(mapping: RobotMapping, shape: BrainShape) -> BoundRobot:
    """The robot on that brain. InvalidInput M201 to M206, the first of all problems, if it does not fit."""
    bound, problems = try_bind(mapping, shape)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise InvalidInput(first.code, first.message + more, where=first.path, remedy=first.remedy)
    return bound


def check_robot(mapping: RobotMapping, shape: BrainShape) -> tuple[Problem, ...]:
    """Everything that is wrong (errors) or odd (warnings) about a robot and a brain together, in the order of the file."""
    return try_bind(mapping, shape)[1]


def try_bind(mapping: RobotMapping, shape: BrainShape) -> tuple[BoundRobot, tuple[Problem, ...]]:
    """What fits, and what does not."""
    problems = list(rate_problems(mapping, shape))
    devices: list[BoundDevice] = []
    for device in mapping.devices:
        kind = kinds()[device.kind]
        parts = []
        for part in kind.parts:
            try:
                parts.append(bind_part(device, kind, part, shape))
            except InvalidInput as error:
                remedy = error.remedy or CODES[error.code][1]
                problems.append(Problem(error.code, "error", device.place, error.message, remedy))
                continue
            problems += direction_problems(device, shape.areas[parts[-1].area])
        if len(parts) == len(kind.parts):
            devices.append(BoundDevice(device, kind, tuple(parts), device.range or kind.range))
    problems += overlap_problems(devices, shape)
    return BoundRobot(mapping, shape, tuple(devices)), tuple(problems)


def bind_part(device: Device, kind: Kind, part: Part, shape: BrainShape) -> BoundPart:
    """One area of a device. InvalidInput M201 to M204."""
    area = shape.areas[index := area_of(device, kind, part, shape)]
    layout = part.layout_of(area.id)
    coding = device.coding or layout.coding
    allowed = FAMILIES[layout.family].codings
    if device.coding and device.coding not in allowed:
        names = f"has the coding {', '.join(allowed)}" if allowed else "has no coding to choose"
        raise InvalidInput("M203", f"a {kind.name} in area {area.id!r} {names}, not {device.coding}", remedy="Remove the key coding.")
    if area.dims[2] == 1 and not device.coding and layout.family in ("number", "signed"):
        coding = layout.flat
    incremental = frame_of(device, layout, coding) == INCREMENTAL
    width = channel_width(device, layout, area, incremental)
    x = width * device.channel
    if x + width > area.dims[0]:
        have = area.dims[0] // width
        raise InvalidInput(
            "M204",
            f"{device.name!r} is channel {device.channel} of area {area.id!r}, which has {have} of {width} voxels along x",
            remedy=f"Channels count from 0; the last one here is {have - 1}." if have else "Make the area wider.",
        )
    size = device.size if device.size and FAMILIES[layout.family].whole else (width, *area.dims[1:])
    if size[1] > area.dims[1] or size[2] > area.dims[2]:
        message = f"size {list(size)} is larger than area {area.id!r} of {list(area.dims)}"
        raise InvalidInput("M203", message, remedy="Correct the key size.")
    try:
        coder = part_coder(device, layout, coding, size, incremental)
    except ValueError as problem:
        raise InvalidInput("M203", f"{device.name!r} does not fit area {area.id!r} of {list(area.dims)}: {problem}") from None
    return BoundPart(part.name, index, x, coder, coding, layout.family)


def frame_of(device: Device, layout: Layout, coding: str) -> str:
    """What the file says, else the layout's own, which areas without depth cannot have."""
    return device.frame or (ABSOLUTE if coding in ("rate", "boolean") else layout.frame)


def part_coder(device: Device, layout: Layout, coding: str, size: Size, incremental: bool) -> Coder:
    """The coder of a channel. ValueError if the size cannot hold it."""
    if incremental and layout.family in ("number", "signed"):
        if size[1] != 1 or coding not in ("linear", "rising", "fractional"):
            raise ValueError("changes of a number need a height of 1 and a coding with levels")
        return Increment(Signed(column_of(coding, size[2]), layout.components), -1.0 if layout.family == "signed" else 0.0)
    full = WHITE if device.way == "sensor" else device.full
    coder = coder_of(layout.family, coding, layout.components, layout.rows, size, full)
    return ChangedPixels(coder) if incremental and isinstance(coder, Image) else coder


def channel_width(device: Device, layout: Layout, area: AreaShape, incremental: bool) -> int:
    """Voxels along x of a channel. InvalidInput M203 where only the file could say it."""
    family = FAMILIES[layout.family]
    if layout.family in ("number", "signed"):
        return width_of("signed" if incremental else layout.family, layout.components, layout.rows)
    if not family.whole:
        return layout.size[0]
    if device.size:
        return device.size[0]
    if device.channel:
        message = f"how wide a channel of area {area.id!r} is must be said"
        raise InvalidInput("M203", message, remedy="Write size = [x, y, z] of one channel.")
    return area.dims[0]


def area_of(device: Device, kind: Kind, part: Part, shape: BrainShape) -> int:
    """Index of the area: the one that the file names, else the only one of the brain that belongs to the kind. InvalidInput M201, M202."""
    which = f" ({part.name})" if part.name else ""
    written = device.areas.get(part.name)
    if written is not None:
        index = shape.find(written)
        if index is None:
            like = get_close_matches(written, [area.id for area in shape.areas], n=3)
            hint = f"; perhaps {', '.join(like)}" if like else ""
            raise InvalidInput("M201", f"the {shape.source} has no area {written[:60]!r} for {device.name!r}{which}{hint}")
        return index
    own = [i for i, area in enumerate(shape.areas) if part.owns(area.id)]
    if not own:
        ids = " or ".join(f"{i!r}" for layout in part.layouts for i in layout.ids)
        raise InvalidInput("M201", f"the {shape.source} has no area for {device.name!r}{which}: a {kind.name} lives in {ids}")
    if len(own) > 1:
        found = ", ".join(shape.areas[i].id for i in own)
        raise InvalidInput("M202", f"the {shape.source} has several areas for {device.name!r}{which}: {found}")
    return own[0]


def direction_problems(device: Device, area: AreaShape) -> Iterator[Problem]:
    """A sensor on an output area, a motor on an input area."""
    wrong = GROUPS["motor" if device.way == "sensor" else "sensor"]
    if area.group == wrong:
        message = f"{device.name!r} is a {device.way}, but area {area.id!r} is an {'output' if wrong == 'OPU' else 'input'} of the brain"
        yield Problem("M205", "error", device.place, message, "Name another area, or move the device to the other table.")


def overlap_problems(devices: Sequence[BoundDevice], shape: BrainShape) -> Iterator[Problem]:
    """Two sensors that write the same voxels. Motors may share what they read."""
    taken: dict[int, list[tuple[int, int, str]]] = {}
    for bound in devices:
        if bound.device.way != "sensor":
            continue
        for part in bound.parts:
            first, last = part.x, part.x + part.coder.size[0]
            others = taken.setdefault(part.area, [])
            clash = next((name for a, b, name in others if a < last and first < b and name != bound.name), None)
            others.append((first, last, bound.name))
            if clash is not None:
                message = f"{bound.name!r} and {clash!r} write the same voxels of area {shape.areas[part.area].id!r}"
                yield Problem("M206", "error", bound.device.place, message, "Give them different channels.")
                break


def rate_problems(mapping: RobotMapping, shape: BrainShape) -> Iterator[Problem]:
    """Rates that cannot be kept."""
    brain = mapping.rate_hz or shape.rate_hz
    if mapping.rate_hz and shape.rate_hz and abs(mapping.rate_hz - shape.rate_hz) > 0.01 * shape.rate_hz:
        message = f"the robot runs {mapping.rate_hz:g} bursts a second, the {shape.source} was made for {shape.rate_hz:g}"
        yield Problem("M207", "warning", mapping.place, message, "Whatever learns or leaks behaves as at another speed.")
    for device in mapping.devices:
        if brain and device.rate_hz and device.rate_hz > brain:
            message = f"{device.name!r} speaks {device.rate_hz:g} times a second, the brain listens {brain:g} times"
            yield Problem("M207", "warning", device.place, message, "Lower rate_hz: what comes in between is lost.")
