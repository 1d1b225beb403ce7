"""Networks as files, so that every engine is a process of its own: build/bench/SIZE-MODE, written once and found again.

about.json: the numbers, and what the image's cells compute with; targets.i4, weights.i1, groups.i4, members.i4, starts.i4: the arrays;
image.nrl: the brain.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from networks import CELLS, Network, make_network
from packing import image_of

from neurula_npu import Brain
from neurula_npu.schema import FINGERPRINT

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "build" / "bench"
SOURCES = ("benchmarks/npu/networks.py", "benchmarks/npu/packing.py", "host/neurula/compiler/*.py")


def revision() -> str:
    """Changes when what made a network may have changed."""
    digest = hashlib.sha256(str(FINGERPRINT).encode())
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def folder_of(size: str, mode: str, parent: Path = FOLDER) -> Path:
    """The folder of a network, made if it is not there."""
    folder = parent / f"{size}-{mode}"
    about = folder / "about.json"
    if not about.exists() or json.loads(about.read_text())["revision"] != revision():
        folder.mkdir(parents=True, exist_ok=True)
        about.unlink(missing_ok=True)
        about.write_text(json.dumps(write(folder, make_network(size, mode))))
    return folder


def write(folder: Path, network: Network) -> dict[str, Any]:
    """Returns what about.json shall say."""
    image = image_of(network)
    (folder / "image.nrl").write_bytes(image)
    members = np.argsort(network.groups, kind="stable").astype(np.int32)
    starts = np.searchsorted(np.sort(network.groups), np.arange(network.turns + 1)).astype(np.int32)
    arrays = {"targets.i4": network.targets, "weights.i1": network.weights, "groups.i4": network.groups, "members.i4": members,
              "starts.i4": starts}  # fmt: skip
    for name, array in arrays.items():
        array.tofile(folder / name)
    fields = Brain(image).area_field
    unit = fields(CELLS, "scale_num") // fields(CELLS, "scale_den")
    return {
        "revision": revision(), "cells": network.cells, "fan_out": network.fan_out, "turns": network.turns,
        "synapses": network.targets.size, "events_per_burst": network.events_per_burst, "image_bytes": len(image),
        "count_bits": fields(CELLS, "count_bits"), "unit": unit, "drive": network.drive * unit, "drive_plain": network.drive,
        **{name: fields(CELLS, name) for name in ("gain", "threshold", "retention")},
    }  # fmt: skip
