"""Boards and what they answer, as JSON and as tables."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from neurula.cli.output import print_table, say

if TYPE_CHECKING:
    from neurula.device.find import Device
    from neurula.device.link import Hello, Slot, Stats
    from neurula.device.survey import Seen

NAMES = {
    "free_bytes": "heap free",
    "allocated_bytes": "heap taken",
    "boot_reason": "boot reason",
    "worst_us": "longest burst, µs",
    "mean_us": "mean burst, µs",
}


def device_json(device: Device) -> dict[str, Any]:
    return asdict(device)


def hello_json(hello: Hello) -> dict[str, Any]:
    return asdict(hello)


def stats_json(stats: Stats) -> dict[str, Any]:
    return asdict(stats)


def seen_json(seen: Seen) -> dict[str, Any]:
    return {**device_json(seen.device), "state": seen.state, "hello": None if seen.hello is None else hello_json(seen.hello)}


def print_seen(all_seen: tuple[Seen, ...]) -> None:
    """One line a device."""
    if not all_seen:
        say("no board is attached")
        return
    rows = [
        (
            seen.device.port,
            seen.hello.board if seen.hello else "-",
            seen.device.name,
            f"id:{seen.device.serial}" if seen.device.serial else "-",
            seen.state,
        )
        for seen in all_seen
    ]
    print_table(("port", "board", "device", "serial", "state"), rows)


def print_info(device: Device, hello: Hello, stats: Stats, slots: tuple[Slot, ...], slot_bytes: int) -> None:
    """What a board says of itself."""
    rows = [(NAMES.get(field.name, field.name), shown(getattr(hello, field.name))) for field in fields(hello)]
    known = {field.name for field in fields(hello)}
    rows += [(NAMES.get(f.name, f.name), shown(getattr(stats, f.name))) for f in fields(stats) if f.name not in known]
    print_table(("board says", "value"), rows, title=str(device))
    if not slots:
        say("no place for brains: `neurula flash` makes it")
        return
    slot_rows = [(str(i), slot.state, slot.sequence, slot.bytes, slot.sha8) for i, slot in enumerate(slots)]
    print_table(("slot", "state", ">sequence", ">bytes", "SHA-256"), slot_rows, title=f"slots of {slot_bytes:,} bytes")


def shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
