"""docs/SPEC.md says what the code does: its tables, its example, and enough for a runtime of a stranger."""

from __future__ import annotations

import json
import random
import re

import pytest

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome.model import CorticalArea, Genome, MappingRule, Projection
from neurula.genome.reader import parse_genome
from neurula.runtimes import Stimulus
from neurula.runtimes.stimulus import geometry_of, read_stimulus, resolve
from neurula_npu import ReferenceBrain
from tests.docs.annotated_image import END, SPEC, build_example, example_genome, examples
from tests.docs.fifth_runtime import FifthRuntime, counter_hash, mulq22

PAGE = SPEC.read_text(encoding="utf-8")


def example(name: str) -> str:
    return PAGE.split(f"<!-- example {name} -->\n")[1].split("\n" + END)[0]


@pytest.mark.parametrize("name", ["genome", "image", "bursts"])
def test_the_example_is_what_the_compiler_makes_today(name: str) -> None:
    assert example(name) == examples()[name], "run tests/docs/annotated_image.py"


def test_the_genome_of_the_page_compiles_to_the_bytes_of_the_page() -> None:
    document = json.loads(example("genome").removeprefix("```json").removesuffix("```"))
    assert document == example_genome()
    assert build_example(document) == printed_image()


def printed_image() -> bytes:
    """The bytes that the page prints, with their repetitions; every line stands at its offset."""
    image = b""
    for offset, digits, times in re.findall(r"^([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)(?:x(\d+))?", example("image"), re.MULTILINE):
        assert int(offset, 16) == len(image)
        image += bytes.fromhex(digits) * int(times or 1)
    return image


def test_a_runtime_written_from_the_page_runs_the_printed_bytes_to_the_printed_hashes() -> None:
    brain = FifthRuntime(PAGE, printed_image())
    hashes = [int(text, 16) for text in re.findall(r"\| `(0x[0-9a-f]{8})` \|", example("bursts"))]
    assert len(hashes) == 13
    for burst, expected in enumerate(hashes):
        if burst:
            brain.step()
        assert brain.state_hash() == expected, f"burst {burst}"


def test_the_printed_hash_values_are_right() -> None:
    printed = re.findall(r"`hash\((\d+), (\d+)\)` is `(\d+)`", PAGE)
    assert len(printed) == 2
    for neuron, burst, value in printed:
        assert counter_hash(int(neuron), int(burst)) == int(value)


def test_the_pieces_formula_is_exact_and_stays_within_32_bits_as_the_page_proves() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    top, one = (1 << 30) - 1, 1 << 22
    edges = [(v, r) for v in (-top, -1, 0, 1, 0x7FFF, 0x8000, top) for r in (-one, -1, 0, 1, 0x7FF, 0x800, one - 1, one)]
    for v, r in edges + [(chance.randint(-top, top), chance.randint(-one, one)) for _ in range(20000)]:
        assert mulq22(v, r) == (v * r + (1 << 21)) >> 22
        w, q = (v, r) if r >= 0 else (-v, -r)
        vh, vl, r1, r0 = w >> 15, w & 0x7FFF, q >> 11, q & 0x7FF
        inner = [vh * r0 * 16, vl * r1, vl * r0, vh * r0 * 16 + vl * r1 + ((vl * r0) >> 11) + 1024]
        assert all(-(2**31) <= x < 2**31 for x in [*inner, vh * r1 * 16, vh * r1 * 16 + (inner[3] >> 11)])
        assert abs(inner[3]) < 2**30 + 2**26 + 2**15 + 2**10


@pytest.mark.parametrize("folder", ["reflex", "logic_timer", "vision_map"])
def test_a_runtime_written_from_the_page_runs_the_examples(folder: str) -> None:
    home = SPEC.parents[1] / "examples" / folder
    image = build_example(json.loads((home / "genome.json").read_text(encoding="utf-8")))
    ours, theirs = ReferenceBrain(image), FifthRuntime(PAGE, image)
    stimuli = resolve(read_stimulus(home / "stimulus.json"), geometry_of(ours.image))
    for burst in range(1, 41):
        stimulus = stimuli.get(burst, Stimulus())
        ours.step(stimulus.forced, stimulus.inject)
        theirs.step(stimulus.forced, stimulus.inject)
        assert theirs.state_hash() == ours.state_hash(), f"burst {burst}"


RANDOM_BRAINS = 24


