"""Mutated genomes end in a sound Genome or in a GenomeError, never in anything else; so do their conversions and repairs.

NEURULA_FUZZ_GENOMES sets the number of mutants, NEURULA_FUZZ_SEED the seed, NEURULA_FUZZ_FIRST the number of the first one. One in
eight is converted, mended, written, drawn and grown as well, and of these one in five compiled; one in a hundred comes from a real
genome. Each is stopped after a second of processor time and may make the process 64 MB larger; of one in eighty every byte is counted.
"""

from __future__ import annotations

import copy
import json
import math
import os
import random
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeVar

from tests.conftest import shared_folder
from tests.genome.measuring import Footprint, TooSlow, counted, stopped_after

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.drawing import draw_svg, wiring_of
from neurula.errors import CompileError, DevelopmentError, GenomeError
from neurula.genome import Genome, canonical_id, check_genome, document_of, genome_text, parse_genome
from neurula.genome.conversion import FORMS, convert
from neurula.genome.document import decode_document
from neurula.genome.inspection import inspect_document
from neurula.genome.limits import MAGNITUDE_MAX, NEURONS_MAX, PROBLEMS_MAX
from neurula.genome.problems import REMEDIES
from neurula.genome.repair import repair_document
from neurula_npu import Image
from neurula_npu.brain import RAM_LIMIT

_T = TypeVar("_T")
Document = dict[str, Any]
MUTANTS = int(os.environ.get("NEURULA_FUZZ_GENOMES", "2000"))
FIRST = int(os.environ.get("NEURULA_FUZZ_FIRST", "0"))
WHOLE, COMPILED, MEASURED = 8, 40, 80  # one in so many goes all the way, is compiled too, has every byte counted
REAL = 100  # one in so many is made of a real genome, where there are any
SECONDS_MAX = 1.0  # of this process
BYTES_MAX = 64 << 20
SYNAPSES_MAX, TOO_LARGE = 500_000, ("D104", "D105")  # 12 bytes each while they grow: far below BYTES_MAX
UNCOMPILED, COMPILED_NEURONS_MAX = ("C101", "C102", "C103", "C104"), 500_000
UNUSABLE = {"G105", "G106", "G107", "G108", "G109", "G110", "G111"}
SEED = int(os.environ.get("NEURULA_FUZZ_SEED", "20240817"))
STRANGE_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 0.5, -0.0, 1e-300, 1e308, -1e10, 10**9, 10**18, 10**400, 65536),
    *(float("nan"), float("inf"), "", "1", "-3", "1e5", "nan", "*", "?", "x" * 100, "\ud800", "\x00", "9" * 400, "é"),
    *([], {}, [[]], [1], [1, 2, 3], [None] * 3, ["*", "*", "*"], [[0, 0, 0]], {"a": 1}, {"morphology_id": 7}),
    *("CM0Tim", "projector", ["projector", [1, 1, 1], 1, True], {"vectors": [[1, 0, 0]]}, {"patterns": {}}),
    *({"type": "composite"}, {"type": "patterns", "parameters": {"patterns": [[[0, 0, 0], [1, 1, 1]]]}}),
)
STRANGE_KEYS = (
    *("", "/x", "~", "a-b", "_power", "i__pro"),
    *("_____10c-", "_____10c--cx-___bbx-i", "_____10b-CM0Tim-cx-__name-t"),
)


def containers(node: Any) -> list[Any]:
    """Every non-empty object and list of the document."""
    found, pending = [], [node]
    while pending:
        here = pending.pop()
        if isinstance(here, (dict, list)) and here:
            found.append(here)
            pending.extend(here.values() if isinstance(here, dict) else here)
    return found


def mutate(document: Any, chance: random.Random) -> None:
    """One change at a random place: remove, replace, rename, repeat, swap or wrap."""
    places = containers(document)
    if not places:
        return
    place = chance.choice(places)
    key = chance.choice(list(place)) if isinstance(place, dict) else chance.randrange(len(place))
    action = chance.randrange(6)
    if action == 0:
        del place[key]
    elif action <= 2:
        place[key] = copy.deepcopy(chance.choice(STRANGE_VALUES))
    elif action == 3 and isinstance(place, dict):
        place[rename(key, chance)] = place[key]
    elif action == 4:
        other = chance.choice(places)
        place[key] = copy.deepcopy(other) if len(str(other)) < 500 else 0
    else:
        for _ in range(chance.choice((1, 2, 70))):
            place[key] = [place[key]]


