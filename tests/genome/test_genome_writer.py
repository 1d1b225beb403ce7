"""What is read and written again is the same; what is changed in between is changed, and nothing else is."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.genome.generated import genomes, tried

from neurula.errors import GenomeError
from neurula.genome import CorticalArea, Genome, MappingRule, Morphology, Projection, Region, parse_genome, read_genome
from neurula.genome.conversion import convert
from neurula.genome.genes import gene_key
from neurula.genome.signatures import signature, signatures_of
from neurula.genome.writer import document_of, genome_text, write_genome

Document = dict[str, Any]
REWRITTEN = ("document", "problems", "form")


def same(genome: Genome, other: Genome) -> None:
    """Fails unless both have the same values; genes in their raw spelling may have become more."""
    for name in Genome.__dataclass_fields__:
        if name not in ("areas", *REWRITTEN):
            assert getattr(genome, name) == getattr(other, name), name
    assert [replace(area, genes={}) for area in genome.areas] == [replace(area, genes={}) for area in other.areas]
    for area, written in zip(genome.areas, other.areas, strict=True):
        unknown = {code: value for code, value in area.genes.items() if code in ("colour", "note", "2dcorx", "gd_vis")}
        assert unknown.items() <= written.genes.items()


@pytest.fixture(params=["flat", "hierarchical"])
def document(request: pytest.FixtureRequest) -> Document:
    written: Document = request.getfixturevalue(request.param)
    return written


def test_every_real_genome_is_the_same_after_reading_writing_and_reading(shared: Path, tmp_path: Path) -> None:
    paths = sorted((shared / "genomes").glob("*.json"))
    assert len(paths) > 30
    for path in paths:
        genome = read_genome(path)
        write_genome(tmp_path / "again.json", genome)
        again = read_genome(tmp_path / "again.json")
        assert again == replace(genome, problems=again.problems)
        assert json.dumps(again.document) == json.dumps(genome.document), "the order of keys, too"
        assert [p.code for p in again.problems] == [p.code for p in genome.problems]


def test_comments_unknown_keys_and_what_cannot_be_read_stay(flat: Document) -> None:
    flat["/note"], flat["blueprint"]["/note"], flat["species"] = 1, 2, {"a": None}
    flat["blueprint"][gene_key("CM0Tim", "dstmap")]["gone"] = [["projector", [1, 1, 1], 1, False]]
    before = copy.deepcopy(flat)
    assert document_of(parse_genome(flat)) == before
    assert flat == before


@tried(60)
@given(genomes())
def test_a_genome_made_of_values_is_the_same_when_it_is_read(genome: Genome) -> None:
    written = document_of(genome)
    same(genome, parse_genome(json.loads(genome_text(written))))


@tried(60)
@given(genomes(), genomes(), st.booleans())
def test_one_genome_edited_into_another_is_the_other(genome: Genome, other: Genome, hierarchical: bool) -> None:
    document = document_of(genome)
    read = parse_genome(convert(document, "hierarchical").document if hierarchical else document)
    edited = replace(other, document=read.document)
    same(other, parse_genome(document_of(edited)))


EDITS: dict[str, Any] = {
    "name": "Clock", "group": "OPU", "dims": (5, 6, 7), "position": (1, -2, 3), "postsynaptic_potential": -2.5,
    "firing_threshold": 0.75, "threshold_increment": (0.0, 0.5, 0.0), "threshold_limit": 9, "refractory_period": 4,
    "leak_coefficient": 0.125, "consecutive_fire_limit": 7, "snooze_period": 8, "charge_accumulation": False,
    "mp_driven_psp": True, "excitability": 0.5, "psp_uniform": False, "degeneration": 0.25, "attractivity": 50,
    "neurons_per_voxel": 3, "is_memory": True,
}  # fmt: skip


@pytest.mark.parametrize("field", EDITS)
def test_an_edit_of_one_parameter_changes_that_gene_alone(document: Document, field: str) -> None:
    genome = parse_genome(document)
    timer = next(area for area in genome.areas if area.id == "CM0Tim")
    assert getattr(timer, field) != EDITS[field]
    edited = replace(timer, **{field: EDITS[field]})
    areas = tuple(edited if area.id == "CM0Tim" else area for area in genome.areas)
    written = document_of(replace(genome, areas=areas))
    again = parse_genome(written)
    assert [replace(a, genes={}) for a in again.areas] == [replace(a, genes={}) for a in areas]
    if genome.form == "flat":
        before = document["blueprint"]
        differing = {key for key in written["blueprint"] if written["blueprint"][key] != before.get(key)}
        assert differing
        assert all("CM0Tim" in key for key in differing)
    else:
        assert written["blueprint"]["_power"] == document["blueprint"]["_power"]
        assert written["blueprint"]["CM0Tim"]["colour"] == "green"


def test_areas_come_go_and_change_places(document: Document) -> None:
    genome = parse_genome(document)
    new = CorticalArea("Cnew__", "New", dims=(2, 2, 2), projections=(Projection("CM0Tim", (MappingRule("projector", delay_bursts=3),)),))
    areas = (new, *reversed([area for area in genome.areas if area.id != "o__mot"]))
    areas = tuple(replace(a, projections=tuple(p for p in a.projections if p.destination != "o__mot")) for a in areas)
    again = parse_genome(document_of(replace(genome, areas=areas)))
    assert [replace(a, genes={}) for a in again.areas] == [replace(a, genes={}) for a in areas]


def test_an_edited_rule_leaves_the_spelling_of_the_others(flat: Document) -> None:
    genome = parse_genome(flat)
    timer = genome.areas[0]
    inhibition, own = timer.projections
    louder = replace(own, rules=(replace(own.rules[0], multiplier=7),))
    written = document_of(replace(genome, areas=(replace(timer, projections=(inhibition, louder)), *genome.areas[1:])))
    mapping = written["blueprint"][gene_key("CM0Tim", "dstmap")]
    assert mapping["o__mot"] == [["block_to_block", [1, 1, 1], -1, False, 1, 1, 1]]
    assert mapping["CM0Tim"][0]["postSynapticCurrent_multiplier"] == 7
    assert mapping["CM0Tim"][0]["synaptic_delay_bursts"] == 2


def test_morphologies_regions_and_physiology_are_edited_one_by_one(document: Document) -> None:
    genome = parse_genome(document)
    more = Morphology("more", "vectors", {"vectors": ((1, 2, 3),)})
    edited = replace(
        genome,
        morphologies={**genome.morphologies, "more": more},
        physiology={**genome.physiology, "max_age": 5},
        regions=(Region("root", "Root", areas=("CM0Tim",)),),
        title="Other",
    )
    again = parse_genome(document_of(edited))
    same(edited, again)
    assert document_of(again)["neuron_morphologies"].items() >= document["neuron_morphologies"].items()


def test_a_file_has_a_gene_or_a_property_a_line(flat: Document, hierarchical: Document) -> None:
    assert f'\n  "{gene_key("CM0Tim", "fire_t")}": 0.1,\n' in genome_text(flat)
    assert '\n   "firing_threshold": 0.1,\n' in genome_text(hierarchical)


def test_nothing_is_written_when_writing_fails(flat: Document, tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "x.json", tmp_path, Path("a\0b")):
        with pytest.raises(GenomeError, match="G113"):
            write_genome(path, flat)
    flat["note"] = float("inf")
    with pytest.raises(GenomeError, match="G106"):
        write_genome(tmp_path / "x.json", flat)
    assert list(tmp_path.iterdir()) == []


def test_text_that_is_no_unicode_is_escaped(flat: Document) -> None:
    flat["note"] = "\ud800"
    assert json.loads(genome_text(flat)) == flat


def test_signatures_do_not_depend_on_order_or_spelling_of_numbers(flat: Document) -> None:
    turned = json.loads(json.dumps(flat, sort_keys=True))
    turned["physiology"]["simulation_timestep"] = 0.025
    turned["blueprint"][gene_key("CM0Tim", "pstcr_")] = 500.0
    assert signatures_of(turned) == signatures_of(flat)
    assert set(signatures_of(flat)) == {"genome", "blueprint", "morphologies", "physiology"}


def test_signatures_are_these(flat: Document) -> None:
    """Fixed for ever: tools compare them between machines and years."""
    assert signature({}) == "44136fa355b3678a"  # the start of SHA-256 of {}
    assert signature({"b": [1.0, "é", None], "a": -0.5}) == "c13e95fed2ea82c9"


@pytest.mark.parametrize("part", ["blueprint", "neuron_morphologies", "physiology"])
def test_a_signature_changes_with_its_part_only(flat: Document, part: str) -> None:
    before = signatures_of(flat)
    flat[part]["new"] = 1
    name = "morphologies" if part == "neuron_morphologies" else part
    changed = {key for key, value in signatures_of(flat).items() if value != before[key]}
    assert changed == {"genome", name}
