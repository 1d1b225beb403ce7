"""Development is lived in four stages: they are told, timed and counted, they can be stopped, and their memory is announced."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from growing import TARGET, defined, genome_of, pair_of_areas

from neurula.brain import ConnectomeManager
from neurula.development import STAGES, ProgressEvent, develop, free_bytes
from neurula.development.room import bytes_of
from neurula.errors import DevelopmentCancelled, DevelopmentError
from neurula.genome.model import CorticalArea, Genome, MappingRule, Morphology, Projection

EVERYTHING = MappingRule("all_to_all")
FOUR = ["corticogenesis", "voxelogenesis", "neurogenesis", "synaptogenesis"]


def test_the_four_stages_say_what_there_is_at_their_end() -> None:
    genome = pair_of_areas((2, 1, 1), (3, 1, 1), EVERYTHING, EVERYTHING, densities=(1, 2))
    development = develop(genome)
    assert list(STAGES) == [s.stage for s in development.stages] == FOUR
    counts = [(s.areas, s.voxels, s.neurons, s.synapses) for s in development.stages]
    assert counts == [(5, 0, 0, 0), (5, 8, 0, 0), (5, 8, 11, 0), (5, 8, 11, 12)]
    assert all(s.milliseconds >= 0 for s in development.stages)
    assert development.counts == {"areas": 5, "added_areas": 3, "neurons": 11, "synapses": 12}


def test_progress_goes_up_through_every_stage_and_every_rule() -> None:
    events: list[ProgressEvent] = []
    develop(pair_of_areas((2, 1, 1), (2, 1, 1), EVERYTHING, EVERYTHING, EVERYTHING), progress=events.append)
    assert list(dict.fromkeys(e.stage for e in events)) == FOUR
    for stage in FOUR:
        fractions = [e.fraction for e in events if e.stage == stage]
        assert (fractions[0], fractions[-1]) == (0.0, 1.0)
        assert fractions == sorted(fractions)
    assert [e.percent for e in events] == sorted(e.percent for e in events)
    assert (events[0].percent, events[-1].percent) == (0, 100)
    assert {e.synapses for e in events if e.stage == "synaptogenesis"} == {0, 4, 8, 12}
    assert [e.milliseconds for e in events] == sorted(e.milliseconds for e in events)


def test_memory_is_announced_before_the_first_synapse() -> None:
    events: list[ProgressEvent] = []
    development = develop(pair_of_areas((9, 9, 1), (9, 9, 1), EVERYTHING), progress=events.append)
    announced = next(e for e in events if e.announced_bytes)
    assert (announced.stage, announced.synapses) == ("synaptogenesis", 0)
    assert announced.announced_bytes == development.announced_bytes


@pytest.mark.parametrize("rules_that_grow", [0, 1, 3])
def test_a_development_stops_within_one_rule(rules_that_grow: int) -> None:
    seen: list[int] = []
    genome = pair_of_areas((2, 1, 1), (2, 1, 1), *[EVERYTHING] * 6)

    def watched(event: ProgressEvent) -> None:
        seen.append(event.synapses)

    with pytest.raises(DevelopmentCancelled) as caught:
        develop(genome, progress=watched, cancelled=lambda: bool(seen) and seen[-1] == 4 * rules_that_grow)
    assert (caught.value.code, caught.value.exit_code) == ("D107", 130)
    assert max(seen) == 4 * rules_that_grow


def test_a_brain_whose_successor_is_stopped_lives_on() -> None:
    brain = ConnectomeManager()
    brain.load_from_genome(pair_of_areas((2, 1, 1), (2, 1, 1), EVERYTHING))
    before = brain.brain
    with pytest.raises(DevelopmentCancelled):
        brain.load_from_genome(pair_of_areas((5, 1, 1), (2, 1, 1), EVERYTHING), cancelled=lambda: True)
    assert brain.brain is before
    events: list[ProgressEvent] = []
    progress = brain.load_from_genome(pair_of_areas((5, 1, 1), (2, 1, 1), EVERYTHING), progress=events.append)
    assert [s.stage for s in progress.stages] == FOUR
    assert (progress.progress, events[-1].percent, events[-1].synapses) == (100, 100, 10)


TABLE: dict[str, Morphology] = {
    **defined("vectors", "steps", vectors=[[x, y, 0] for x in range(-6, 7) for y in range(-6, 7)]),
    **defined("patterns", "cross", patterns=[[["*", "*", "*"], ["?", "*", "*"]], [["*", "*", "*"], ["*", "?", "!"]]]),
    **defined("patterns", "fan", patterns=[[[0, 0, 0], ["*", "*", "*"]], [[0, "*", 0], ["*", "!", "*"]]]),
    **defined("composite", "tiles", src_seed=[7, 7, 1], src_pattern=[[1, 1]] * 3, mapper_morphology="projector"),
}
HUNGRY = [
    ("all_to_all", 100.0, (900, 1, 1), (30, 30, 1)),
    ("all_to_all", 40.0, (900, 1, 1), (30, 30, 1)),
    ("projector", 100.0, (40, 30, 20), (90, 70, 20)),
    ("projector", 100.0, (300, 200, 3), (70, 80, 2)),
    ("steps", 100.0, (120, 90, 1), (130, 80, 1)),
    ("cross", 100.0, (40, 40, 3), (40, 40, 4)),
    ("fan", 100.0, (2, 20, 1), (300, 300, 10)),
    ("tiles", 100.0, (140, 140, 1), (30, 30, 1)),
    ("randomizer", 100.0, (300, 300, 10), (9, 9, 9)),
    ("block_to_block", 100.0, (400, 300, 10), (300, 400, 10)),
]


@pytest.mark.parametrize(("name", "attractivity", "source", "target"), HUNGRY)
def test_growing_takes_no_more_memory_than_was_announced(name: str, attractivity: float, source: Any, target: Any) -> None:
    densities = (2, 3) if name == "randomizer" else (1, 1)
    genome = pair_of_areas(source, target, MappingRule(name, attractivity=attractivity), densities=densities, morphologies=TABLE)
    tracemalloc.start()
    try:
        development = develop(genome)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert development.connectome.synapses > 40_000
    assert most <= development.announced_bytes, f"{most:,} taken, {development.announced_bytes:,} announced"


def test_what_chance_will_leave_out_is_not_announced() -> None:
    genome = pair_of_areas((3000, 1, 1), (3000, 1, 1), MappingRule("all_to_all", attractivity=1))
    tracemalloc.start()
    try:
        development = develop(genome)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 80_000 < development.connectome.synapses < 100_000
    assert most <= development.announced_bytes < 32_000_000, "9 million candidates would take 72 MB"


def test_memory_of_edits_is_announced_too() -> None:
    genome = pair_of_areas((1000, 1, 1), (1000, 1, 1), EVERYTHING)
    edits = {"areas": {TARGET: {"without": [[3, 9]], "thresholds": []}}, "pairs": [["source", TARGET, {"cut": [[9, 9]], "made": []}]]}
    tracemalloc.start()
    try:
        development = develop(Genome("e", "e", "2.0", "flat", genome.areas, {}, {}, {"neurula_edits": edits}))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert development.connectome.synapses == 1000 * 994 - 1
    assert most <= development.announced_bytes


def test_what_needs_more_memory_than_there_may_be_is_refused_before_it_is_taken() -> None:
    genome = pair_of_areas((3000, 1, 1), (3000, 1, 1), EVERYTHING)
    needed = develop(genome).announced_bytes
    assert needed > 72_000_000
    assert develop(genome, most_bytes=needed).connectome.synapses == 9_000_000
    tracemalloc.start()
    try:
        with pytest.raises(DevelopmentError) as caught:
            develop(genome, most_bytes=needed - 1)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert (caught.value.code, caught.value.exit_code) == ("D106", 4)


def test_a_brain_of_nothing_needs_next_to_nothing() -> None:
    assert bytes_of([]) <= 4 << 20


def test_the_computer_says_how_much_memory_is_free() -> None:
    free = free_bytes()
    assert free is None or free > 1 << 20


def test_regions_are_generated_where_the_genome_says_nothing_about_them() -> None:
    def area(area_id: str, group: str, *destinations: str) -> CorticalArea:
        rules = tuple(Projection(d, (EVERYTHING,)) for d in destinations)
        return CorticalArea(area_id, area_id, group=group, projections=rules)

    areas = area("i__eye", "IPU", "CThink"), area("CThink", "CUSTOM", "CStore", "o__arm"), area("CStore", "MEMORY", "CThink")
    regions = develop(genome_of(*areas, area("o__arm", "OPU"), area("___pwr", "CORE", "o__arm"))).regions
    assert [(r.id, r.parent, r.areas) for r in regions] == [
        ("root", None, ("i__eye", "o__arm", "___pwr")), ("autogen", "root", ("CThink", "CStore")),
    ]
    assert (regions[0].inputs, regions[0].outputs) == ((), ())
    assert (regions[1].inputs, regions[1].outputs) == (("CThink",), ("CThink",))
    alone = develop(genome_of(area("i__eye", "IPU"))).regions
    assert [r.id for r in alone] == ["root"]
    empty = Genome("g", "g", "2.0", "flat", areas, {}, {}, {"brain_regions": {}})
    assert develop(empty).regions == (), "a file that says: no regions"
