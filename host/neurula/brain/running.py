"""A brain that runs: loading an image with a state that was kept, and taking a state over into another image."""

from __future__ import annotations

from neurula.errors import VerificationFailed
from neurula_npu import Brain, ImageError
from neurula_npu.schema import RECORDS

_HEADER_BYTES = 4 * len(RECORDS["RAM"])
_TIME_BYTES = 8  # burst and slot, the only words of the header that a burst changes
_SLOT_AT = 4 * RECORDS["RAM"].index("slot")
_SAME_HEADER = ("ram_bytes", "features", "slots", "input_end", "bits_at", "slot_bytes", "seen_at", "weights_at", "weights_end")
_SAME_AREA = (
    *("neurons", "input_at", "bits_at", "potentials_at", "stamps_at", "counts_at", "psps_at", "values_at"),
    *("count_bits", "gain", "scale_num", "scale_den"),
)
_GROUP = RECORDS["GROUP"]
_SAME_GROUP = ("area_at", "delay", "pending_at", "target_at", "phase_at")
_SAME_SECTIONS = ("INIT", "PLAS", "DATA")


def load_image(image: bytes, state: bytes | None = None) -> Brain:
    """A brain before its first burst, or in a state that an earlier one of the same image was in. Raises
    VerificationFailed for an image or a state that cannot be trusted."""
    try:
        brain = Brain(image)
    except ImageError as error:
        raise VerificationFailed(error.code, error.message, where=f"byte {error.at}") from None
    if state is None:
        return brain
    slot = int.from_bytes(state[_SLOT_AT : _SLOT_AT + 4], "little")
    fixed = slice(_TIME_BYTES, _HEADER_BYTES)
    if len(state) != len(brain.ram) or state[fixed] != brain.ram[fixed] or slot >= brain.image.slots:
        raise VerificationFailed("H205", "the state is not one of this image", remedy="Use the image that it was taken with.")
    brain.ram[:] = state
    return brain


def carried_over(old: Brain, new: Brain) -> bool:
    """Gives the new brain the state of the old one if both keep it alike, in place and in unit; says whether."""
    if not _alike(old, new):
        return False
    new.ram[:_TIME_BYTES] = old.ram[:_TIME_BYTES]
    new.ram[_HEADER_BYTES:] = old.ram[_HEADER_BYTES:]
    return True


def _alike(old: Brain, new: Brain) -> bool:
    if old.image.names() != new.image.names() or any(old.header_field(f) != new.header_field(f) for f in _SAME_HEADER):
        return False
    areas = range(old.image.areas)
    if any(old.area_field(area, f) != new.area_field(area, f) for area in areas for f in _SAME_AREA):
        return False
    return _groups(old) == _groups(new) and all(_section(old, tag) == _section(new, tag) for tag in _SAME_SECTIONS)


def _groups(brain: Brain) -> list[tuple[int, ...]]:
    data = _section(brain, "GRUP")
    size = 4 * len(_GROUP)
    first = brain.image.sections["AREA"][0]
    found = []
    for start in range(0, len(data), size):
        words = {f: int.from_bytes(data[start + 4 * i : start + 4 * i + 4], "little") for i, f in enumerate(_GROUP)}
        words |= {f: words[f] - first if words[f] else 0 for f in ("area_at", "target_at")}
        found.append(tuple(words[f] for f in _SAME_GROUP))
    return found


def _section(brain: Brain, tag: str) -> bytes:
    offset, size = brain.image.sections[tag]
    return bytes(brain.image.data[offset : offset + size])
