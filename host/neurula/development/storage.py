"""The connectome file: an uncompressed .npz that holds the whole value and needs no pickle.

Members: `header` (one JSON text: schema, areas, bundles), `source` and `target` (int32). The reader takes no room that
the file does not pay for byte by byte, and checks every size and every index before it hands the connectome out.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from neurula.development.connectome import Bundle, Connectome, GrownArea
from neurula.development.record import (
    WrongForm,
    area_from_json,
    area_to_json,
    read_boolean,
    read_integer,
    read_list,
    read_number,
    rule_from_json,
    rule_to_json,
)
from neurula.errors import DevelopmentError

SCHEMA = "neurula.connectome/1"
_MEMBERS = {"header.npy", "source.npy", "target.npy"}
_NPY_HEAD = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '<(?:i4|U(?P<text>\d{1,9}))', 'fortran_order': False,"
    rb" 'shape': \((?:(?P<length>\d{1,15}),)?\), \} *\n",
    re.DOTALL,
)
_MOST_NEURONS = (1 << 31) - 1


def save_connectome(path: str | os.PathLike[str], connectome: Connectome) -> None:
    """Writes the file whole or not at all. Raises DevelopmentError if it cannot be written."""
    text = _header(connectome)
    header = np.array(text)
    place = Path(path)
    written: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}.", delete=False) as file:
            written = Path(file.name)
            np.savez(
                file,
                header=header.astype(f"<U{len(text)}"),
                source=connectome.source.astype("<i4", copy=False),
                target=connectome.target.astype("<i4", copy=False),
            )
            file.flush()
            os.fsync(file.fileno())
        written.chmod(0o666 & ~_umask())
        written.replace(place)
    except OSError as problem:
        message = f"the connectome cannot be written: {problem.strerror}"
        raise DevelopmentError("D112", message, where=str(place), remedy="Choose another place.") from None
    finally:
        if written is not None:
            written.unlink(missing_ok=True)


def load_connectome(path: str | os.PathLike[str]) -> Connectome:
    """Reads what save_connectome wrote. Raises DevelopmentError: D110 foreign, D111 damaged, D113 unreadable."""
    place = str(path)
    try:
        with Path(path).open("rb") as file:
            members = _members(file, os.fstat(file.fileno()).st_size, place)
    except OSError as problem:
        raise DevelopmentError(
            "D113", f"the connectome cannot be read: {problem.strerror}", where=place, remedy="Check the path."
        ) from None
    header = _array(members["header.npy"], "header", place)
    source, target = (_array(members[f"{name}.npy"], name, place) for name in ("source", "target"))
    try:
        return _connectome(json.loads(header.tobytes().decode("utf-32-le")), source, target, place)
    except WrongForm as problem:
        raise _damaged(place, str(problem)) from None
    except (ValueError, RecursionError):
        raise _damaged(place, "its header is not JSON") from None


def _header(connectome: Connectome) -> str:
    areas = [
        {"area": area_to_json(a.area), "first_neuron": a.first_neuron, "added": a.added}
        | ({"thresholds": [list(t) for t in a.thresholds]} if a.thresholds else {})
        for a in connectome.areas
    ]
    bundles = [
        [b.source_area, b.target_area, b.start, b.stop, rule_to_json(b.rule)] for b in connectome.bundles
    ]
    return json.dumps({"schema": SCHEMA, "areas": areas, "bundles": bundles}, separators=(",", ":"))


def _members(file: IO[bytes], file_bytes: int, place: str) -> dict[str, bytes]:
    """The bytes of the three members, their checksums verified."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) != len(_MEMBERS) or {m.filename for m in members} != _MEMBERS:
                raise _foreign(place, "its members are not header, source and target")
            if any(m.compress_type != zipfile.ZIP_STORED or m.flag_bits & 1 for m in members):
                raise _foreign(place, "its members are compressed or encrypted")
            if sum(m.file_size for m in members) > file_bytes:
                raise _damaged(place, "its members are larger than the file")
            return {m.filename: archive.read(m) for m in members}
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError, RuntimeError):
        raise _foreign(place, "it is not a complete zip archive") from None