def rename(key: Any, chance: random.Random) -> str:
    """The key with one other character, or another key altogether."""
    if not isinstance(key, str) or not key or chance.random() < 0.5:
        return chance.choice(STRANGE_KEYS)
    at = chance.randrange(len(key))
    return key[:at] + chance.choice("-_c1é") + key[at + 1 :]


def damage(data: bytes, chance: random.Random) -> bytes:
    """The text cut short, or with some bytes changed."""
    if chance.random() < 0.3:
        return data[: chance.randrange(len(data))]
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(damaged))
        damaged[at] = chance.choice((damaged[at] ^ 1 << chance.randrange(8), *b'0-9"[]{},:.eE'))
    return bytes(damaged)


def assert_sound(genome: Genome) -> None:
    """What the development may rely on."""
    ids = {area.id for area in genome.areas}
    assert len(ids) == len(genome.areas) > 0
    assert sum(area.neurons for area in genome.areas) <= NEURONS_MAX
    for area in genome.areas:
        assert min(area.dims) >= 1
        assert area.neurons_per_voxel >= (0 if area.is_memory else 1)
        numbers = (area.firing_threshold, area.leak_coefficient, area.excitability, area.postsynaptic_potential)
        assert all(math.isfinite(n) and abs(n) <= MAGNITUDE_MAX for n in (*numbers, *area.threshold_increment))
        assert all(type(n) is int for n in (*area.dims, *area.position, area.refractory_period, area.snooze_period))
        for projection in area.projections:
            assert projection.destination in ids
            for rule in projection.rules:
                assert rule.morphology in genome.morphologies
                assert rule.delay_bursts >= 1
                assert rule.plasticity_window >= 0
                assert abs(rule.multiplier) <= MAGNITUDE_MAX
    for morphology in genome.morphologies.values():
        assert all(len(vector) == 3 for vector in morphology.parameters.get("vectors", ()))
        assert all(len(s) == len(d) == 3 for s, d in morphology.parameters.get("patterns", ()))
    problems = check_genome(genome)
    assert len(problems) <= PROBLEMS_MAX + 1
    assert {problem.code for problem in problems} <= set(REMEDIES)
    json.dumps([problem.path + problem.message for problem in problems])
    assert all(canonical_id(area.id) for area in genome.areas)


def attempt(work: Callable[[], _T], expected: Collection[str]) -> _T | None:
    """What it gives, or None if it is refused for one of the expected reasons."""
    try:
        return work()
    except (GenomeError, DevelopmentError, CompileError) as refusal:
        if refusal.code in expected:
            return None
        raise AssertionError(f"refused with {refusal.code}") from refusal


def assert_whole_way(document: Document, chance: random.Random, compiled: bool) -> None:
    """Told about, mended, and, if it can be read, converted, written, drawn, grown: a GenomeError, or what it should be."""
    repair = attempt(lambda: inspect_document(document) and repair_document(document), UNUSABLE)
    if repair is None:
        return
    assert not [problem for problem in repair.left if problem.fix is not None], "what can be mended is"
    for source in (document, repair.document):
        assert_written_and_converted(source, chance)
        genome = attempt(lambda source=source: parse_genome(source), UNUSABLE)
        if genome is not None:
            assert_grown(genome, compiled)


def assert_written_and_converted(document: Document, chance: random.Random) -> None:
    genome = attempt(lambda: parse_genome(document), UNUSABLE)
    again = attempt(lambda: parse_genome(json.loads(genome_text(document_of(genome)))), UNUSABLE) if genome else None
    if genome is None or again is None:
        return
    assert [replace(area, genes={}) for area in again.areas] == [replace(area, genes={}) for area in genome.areas]
    conversion = attempt(lambda: convert(document, chance.choice(FORMS)), ("G105", "G112"))
    if conversion is None:  # two areas would be one, or what is kept aside lies too deep
        return
    converted = parse_genome(conversion.document)
    assert [conversion.ids.get(area.id, area.id) for area in genome.areas] == [area.id for area in converted.areas]
    for before, after in zip(genome.areas, converted.areas, strict=True):
        named = after.name if before.name == before.id else before.name  # a name that cannot be read is the id
        assert replace(before, id="", name=named, genes={}, projections=()) == replace(after, id="", genes={}, projections=())
        rules = [len(projection.rules) for projection in before.projections]
        assert rules == [len(projection.rules) for projection in after.projections]
    draw_svg(wiring_of(genome.title, genome.areas)).encode()


