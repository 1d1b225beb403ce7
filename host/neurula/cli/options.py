"""Arguments and options that several verbs share."""

from __future__ import annotations

import re
from typing import Annotated

import typer

_SIZE = re.compile(r"(\d{1,15})\s*(?:([KMGT])(?:i?B)?|B)?", re.IGNORECASE)


def bytes_meant(text: str) -> int:
    """ "512M" -> 512,000,000; K, M, G and T are powers of 1000. Raises typer.BadParameter."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no size: write a whole number and K, M, G or T")
    power: int = 1000 ** " KMGT".index((match[2] or " ").upper())
    return int(match[1]) * power


AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output instead of tables.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the development, for genomes that leave room for chance.")]
AsEngine = Annotated[
    bool, typer.Option("--as-engine", help="Grow only what FEAGI's released engine grows of the genome.")
]
Lenient = Annotated[
    bool, typer.Option("--lenient", help="Leave out what cannot be meant: values of a wrong type, mappings to nowhere.")
]
Memory = Annotated[
    int | None,
    typer.Option("--memory", metavar="SIZE", parser=bytes_meant, help="The most memory to grow in, as 512M or 2G; default: what is free."),
]
KeepAll = Annotated[bool, typer.Option("--keep-all", help="Keep areas that no synapse reaches or leaves.")]
NeuronIds = Annotated[
    str | None,
    typer.Option("--neuron-ids", metavar="FILE", help="JSON {area id: first neuron id}, to share another engine's chance."),
]
Pins = Annotated[str | None, typer.Option("--pins", metavar="PINS.toml", help="Put this mapping of pins to areas into the image.")]
GenomeFile = Annotated[str, typer.Argument(metavar="GENOME", help="A genome file as FEAGI saves it.")]
GrownFile = Annotated[
    str, typer.Argument(metavar="GENOME", help="A genome file, or the BRAIN.npz that `grow -o` wrote.")
]
ImageFile = Annotated[str, typer.Argument(metavar="BRAIN.nrl", help="An image that `build -o` wrote.")]
BoardName = Annotated[str, typer.Argument(metavar="BOARD", help="A board's name, or the path of its .toml file.")]
Port = Annotated[
    str | None,
    typer.Option(
        "--port", metavar="PORT", help="A path, id:SERIAL, socket://HOST:PORT, rfc2217://..., or sim:rpi_pico; default: the only one."
    ),
]