@pytest.mark.parametrize("number", range(RANDOM_BRAINS))
def test_a_runtime_written_from_the_page_agrees_on_brains_that_use_everything(number: int) -> None:
    seed = 7_000 + number
    print("seed", seed)
    chance = random.Random(seed)
    image = write_image(lower(develop(random_genome(chance)).connectome))
    ours, theirs = ReferenceBrain(image), FifthRuntime(PAGE, image)
    sizes = [area["neurons"] for area in theirs.areas]
    places = [(a, n) for a, size in enumerate(sizes) for n in range(size)]
    assert theirs.state_hash() == ours.state_hash()
    for burst in range(1, 61):
        forced = chance.sample(places, chance.choice([0, 0, 1, 3]))
        inject = [(*chance.choice(places), chance.randint(-(1 << 24), 1 << 26)) for _ in range(chance.choice([0, 1, 4]))]
        ours.step(forced, inject)
        theirs.step(forced, inject)
        assert theirs.state_hash() == ours.state_hash(), f"burst {burst}"


def random_genome(chance: random.Random) -> Genome:
    """Power and four areas with every kind of parameter; an area learns, or varies its PSP, never both."""
    ids = ["a", "b", "c", "d"]
    areas = [CorticalArea("___power", "power", excitability=1.0, firing_threshold=0.1, projections=(to(chance, "a", False),))]
    for name in ids:
        kind = chance.choice(["plain", "learns", "driven", "wears"])
        reached = chance.sample(ids, chance.choice([1, 2, 3]))
        areas.append(CorticalArea(
            name, name,
            dims=(chance.choice([1, 3, 20]), chance.choice([1, 4]), chance.choice([1, 2])),
            neurons_per_voxel=chance.choice([1, 1, 2]),
            postsynaptic_potential=chance.choice([1.0, 0.3, 2.5, 1.0]),
            firing_threshold=chance.choice([0.1, 1.0, 1.5, 4.0]),
            threshold_increment=chance.choice([(0.0, 0.0, 0.0), (0.25, -0.1, 0.5)]),
            threshold_limit=chance.choice([0.0, 0.0, 6.0]),
            refractory_period=chance.choice([0, 0, 1, 3]),
            leak_coefficient=chance.choice([0.0, 0.1, 0.5, 1.0, 1.5, -0.1]),
            consecutive_fire_limit=chance.choice([0, 0, 2]),
            snooze_period=chance.choice([0, 2]),
            charge_accumulation=chance.random() < 0.5,
            mp_driven_psp=kind == "driven",
            degeneration=0.125 if kind == "wears" else 0.0,
            excitability=chance.choice([1.0, 1.0, 0.5, 0.0]),
            psp_uniform=chance.random() < 0.6,
            projections=tuple(to(chance, other, kind == "learns") for other in reached),
        ))
    return Genome("random", "random", "3.0", "flat", tuple(areas), {}, {}, {})


def to(chance: random.Random, destination: str, plastic: bool) -> Projection:
    rules = [
        MappingRule(
            chance.choice(["block_to_block", "all_to_all", "lateral_+x", "projector", "last_to_first", "randomizer"]),
            multiplier=chance.choice([1.0, 2.0, -1.0, 0.5, 3.0]),
            plastic=plastic, plasticity_window=chance.choice([1, 3]), plasticity_constant=0.5,
            delay_bursts=chance.choice([1, 1, 2, 5]), attractivity=chance.choice([100.0, 60.0]),
        )
        for _ in range(chance.choice([1, 2]))
    ]
    return Projection(destination, tuple(rules))


def test_the_random_brains_reach_every_kind_of_segment_row_and_state() -> None:
    """A test that could pass by never meeting a rule would prove nothing."""
    seen: set[str] = set()
    for number in range(RANDOM_BRAINS):
        theirs = FifthRuntime(PAGE, write_image(lower(develop(random_genome(random.Random(7_000 + number))).connectome)))
        for area in theirs.areas:
            seen |= {name for name in ("potentials_at", "stamps_at", "counts_at", "psps_at", "values_at", "thresholds_at") if area[name]}
        for group in theirs.groups:
            seen |= {f"rows {group['rows_kind']}"} | ({"delay line"} if group["pending_at"] else set())
            for j in range(theirs.area_at[group["area_at"]]["neurons"]):
                for head, *_ in theirs.segments(group, j):
                    seen |= {name for n, name in enumerate(["last", "list", "relative", "driven", "plastic"]) if head >> n & 1}
    rows_of_32_bits = "rows 3"  # needs an image of 65,536 rows
    assert seen | {rows_of_32_bits} == {
        "potentials_at", "stamps_at", "counts_at", "psps_at", "values_at", "thresholds_at", "delay line",
        "rows 0", "rows 1", "rows 2", "rows 3", "last", "list", "relative", "driven", "plastic",
    }


def test_every_error_code_of_the_loader_is_on_the_page() -> None:
    from neurula.error_codes import CODES

    codes = {code for code in CODES if re.fullmatch(r"I1\d\d", code)}
    named = set(re.findall(r"\bI1\d\d\b", PAGE))
    assert named
    assert named == codes


def test_the_example_genome_is_read_without_a_remark() -> None:
    assert parse_genome(example_genome()).problems == ()
