"""A genome written in Python is a genome like any other, and says at once what is wrong with it."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from tests.examples.example_runs import Run, injected

from neurula.errors import GenomeError
from neurula.genome import Design, Learning, canonical_id, check_genome, parse_genome, read_genome, signatures_of
from neurula.genome import design as design_module
from neurula.genome.genes import gene_key
from neurula.genome.units import INPUTS, OUTPUTS


def test_five_lines_make_a_reflex_that_works(tmp_path: Path) -> None:
    text = design_module.__doc__
    assert text is not None
    script = "\n".join(re.findall(r"^    (.*)$", text, re.MULTILINE))
    assert len(script.splitlines()) == 5
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    document = json.loads((tmp_path / "reflex.json").read_text(encoding="utf-8"))
    assert check_genome(read_genome(tmp_path / "reflex.json")) == ()
    run = Run(document, injected("i__pro", [(1, 0, 7)], [3]), 5)
    assert [run.at(burst, "o__mot") for burst in range(6)] == [set(), set(), set(), set(), {(2, 0, 7)}, set()]


def test_every_parameter_of_an_area_reaches_its_field() -> None:
    genome = Design("All")
    genome.area(
        "Everything", (2, 3, 4), id="CEvery", group="OPU", position=(1, -2, 3), devices=2, density=2, psp=2.5, threshold=0.5,
        threshold_step=(0.1, 0.2, 0.3), threshold_limit=9, refractory=4, leak=0.25, fire_limit=3, snooze=2, accumulates=True,
        driven_psp=True, divided_psp=True, excitability=0.5, degeneration=0.125, genes={"2dcorx": 7},
    )  # fmt: skip
    (area,) = genome.genome().areas
    assert (area.id, area.name, area.group, area.dims, area.position) == ("CEvery", "Everything", "OPU", (2, 3, 4), (1, -2, 3))
    assert (area.neurons_per_voxel, area.postsynaptic_potential, area.firing_threshold) == (2, 2.5, 0.5)
    assert (area.threshold_increment, area.threshold_limit, area.refractory_period) == ((0.1, 0.2, 0.3), 9, 4)
    assert (area.leak_coefficient, area.consecutive_fire_limit, area.snooze_period) == (0.25, 3, 2)
    assert (area.charge_accumulation, area.mp_driven_psp, area.psp_uniform) == (True, True, False)
    assert (area.excitability, area.degeneration) == (0.5, 0.125)
    assert (area.genes["devcnt"], area.genes["2dcorx"]) == (2, 7)


def test_rules_reach_their_fields_in_the_order_of_writing() -> None:
    design = Design("Rules")
    one, two = design.area("One"), design.area("Two")
    learning = Learning(window=4, step=0.5, up=2, down=3)
    one.to(two, "projector", -2, delay=3, attractivity=50, scalar=("2x", 1, 0.5))
    one.to(one, "block_to_block").to(two, "all_to_all", learning=learning)
    first, second = design.genome().areas[0].projections
    assert (first.destination, second.destination) == (two.id, one.id)
    a, b = first.rules
    assert (a.morphology, a.multiplier, a.delay_bursts, a.attractivity, a.plastic) == ("projector", -2, 3, 50, False)
    assert (a.scalar, b.scalar) == (("2x", 1, 0.5), (1, 1, 1))
    assert (b.plastic, b.plasticity_window, b.plasticity_constant, b.ltp_multiplier, b.ltd_multiplier) == (True, 4, 0.5, 2, 3)


def test_morphologies_are_written_built_in_ones_too_where_they_are_used() -> None:
    design = Design("Morphologies")
    area = design.area("Area", (32, 32, 1))
    area.to(area, design.vectors("steps", (1, 2, 3), (-1, 0, 0))).to(area, design.tiles("blocks", (4, 4, 1)))
    area.to(area, design.patterns("pairs", (("*", "?", 0), ("!", "*", 1)))).to(area, "all_to_all")
    written = design.document()["neuron_morphologies"]
    assert set(written) == {"steps", "blocks", "pairs", "all_to_all", "block_to_block", "projector"}
    assert written["steps"]["parameters"] == {"vectors": [[1, 2, 3], [-1, 0, 0]]}
    assert written["all_to_all"]["parameters"] == {"patterns": [[["*", "*", "*"], ["*", "*", "*"]]]}
    assert design.genome().morphologies["blocks"].parameters["src_seed"] == (4, 4, 1)


def test_ids_are_made_of_names_and_stay_apart() -> None:
    design = Design("Ids")
    made = [design.area(name).id for name in ("Danger zone", "Danger zone", "Dan", "!", "é", "Danger zones")]
    assert made == ["CDange", "CDang2", "CDan__", "CArea_", "CArea2", "CDang3"]
    assert len({canonical_id(area_id) for area_id in made}) == len(made)
    with pytest.raises(GenomeError, match="G112"):
        design.area("Same", id="cDange")


@pytest.mark.parametrize("unit", INPUTS)
def test_every_input_unit_is_one_that_the_engine_knows(unit: str) -> None:
    area = Design("Unit").input(unit, 3)
    assert canonical_id(area.id) != canonical_id("Cxxxxx")
    assert (area.written.group, area.written.dims[0]) == ("IPU", 3 * INPUTS[unit].size[0])
    assert b"i" in base64.b64decode(canonical_id(area.id))[:1]


@pytest.mark.parametrize("unit", OUTPUTS)
def test_every_output_unit_is_one_that_the_engine_knows(unit: str) -> None:
    area = Design("Unit").output(unit, 2, (1, 1, 5), name="Arms")
    assert (area.written.group, area.written.dims, area.written.name) == ("OPU", (2, 1, 5), "Arms")
    assert b"o" in base64.b64decode(canonical_id(area.id))[:1]


def test_areas_without_a_place_do_not_overlap() -> None:
    design = Design("Places")
    boxes = [design.area(str(n), (3, n + 1, 2)).written for n in range(5)]
    for lower, upper in pairwise(boxes):
        assert upper.position[1] >= lower.position[1] + lower.dims[1]


def test_what_cannot_be_meant_is_refused() -> None:
    design = Design("Wrong")
    area = design.area("Area")
    with pytest.raises(GenomeError, match="G114"):
        design.input("warp drive")
    design.vectors("steps", (1, 0, 0))
    assert design.vectors("steps", (1, 0, 0)) == "steps"
    with pytest.raises(GenomeError, match="G115"):
        design.vectors("steps", (2, 0, 0))
    area.to(area, "nobody")
    with pytest.raises(GenomeError, match="G211"):
        design.genome()
    with pytest.raises(GenomeError, match="G108"):
        Design("Empty").genome()
    large = Design("Large")
    large.area("Large", (10_000, 10_000, 1))
    with pytest.raises(GenomeError, match="G111"):
        large.genome()


def test_a_design_is_always_the_same_file_and_signed(tmp_path: Path) -> None:
    def design() -> Design:
        made = Design("Twice", description="d", burst_seconds=0.5)
        made.power().to(made.output("motor"), "projector")
        assert made.power() is made.power()
        return made

    assert design().text() == design().text()
    design().save(tmp_path / "x.json")
    genome = read_genome(tmp_path / "x.json")
    assert (genome.id, genome.title, genome.description, genome.version) == ("neurula-twice", "Twice", "d", "3.0")
    assert genome.physiology["simulation_timestep"] == 0.5
    assert genome.document["signatures"] == signatures_of(genome.document)
    assert [region.areas for region in genome.regions] == [("___pwr", "o__mot")]
    assert list(genome.document)[:4] == ["genome_id", "genome_title", "genome_description", "version"]
    assert parse_genome(design().document()).document["blueprint"][gene_key("___pwr", "fire_t")] == 0.1
