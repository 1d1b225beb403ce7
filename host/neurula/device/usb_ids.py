"""What is known of USB ids: the boards that MicroPython runs on, and the bridges behind which one may be."""

from __future__ import annotations

from dataclasses import dataclass

ANY = None


@dataclass(frozen=True, slots=True)
class UsbId:
    """product: None = every product of the vendor. chip: as boards/*.toml writes it, "" where the id does not tell.

    bridge: a USB-to-UART chip, which may have anything behind it: it is never opened unless a person asks for it."""

    vendor: int
    product: int | None
    name: str
    chip: str = ""
    bridge: bool = False
    bootloader: bool = False


USB_IDS = (
    UsbId(0x2E8A, 0x0003, "RP2040 bootloader", "RP2040", bootloader=True),
    UsbId(0x2E8A, 0x000F, "RP2350 bootloader", "RP2350", bootloader=True),
    UsbId(0x2E8A, 0x0005, "MicroPython on an RP2040 or RP2350"),
    UsbId(0x2E8A, 0x000A, "Raspberry Pi Pico, other firmware", "RP2040"),
    UsbId(0x2E8A, ANY, "Raspberry Pi board"),
    UsbId(0x303A, 0x1001, "Espressif chip, its own USB"),
    UsbId(0x303A, 0x4001, "MicroPython on an Espressif chip"),
    UsbId(0x303A, ANY, "Espressif chip"),
    UsbId(0xF055, 0x9800, "MicroPython board"),
    UsbId(0x10C4, 0xEA60, "CP210x bridge", bridge=True),
    UsbId(0x10C4, 0xEA70, "CP2105 bridge", bridge=True),
    UsbId(0x1A86, 0x7522, "CH340 bridge", bridge=True),
    UsbId(0x1A86, 0x7523, "CH340 bridge", bridge=True),
    UsbId(0x1A86, 0x55D3, "CH343 bridge", bridge=True),
    UsbId(0x1A86, 0x55D4, "CH9102 bridge", bridge=True),
    UsbId(0x0403, 0x6001, "FT232 bridge", bridge=True),
    UsbId(0x0403, 0x6010, "FT2232 bridge", bridge=True),
    UsbId(0x0403, 0x6015, "FT231X bridge", bridge=True),
)


def usb_id(vendor: int | None, product: int | None) -> UsbId | None:
    """The first entry that fits, products before vendors; None for a device that we know nothing of."""
    fitting = [entry for entry in USB_IDS if entry.vendor == vendor and entry.product in (ANY, product)]
    return min(fitting, key=lambda entry: entry.product is ANY, default=None)
