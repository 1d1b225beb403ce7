"""Program -> bytes. Writing takes no decision: it places the sections and turns section-relative numbers into offsets."""

from __future__ import annotations

import hashlib
import struct
from zlib import crc32

import numpy as np

from neurula.compiler.program import AreaProgram, GroupProgram, Program
from neurula_npu.schema import FINGERPRINT, MAGIC, RECORDS, ROWS_U16, ROWS_U32, SECTIONS, VERSION

HEADER = 4 * len(RECORDS["HEADER"])
AREA = 4 * len(RECORDS["AREA"])
GROUP = 4 * len(RECORDS["GROUP"])


def write_image(program: Program, *, pins: bytes = b"") -> bytes:
    """The image of a program. pins: the optional section of that name, left out if empty. The same input always gives the same bytes."""
    tags = (*SECTIONS, "pins") if pins else SECTIONS
    sizes = {**section_sizes(program), "pins": len(pins)}
    starts = {}
    at = HEADER + 16 * len(tags) + 4
    for tag in tags:
        starts[tag] = at
        at += (sizes[tag] + 3) // 4 * 4
    parts = {**section_bytes(program, starts), "pins": pins}
    total = at + 32
    table = b""
    for tag in tags:
        assert len(parts[tag]) == sizes[tag], tag
        table += struct.pack("<4sIII", tag.encode(), starts[tag], sizes[tag], crc32(parts[tag]))
    front = header_bytes(program, total, len(tags)) + table
    body = b"".join(parts[tag] + bytes(-sizes[tag] % 4) for tag in tags)
    image = front + struct.pack("<I", crc32(front)) + body
    return image + hashlib.sha256(image).digest()


def header_bytes(program: Program, total: int, sections: int) -> bytes:
    ram = program.ram
    values = {
        "magic": int.from_bytes(MAGIC, "little"), "version": VERSION, "fingerprint": FINGERPRINT, "total_bytes": total,
        "features": program.features, "ram_bytes": ram.total, "neurons": program.neurons, "synapses": program.synapses,
        "areas": len(program.areas), "groups": len(program.groups), "rows": len(program.directory),
        "plastics": len(program.plastics), "slots": ram.slots, "sections": sections, "inits": len(program.inits),
        "input_end": ram.input_end, "bits_at": ram.bits_at, "slot_bytes": ram.slot_bytes, "seen_at": ram.seen_at,
        "weights_at": ram.weights_at, "weights_end": ram.weights_end,
    }
    return struct.pack(f"<{len(values)}I", *(values[name] for name in RECORDS["HEADER"]))


def section_sizes(program: Program) -> dict[str, int]:
    return {
        "AREA": AREA * len(program.areas),
        "GRUP": GROUP * len(program.groups),
        "RDIR": 4 * len(program.directory),
        "ROWS": program.rows.nbytes,
        "RTAB": sum(table_size(g) for g in program.groups),
        "THRS": sum(0 if a.thresholds is None else a.thresholds.nbytes for a in program.areas),
        "PLAS": 4 * len(RECORDS["PLASTIC"]) * len(program.plastics),
        "DATA": program.weights.nbytes,
        "INIT": 4 * len(RECORDS["INIT"]) * len(program.inits),
        "NAME": len(name_bytes(program.areas)),
    }


def table_size(group: GroupProgram) -> int:
    return 0 if isinstance(group.rows, int) else (group.rows.nbytes + 3) // 4 * 4


def section_bytes(program: Program, starts: dict[str, int]) -> dict[str, bytes]:
    areas, thresholds, at = [], [], starts["THRS"]
    for area in program.areas:
        fields = dict(area.fields)
        if area.thresholds is not None:
            fields["thresholds_at"] = at
            thresholds.append(area.thresholds.astype("<i4").tobytes())
            at += area.thresholds.nbytes
        areas.append(struct.pack("<32i", *(fields[name] for name in RECORDS["AREA"])))
    groups, tables, at = [], [], starts["RTAB"]
    for group in program.groups:
        rows_at = group.rows
        if not isinstance(rows_at, int):
            width = {ROWS_U16: "<u2", ROWS_U32: "<u4"}[group.rows_kind]
            table = np.asarray(rows_at).astype(width).tobytes()
            tables.append(table + bytes(-len(table) % 4))
            rows_at, at = at, at + table_size(group)
        source = starts["AREA"] + AREA * group.area
        target = starts["AREA"] + AREA * group.target if group.target >= 0 else 0
        groups.append(struct.pack("<8I", source, group.delay, group.rows_kind, rows_at, group.pending_at, target, group.phase_at, 0))
    plastics = [
        struct.pack("<8i", starts["GRUP"] + GROUP * p.group, p.window, p.step_up, p.step_down, p.weight_max, 0, 0, 0)
        for p in program.plastics
    ]
    inits = [struct.pack("<IIIi", i.ram_at, i.words, starts["DATA"] if i.copy else 0, i.value) for i in program.inits]
    directory = np.where(program.directory >= 0, program.directory + starts["ROWS"], 0)
    return {
        "AREA": b"".join(areas), "GRUP": b"".join(groups), "RDIR": directory.astype("<u4").tobytes(),
        "ROWS": program.rows.astype("<u4").tobytes(), "RTAB": b"".join(tables), "THRS": b"".join(thresholds),
        "PLAS": b"".join(plastics), "DATA": program.weights.astype("<i4").tobytes(), "INIT": b"".join(inits),
        "NAME": name_bytes(program.areas),
    }


def name_bytes(areas: tuple[AreaProgram, ...]) -> bytes:
    texts = [text[:16383].encode("utf-8", "replace") for area in areas for text in (area.id, area.name)]  # at most 4 bytes a character
    return b"".join(struct.pack("<H", len(text)) + text for text in texts)
