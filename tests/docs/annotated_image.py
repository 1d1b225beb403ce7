"""The example of docs/SPEC.md: a brain of three neurons, its image explained byte by byte, and its first bursts.

Run as a script, it writes the three marked places of the page anew.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome.reader import parse_genome
from neurula_npu import Image, ReferenceBrain
from neurula_npu.schema import RECORDS

SPEC = Path(__file__).parents[2] / "docs" / "SPEC.md"
BURSTS = 12
END = "<!-- end of example -->"
POWER, TICKER, LAMP = "___pwr", "CTickr", "CLamp_"
AREA_GENES: dict[str, dict[str, Any]] = {
    POWER: {"__name-t": "Power", "_group-t": "CORE", "fire_t-f": 0.1},
    TICKER: {"__name-t": "Ticker", "fire_t-f": 2.5, "leak_c-f": 0.25, "refrac-i": 1, "mp_acc-b": True},
    LAMP: {"__name-t": "Lamp"},
}
RULES = {POWER: (TICKER, 1, 1), TICKER: (LAMP, 2, 2), LAMP: (TICKER, -3, 1)}  # destination, multiplier, delay
RECORD_OF = {"AREA": "AREA", "GRUP": "GROUP", "PLAS": "PLASTIC", "INIT": "INIT"}


def example_genome() -> dict[str, Any]:
    """The genome as a document of the flat form."""
    blueprint: dict[str, Any] = {}
    for area, genes in AREA_GENES.items():
        blueprint |= {f"_____10c-{area}-cx-{gene}": value for gene, value in genes.items()}
        destination, multiplier, delay = RULES[area]
        rule = {
            "morphology_id": "block_to_block", "morphology_scalar": [1, 1, 1],
            "postSynapticCurrent_multiplier": multiplier, "plasticity_flag": False, "synaptic_delay_bursts": delay,
        }
        blueprint[f"_____10c-{area}-cx-dstmap-d"] = {destination: [rule]}
    return {"genome_id": "spec-example", "version": "3.0", "blueprint": blueprint}


def build_example(document: dict[str, Any]) -> bytes:
    """The image of a genome document."""
    return write_image(lower(develop(parse_genome(document)).connectome))


def annotate(image: bytes) -> Iterator[str]:
    """One line a field: offset, bytes, name, value. Zero words that follow each other share a line."""
    yield from fields(image, 0, "HEADER", "")
    sections = Image(image, 1 << 20).sections
    table = 4 * len(RECORDS["HEADER"])
    for n, tag in enumerate(sections):
        at = table + 16 * n
        offset, size, crc = struct.unpack_from("<III", image, at + 4)
        yield line(image, at, 16, f"section {tag}", f"at {offset:#06x}, {size} bytes, CRC-32 {crc:#010x}")
    at = table + 16 * len(sections)
    yield line(image, at, 4, "CRC-32 of all above", "")
    for tag, (first, size) in sections.items():
        yield from section(image, tag, first, size)
    yield line(image, len(image) - 32, 32, "SHA-256 of all above", "")


def section(image: bytes, tag: str, first: int, size: int) -> Iterator[str]:
    if tag in RECORD_OF:
        record = RECORD_OF[tag]
        step = 4 * len(RECORDS[record])
        for n in range(size // step):
            yield from fields(image, first + n * step, record, f"{tag}[{n}].")
    elif tag == "RDIR":
        for n in range(size // 4):
            yield line(image, first + 4 * n, 4, f"RDIR[{n}]", f"{word(image, first + 4 * n):#06x}")
    elif tag == "ROWS":
        for n in range(size // 12):  # the example has plain segments only, one a row
            yield from fields(image, first + 12 * n, "SEGMENT", f"row {n + 1} ")
    elif tag == "NAME":
        yield from names(image, first, size)
    else:
        assert not size, tag


def names(image: bytes, first: int, size: int) -> Iterator[str]:
    at = first
    while at < first + size:
        length = int.from_bytes(image[at : at + 2], "little")
        yield line(image, at, 2 + length, "NAME", f"{length}, {image[at + 2 : at + 2 + length].decode()!r}")
        at += 2 + length
    if at % 4:
        yield line(image, at, -at % 4, "padding", "")


def fields(image: bytes, at: int, record: str, prefix: str) -> Iterator[str]:
    waiting: list[str] = []
    for n, name in enumerate((*RECORDS[record], "")):
        here = at + 4 * n
        if name and not any(image[here : here + 4]):
            waiting.append(name)
            continue
        if waiting:
            label = waiting[0] if len(waiting) == 1 else f"{waiting[0]} .. {waiting[-1]}"
            times = f" x{len(waiting)}" if len(waiting) > 1 else ""
            yield f"{here - 4 * len(waiting):04x}  {'00 00 00 00' + times:<47}  {prefix}{label}  0"
            waiting = []
        if name:
            yield line(image, here, 4, prefix + name, meaning(name, word(image, here)))


def meaning(name: str, value: int) -> str:
    if name == "magic":
        return "NRLB"
    return f"{value & 0xFFFFFFFF:#x}" if name == "fingerprint" or name == "base" or name.endswith("_at") else str(value)


def line(image: bytes, at: int, size: int, label: str, value: str) -> str:
    """Long stretches take several lines; only the first is explained."""
    rows = [image[i : min(i + 16, at + size)].hex(" ") for i in range(at, at + size, 16)]
    first = f"{at:04x}  {rows[0]:<47}  {label}  {value}".rstrip()
    return "\n".join([first, *(f"{at + 16 * (n + 1):04x}  {row}" for n, row in enumerate(rows[1:]))])


def word(image: bytes, at: int) -> int:
    return int(struct.unpack_from("<i", image, at)[0])


def burst_table(image: bytes) -> Iterator[str]:
    """Who fires, the ticker's potential and stamp, and the hash of the state."""
    brain = ReferenceBrain(image)
    names = [name for name, _ in brain.image.names()]
    ticker = brain.areas[names.index(TICKER)]
    yield "| burst | fired | ticker's potential | ticker's stamp | hash of the state |"
    yield "|---|---|---|---|---|"
    yield f"| 0 |  | 0 | 0 | `{brain.state_hash():#010x}` |"
    for _ in range(BURSTS):
        brain.step()
        fired = ", ".join(f"`{names[area]}`" for area, _ in brain.fired())
        state = brain.state()
        stamp = int.from_bytes(state[ticker.stamps_at : ticker.stamps_at + 2], "little")
        potential = word(state, ticker.potentials_at)
        yield f"| {brain.burst} | {fired} | {potential} | {stamp:#06x} | `{brain.state_hash():#010x}` |"


def written(document: dict[str, Any]) -> str:
    """The document as JSON with one gene a line."""
    genes = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in document["blueprint"].items())
    head = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items() if key != "blueprint")
    return f'{{\n{head},\n "blueprint": {{\n{genes}\n }}\n}}'


def examples() -> dict[str, str]:
    """What stands at the marked places, by name."""
    document = example_genome()
    image = build_example(document)
    return {
        "genome": "```json\n" + written(document) + "\n```",
        "image": "```\n" + "\n".join(annotate(image)) + "\n```",
        "bursts": "\n".join(burst_table(image)),
    }


def filled(text: str) -> str:
    """The page with all marked places written anew."""
    for name, content in examples().items():
        before, rest = text.split(f"<!-- example {name} -->\n", 1)
        text = f"{before}<!-- example {name} -->\n{content}\n{END}{rest.split(END, 1)[1]}"
    return text


if __name__ == "__main__":
    SPEC.write_text(filled(SPEC.read_text(encoding="utf-8")), encoding="utf-8")