def _array(content: bytes, name: str, place: str) -> NDArray[Any]:
    """The elements of a .npy member (version 1.0 of NumPy's format): int32, or the code points of the header's text."""
    head = _NPY_HEAD.match(content)
    if head is None or head.end() != 10 + int.from_bytes(content[8:10], "little"):
        raise _foreign(place, f"{name} is not an array of the kind that a connectome needs")
    text_length, length = head["text"], head["length"]
    if (name == "header") != (text_length is not None and length is None):
        raise _foreign(place, f"{name} is not an array of the kind that a connectome needs")
    if len(content) - head.end() != 4 * int(text_length or length):
        raise _damaged(place, f"{name} is cut short or too long")
    return np.frombuffer(content, np.dtype("<i4"), offset=head.end())


def _connectome(header: Any, source: NDArray[np.int32], target: NDArray[np.int32], place: str) -> Connectome:
    if not isinstance(header, dict) or header.get("schema") != SCHEMA:
        raise _foreign(place, f"its schema is not {SCHEMA}")
    areas = _areas(read_list(header.get("areas")))
    if len(source) != len(target):
        raise WrongForm(f"{len(source)} sources and {len(target)} targets")
    bundles = []
    start = 0
    for entry in read_list(header.get("bundles")):
        bundle = _bundle(read_list(entry), areas, start, source, target)
        bundles.append(bundle)
        start = bundle.stop
    if start != len(source):
        raise WrongForm(f"the bundles hold {start} of {len(source)} synapses")
    source.flags.writeable = target.flags.writeable = False
    return Connectome(areas, tuple(bundles), source, target)


def _areas(entries: list[Any]) -> tuple[GrownArea, ...]:
    areas = []
    first = 0
    for entry in entries:
        if not isinstance(entry, dict) or read_integer(entry.get("first_neuron")) != first:
            raise WrongForm("the neuron ids of the areas do not follow each other")
        area = GrownArea(area_from_json(entry.get("area")), first, read_boolean(entry.get("added")))
        area = replace(area, thresholds=_thresholds(read_list(entry.get("thresholds", [])), area.neurons))
        areas.append(area)
        first += area.neurons
        if first > _MOST_NEURONS:
            raise WrongForm(f"more than {_MOST_NEURONS} neurons")
    return tuple(areas)


def _thresholds(entries: list[Any], neurons: int) -> tuple[tuple[int, float], ...]:
    found: dict[int, float] = {}
    for entry in entries:
        if len(read_list(entry)) != 2 or not max(found, default=-1) < read_integer(entry[0]) < neurons:
            raise WrongForm("the thresholds of single neurons do not follow each other")
        found[entry[0]] = read_number(entry[1])
    return tuple(found.items())


def _bundle(
    entry: list[Any], areas: tuple[GrownArea, ...], start: int, source: NDArray[np.int32], target: NDArray[np.int32]
) -> Bundle:
    if len(entry) != 5:
        raise WrongForm("a bundle needs five fields")
    source_area, target_area, written_start, stop = (read_integer(v) for v in entry[:4])
    if not (0 <= source_area < len(areas) and 0 <= target_area < len(areas)):
        raise WrongForm("a bundle names an area that does not exist")
    if written_start != start or not start <= stop <= len(source):
        raise WrongForm("the bundles do not follow each other")
    for neurons, area in ((source[start:stop], source_area), (target[start:stop], target_area)):
        if len(neurons) and not (neurons.min() >= 0 and neurons.max() < areas[area].neurons):
            raise WrongForm(f"a synapse names a neuron that area {areas[area].area.id!r} does not have")
    return Bundle(source_area, target_area, rule_from_json(entry[4]), start, stop)


def _foreign(place: str, why: str) -> DevelopmentError:
    return DevelopmentError("D110", f"this is not a connectome file: {why}", where=place, remedy="Grow it again.")


def _damaged(place: str, why: str) -> DevelopmentError:
    return DevelopmentError("D111", f"the connectome file is damaged: {why}", where=place, remedy="Grow it again.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