def assert_grown(genome: Genome, compiled: bool) -> None:
    """Every synapse joins neurons that there are; the image, where it is compiled, is one that the loader accepts."""
    development = attempt(lambda: develop(genome, most_synapses=SYNAPSES_MAX), TOO_LARGE)
    if development is None:
        return
    connectome = development.connectome
    for bundle in connectome.bundles:
        for neurons, area in ((connectome.source, bundle.source_area), (connectome.target, bundle.target_area)):
            made = neurons[bundle.start : bundle.stop]
            assert len(made) == 0 or 0 <= made.min() <= made.max() < connectome.areas[area].neurons
    program = attempt(lambda: lower(connectome), UNCOMPILED) if compiled and connectome.neurons <= COMPILED_NEURONS_MAX else None
    if program is not None:
        image = Image(write_image(program), RAM_LIMIT)
        assert (image.areas, image.synapses) == (len(program.areas), connectome.synapses)


def grown_or_refused(document: Document, chance: random.Random, whole: bool, compiled: bool = False) -> str:
    """The word "read" or the code of the refusal. A third of the mutants go through bytes, half of these damaged."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        mutate(document, chance)
    try:
        if chance.random() < 0.35:
            data = json.dumps(document).encode()
            document = decode_document(damage(data, chance) if chance.random() < 0.5 else data)
        outcome = "read"
        assert_sound(parse_genome(document))
    except GenomeError as refusal:
        outcome = refusal.code
    if whole:
        assert_whole_way(document, chance, compiled)
    return outcome


def real_documents() -> list[Document]:
    """The smaller real genomes; none where there is no folder of them."""
    shared = shared_folder()
    paths = sorted((shared / "genomes").glob("*.json")) if shared is not None else []
    return [json.loads(path.read_bytes()) for path in paths if path.stat().st_size < 60_000]


def test_mutants_are_read_or_refused(flat: Document, hierarchical: Document) -> None:
    print(f"seed {SEED}")
    flat["brain_regions"] = {"root": {"areas": ["CM0Tim", "___pwr"]}, "a": {"title": "A", "areas": ["o__mot"], "parent_region_id": "root"}}
    originals = (flat, hierarchical, convert(flat, "3.0").document)
    for original in originals:  # what is loaded on first use is no mutant's
        assert_whole_way(original, random.Random(SEED), True)
    real = real_documents()
    outcomes: dict[str, int] = {}
    slowest, largest, most = 0.0, 0, 0
    footprint = Footprint()
    for number in range(FIRST, FIRST + MUTANTS):
        chance = random.Random(f"{SEED}/{number}")
        document = copy.deepcopy(chance.choice(real if real and number % REAL == 0 else originals))
        footprint.forget()
        began = time.process_time()
        try:
            if number % MEASURED == 0:  # counting bytes takes time and room itself
                with stopped_after(5 * SECONDS_MAX):
                    outcome, peak = counted(lambda d=document, c=chance: grown_or_refused(d, c, True, True))
                most = max(most, peak)
            else:
                with stopped_after(SECONDS_MAX):
                    outcome = grown_or_refused(document, chance, number % WHOLE == 0, number % COMPILED == 0)
                slowest, largest = max(slowest, time.process_time() - began), max(largest, footprint.grew())
            assert max(largest, most) < BYTES_MAX, f"{largest:,} bytes larger, {most:,} bytes counted"
        except (Exception, TooSlow) as failure:
            raise AssertionError(f"seed {SEED}, mutant {number}: {document!r:.3000}") from failure
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    print(outcomes, f"slowest {slowest:.3f} s, process larger by {largest / 1e6:.1f} MB, most counted {most / 1e6:.1f} MB")
    if MUTANTS >= 1000:  # the mutations reach the reader, not only the parser
        assert outcomes["read"] > MUTANTS // 3
        assert {"G104", "G105", "G106", "G109", "G111"} <= set(outcomes)
