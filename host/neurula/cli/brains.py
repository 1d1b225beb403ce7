"""From the file that a person names to a verified image: a genome is grown and compiled, an image taken as it is."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from neurula.cli.files import magic_of, read_input
from neurula.errors import GenomeError, InvalidInput, UsageError, VerificationFailed

if TYPE_CHECKING:
    from neurula.boards import Board
    from neurula.cli.progress import Progress
    from neurula.compiler import Program
    from neurula.compiler.pins_file import PinsFile
    from neurula.development import Connectome, Development, ProgressEvent
    from neurula.genome import Problem
    from neurula_npu import Image

IMAGE_MAGIC = b"NRLB"
ARCHIVE_MAGIC = b"PK\x03\x04"
IMAGE_BYTES_MAX = (1 << 31) - 1
NEURON_IDS_BYTES_MAX = 1 << 20
NEURON_ID_MAX = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a brain is made of a genome. neuron_ids: file of first neuron ids, or None; lenient: leave out what cannot be meant;
    most_bytes: memory that growing may take, None = what is free."""

    seed: int = 0
    keep_all: bool = False
    as_engine: bool = False
    neuron_ids: str | None = None
    lenient: bool = False
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Grown:
    """A connectome and what was said on the way. window: bursts of plastic rules that give none, or None; title: the genome's;
    development: how it grew, None where it had grown before."""

    connectome: Connectome
    problems: tuple[Problem, ...]
    window: int | None
    title: str = ""
    development: Development | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A brain that can run. program: None where the image came from a file."""

    data: bytes
    image: Image
    program: Program | None
    problems: tuple[Problem, ...]


def grow_file(path: str, recipe: Recipe, progress: Progress) -> Grown:
    """Develops a genome file, or loads the BRAIN.npz that `grow -o` wrote."""
    from neurula.compiler.lower import window_of
    from neurula.development import develop, free_bytes, load_connectome
    from neurula.genome import check_genome, read_genome
    from neurula.genome.checks import RUNNING_CHECKS

    if magic_of(path) == ARCHIVE_MAGIC:
        if recipe.seed or recipe.as_engine:
            raise UsageError("U202", "this brain has grown already: --seed and --as-engine come too late", where=path)
        return Grown(with_neuron_ids(load_connectome(path), recipe.neuron_ids), (), None)
    progress("reading", 0.0)
    genome = read_genome(path)
    lost = [problem for problem in genome.problems if problem.severity == "error"]
    if lost and not (recipe.lenient or recipe.as_engine):
        also = f" (and {len(lost) - 1} more of this kind)" if len(lost) > 1 else ""
        raise GenomeError(lost[0].code, lost[0].message + also, where=lost[0].path, remedy=lost[0].remedy)
    most_bytes = free_bytes() if recipe.most_bytes is None else recipe.most_bytes

    def show(event: ProgressEvent) -> None:
        progress(progress_text(event), event.percent / 100)

    development = develop(genome, seed=recipe.seed, progress=show, most_bytes=most_bytes, as_engine=recipe.as_engine)
    problems = (*check_genome(genome, RUNNING_CHECKS), *development.problems)
    connectome = with_neuron_ids(development.connectome, recipe.neuron_ids)
    return Grown(connectome, problems, window_of(genome.physiology), genome.title, development)


def progress_text(event: ProgressEvent) -> str:
    """What stands beside the bar: the stage, what there is so far, and the memory that is going to be taken."""
    if event.announced_bytes:
        return f"{event.stage}: {event.synapses:,} synapses, up to {event.announced_bytes / 1e6:,.0f} MB"
    return f"{event.stage}: {event.neurons:,} neurons" if event.neurons else event.stage


def compile_grown(
    grown: Grown, recipe: Recipe, named: Collection[str], progress: Progress, wiring: tuple[PinsFile, Board] | None = None
) -> Compiled:
    """Lowers a connectome and writes its image. named: areas to keep, as written or in canonical form; wiring: its pins."""
    from neurula.compiler import lower, write_image
    from neurula.compiler.pins import pin_section

    progress("compiling", 0.0)
    options = {} if grown.window is None else {"plasticity_window": grown.window}
    keep = areas_meant(grown.connectome, {*named, *(wiring[0].areas() if wiring else ())})
    program = lower(grown.connectome, keep_all=recipe.keep_all, keep=keep, **options)
    progress("compiling", 0.8)
    data = write_image(program, pins=b"" if wiring is None else pin_section(wiring[0], program, wiring[1]))
    return Compiled(data, open_image(data), program, grown.problems)


def load_brain(path: str, recipe: Recipe, named: Collection[str], progress: Progress) -> Compiled:
    """A genome, a grown brain or an image, ready to run. UsageError U202 for options that an image does not take."""
    if magic_of(path) != IMAGE_MAGIC:
        return compile_grown(grow_file(path, recipe, progress), recipe, named, progress)
    if recipe != Recipe():
        raise UsageError(
            "U202",
            "an image is ready-made: --seed, --keep-all, --as-engine and --neuron-ids need a genome",
            where=path,
            remedy="Name the genome, or leave these options out.",
        )
    return load_image(path)


def load_image(path: str) -> Compiled:
    """A BRAIN.nrl, checked by the loader (not yet by the kernel that walks its rows)."""
    data = read_input(path, IMAGE_BYTES_MAX)
    return Compiled(data, open_image(data, path), None, ())


def open_image(data: bytes, place: str = "") -> Image:
    """The parsed image. VerificationFailed I101 to I114 if it cannot be trusted."""
    from neurula_npu import Image, ImageError
    from neurula_npu.brain import RAM_LIMIT

    try:
        image = Image(data, RAM_LIMIT)
        image.names()
        require_voxels(image)
    except ImageError as error:
        where = f"{place}, byte {error.at}".removeprefix(", ")
        raise VerificationFailed(error.code, error.message, where=where) from None
    return image


def require_voxels(image: Image) -> None:
    """Every neuron has its voxel: who shows spikes relies on it, runtimes do not. Raises ImageError I113."""
    from neurula_npu import ImageError
    from neurula_npu.schema import RECORDS

    words = [4 * RECORDS["AREA"].index(name) for name in ("neurons", "width", "height", "depth", "per_voxel")]
    for index in range(image.areas):
        at = image.area_at(index)
        neurons, *sides = (int.from_bytes(image.data[at + word : at + word + 4], "little") for word in words)
        if math.prod(sides) != neurons:
            raise ImageError("I113", "the voxels of an area do not hold as many neurons as it has", at)


def areas_meant(connectome: Connectome, named: Collection[str]) -> set[str]:
    """The ids, as the genome writes them, of the areas that are named as written or in canonical form."""
    from neurula.genome import canonical_id

    meant = {canonical_id(name) for name in named}
    return {a.area.id for a in connectome.areas if a.area.id in named or canonical_id(a.area.id) in meant}


def with_neuron_ids(connectome: Connectome, path: str | None) -> Connectome:
    """The same brain with the neuron ids of another engine, on which its chance draws. InvalidInput N101 to N103."""
    if path is None:
        return connectome
    from neurula.genome import canonical_id

    wanted = read_neuron_ids(path)
    written = {a.area.id for a in connectome.areas}
    canonical = {canonical_id(a.area.id) for a in connectome.areas}
    for area in wanted:
        if area not in written and canonical_id(area) not in canonical:
            raise InvalidInput("N103", f"the genome has no area {area!r}", where=path)
    by_canonical = {canonical_id(area): first for area, first in wanted.items()}
    areas = tuple(
        replace(a, first_neuron=wanted.get(a.area.id, by_canonical.get(canonical_id(a.area.id), a.first_neuron)))
        for a in connectome.areas
    )
    return replace(connectome, areas=areas)


def read_neuron_ids(path: str) -> dict[str, int]:
    """Area id -> id of its first neuron. InvalidInput N101, N102."""
    content = read_input(path, NEURON_IDS_BYTES_MAX)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise InvalidInput("N102", "the file of neuron ids is not JSON", where=path) from None
    good = isinstance(document, dict) and all(
        isinstance(first, int) and not isinstance(first, bool) and 0 <= first <= NEURON_ID_MAX
        for first in document.values()
    )
    if not good:
        raise InvalidInput("N102", "neuron ids are written as {area id: id of its first neuron}", where=path)
    return dict(document)
