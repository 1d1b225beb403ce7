"""Conversions lose nothing: the same brain in every form, and back again what was there before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.genome.generated import genomes, tried

from neurula.development import develop
from neurula.errors import DevelopmentError, GenomeError, UsageError
from neurula.genome import Genome, canonical_id, legacy_id, parse_genome, read_genome, signatures_of
from neurula.genome.conversion import FORMS, convert, form_of
from neurula.genome.ids import is_canonical
from neurula.genome.writer import document_of, genome_text

Document = dict[str, Any]
RESPELT = ("__rand", "_group", "__name", "twinrf")  # genes whose spelling follows the form or the id
RENAMED = {"episodic_memory": "memory", "associative_memory": "bi_directional_stdp"}


def meaning(genome: Genome, ids: Mapping[str, str] | None = None) -> tuple[Any, ...]:
    """Everything that the genome says. ids: id in the genome -> id to compare with; null and a missing gene are the same."""
    old = (lambda area_id: (ids or {}).get(area_id, area_id)) if ids else str
    morphology = lambda name: RENAMED.get(name, name)  # noqa: E731
    areas = [
        replace(
            area,
            id=old(area.id),
            genes={k: v for k, v in area.genes.items() if v is not None and k not in RESPELT},
            projections=tuple(
                (old(p.destination), tuple(replace(rule, morphology=morphology(rule.morphology)) for rule in p.rules))  # type: ignore[misc]
                for p in area.projections
            ),
        )
        for area in genome.areas
    ]
    regions = [
        replace(r, **{name: tuple(old(i) for i in getattr(r, name)) for name in ("areas", "inputs", "outputs")})
        for r in genome.regions
    ]
    morphologies = {morphology(name): replace(m, id=morphology(name), origin="") for name, m in genome.morphologies.items()}
    return areas, regions, morphologies, genome.physiology, genome.id, genome.title, genome.description


def assert_same_meaning(document: Mapping[str, Any], to: str) -> Document:
    conversion = convert(document, to)
    assert form_of(conversion.document) == to
    again = json.loads(genome_text(conversion.document))
    assert again == conversion.document
    back = {new: old for old, new in conversion.ids.items()}
    for mine, theirs in zip(meaning(parse_genome(dict(document))), meaning(parse_genome(again), back), strict=True):
        assert mine == theirs
    assert again["signatures"] == signatures_of(again)
    return dict(again)


def real_genomes(shared: Path) -> list[Path]:
    paths = sorted((shared / "genomes").glob("*.json"))
    assert len(paths) > 30
    return paths


def test_real_genomes_mean_the_same_in_every_form_and_on_every_way_back(shared: Path) -> None:
    for path in real_genomes(shared):
        document = read_genome(path).document
        direct = {to: assert_same_meaning(document, to) for to in FORMS}
        for to in FORMS:
            for back in ("flat", "3.0"):
                returned = convert(direct[to], back).document
                assert_same_but_defaults(returned, direct[back])


def assert_same_but_defaults(returned: Document, direct: Document) -> None:
    """The same document, but that a detour writes out a name or a version that was left to its default."""
    added = {key for key in returned["blueprint"].keys() - direct["blueprint"].keys() if "__name" in key}
    returned["blueprint"] = {key: value for key, value in returned["blueprint"].items() if key not in added}
    for key in direct.keys() - {"signatures", "blueprint"}:
        assert returned[key] == direct[key], key
    assert set(returned) == set(direct)
    different = {key for key in direct["blueprint"] if returned["blueprint"].get(key) != direct["blueprint"][key]}
    assert all("dstmap" in key for key in different), "a plastic rule of 4 elements comes back as one of 7"
    assert len(different) <= 1
    assert returned["blueprint"].keys() == direct["blueprint"].keys()


def assert_same_growth(document: Mapping[str, Any]) -> int:
    """Synapses, the same in every form, between the same neurons in the same order."""
    grown = [develop(parse_genome(convert(document, to).document), seed=4).connectome for to in FORMS]
    spans = [[(b.source_area, b.target_area, b.start, b.stop) for b in connectome.bundles] for connectome in grown]
    for other, others in zip(grown[1:], spans[1:], strict=True):
        assert others == spans[0]
        assert (other.source == grown[0].source).all()
        assert (other.target == grown[0].target).all()
        assert [a.first_neuron for a in other.areas] == [a.first_neuron for a in grown[0].areas]
    return grown[0].synapses


def test_what_grows_from_a_real_genome_does_not_depend_on_its_form(shared: Path) -> None:
    synapses = [assert_same_growth(read_genome(path).document) for path in real_genomes(shared)]
    assert sum(synapses) > 700_000


@tried(40)
@given(genomes())
def test_what_grows_from_a_generated_genome_does_not_depend_on_its_form(genome: Genome) -> None:
    try:
        develop(genome, most_synapses=500_000)
    except DevelopmentError:
        assume(False)
    assert_same_growth(document_of(genome))


def test_real_genomes_get_the_ids_that_the_engine_gives_them(shared: Path) -> None:
    for case in sorted(shared.glob("oracles/cases/real_*")):
        recorded = json.loads((case / "meta.json").read_text())["id_map_original_to_engine"]
        conversion = convert(json.loads((case / "genome.json").read_text()), "3.0")
        assert conversion.ids.items() >= recorded.items(), "and areas that the engine does not load"
        downloaded = json.loads((case / "genome_downloaded.json").read_text())
        back = convert(downloaded, "flat")
        assert all(canonical_id(old) == new for new, old in back.ids.items())
        assert {*back.ids} >= {*recorded.values()}, case.name


@tried(60)
@given(genomes(), st.sampled_from(FORMS), st.sampled_from(FORMS))
def test_generated_genomes_mean_the_same_in_every_form(genome: Genome, to: str, back: str) -> None:
    document = document_of(genome)
    assert_same_meaning(assert_same_meaning(document, to), back)


@tried(40)
@given(genomes(), st.sampled_from(FORMS))
def test_a_detour_ends_where_it_began(genome: Genome, to: str) -> None:
    flat = convert(document_of(genome), "flat").document
    back = convert(convert(flat, to).document, "flat").document
    assert {k: v for k, v in back.items() if k not in ("signatures", "blueprint")} == {
        k: v for k, v in flat.items() if k not in ("signatures", "blueprint")
    }
    assert [(k, v, back["blueprint"].get(k)) for k, v in flat["blueprint"].items() if back["blueprint"].get(k) != v] == []


def test_regions_density_snooze_and_precision_survive(flat: Document) -> None:
    flat["blueprint"] |= {"_____10c-CM0Tim-cx-_n_cnt-i": 3, "_____10c-CM0Tim-nx-snooze-i": 7}
    flat["physiology"]["quantization_precision"] = "int8"
    flat["brain_regions"] = {"root": {"title": "Root", "areas": ["CM0Tim", "___pwr"], "inputs": ["CM0Tim"], "colour": 1}}
    newest = convert(flat, "3.0").document
    assert newest["blueprint"]["_____10c-Y00wVGltX18=-cx-_n_cnt-i"] == 3
    assert newest["blueprint"]["_____10c-Y00wVGltX18=-nx-snooze-f"] == 7, "the spelling that FEAGI's engine reads"
    assert newest["physiology"]["quantization_precision"] == "int8"
    root = {"title": "Root", "areas": ["Y00wVGltX18=", "X19fcG93ZXI="], "inputs": ["Y00wVGltX18="], "colour": 1}
    assert newest["brain_regions"] == {"root": root}
    for to in FORMS:
        assert_same_meaning(flat, to)
        assert_same_meaning(newest, to)


def test_rules_are_arrays_in_the_flat_form_where_these_say_it_all(flat: Document) -> None:
    newest = convert(flat, "3.0").document
    rules = newest["blueprint"]["_____10c-Y00wVGltX18=-cx-dstmap-d"]["b21vdAUAAAA="]
    assert rules[0]["morphology_id"] == "block_to_block"
    assert rules[0]["postSynapticCurrent_multiplier"] == -1
    conversion = convert(newest, "flat")
    mapping = conversion.document["blueprint"]["_____10c-CM0Tim-cx-dstmap-d"]
    assert mapping["o__mot"] == [["block_to_block", [1, 1, 1], -1, False, 1, 1, 1]]
    assert mapping["CM0Tim"][0]["synaptic_delay_bursts"] == 2
    assert [remark.code for remark in conversion.remarks] == ["G305"]


def test_old_names_of_functions_return(flat: Document) -> None:
    flat["neuron_morphologies"]["memory"] = {"type": "functions", "parameters": {}, "class": "core"}
    flat["blueprint"]["_____10c-CM0Tim-cx-dstmap-d"] = {"CM0Tim": [["memory", [1, 1, 1], 1, False]]}
    newest = convert(flat, "3.0").document
    assert "episodic_memory" in newest["neuron_morphologies"]
    assert newest["blueprint"]["_____10c-Y00wVGltX18=-cx-dstmap-d"]["Y00wVGltX18="][0]["morphology_id"] == "episodic_memory"
    back = convert(newest, "flat").document
    assert "memory" in back["neuron_morphologies"]
    assert back["blueprint"]["_____10c-CM0Tim-cx-dstmap-d"] == {"CM0Tim": [["memory", [1, 1, 1], 1, False]]}


def test_a_morphology_of_ones_own_keeps_its_name(flat: Document) -> None:
    flat["neuron_morphologies"]["memory"] = {"type": "vectors", "parameters": {"vectors": [[1, 0, 0]]}}
    assert "memory" in convert(flat, "3.0").document["neuron_morphologies"]


def test_what_a_form_has_no_place_for_is_kept_reported_and_returns(flat: Document, hierarchical: Document) -> None:
    flat["blueprint"] |= {"nonsense": 1, "_____10c-CM0Tim-nx-snooze-f": 9, "/comment": "hello"}
    conversion = convert(flat, "hierarchical")
    assert sorted(remark.path for remark in conversion.remarks) == ["/blueprint/_____10c-CM0Tim-nx-snooze-i", "/blueprint/nonsense"]
    back = convert(conversion.document, "flat").document
    assert "neurula" not in back
    for key in ("nonsense", "_____10c-CM0Tim-nx-snooze-f", "_____10c-CM0Tim-nx-snooze-i", "/comment"):
        assert back["blueprint"][key] == flat["blueprint"][key]

    hierarchical["blueprint"]["CM0Tim"] |= {"a-b": 1, "cortical_dimensions": [9, 9, 9], "properties": None}
    hierarchical["blueprint"]["broken"] = 5
    conversion = convert(hierarchical, "3.0")
    assert sorted(remark.code for remark in conversion.remarks) == ["G301", "G301", "G301", "G301", "G304"]
    back = convert(conversion.document, "hierarchical").document
    assert "neurula" in back  # the old ids
    timer = back["blueprint"]["Y00wVGltX18="]
    assert (timer["a-b"], timer["cortical_dimensions"], timer["block_boundaries"]) == (1, [9, 9, 9], [2, 3, 4])
    assert back["blueprint"]["broken"] == 5


def test_an_id_that_is_too_long_gets_another_and_returns(hierarchical: Document) -> None:
    hierarchical["blueprint"]["vision_v1-1"] = {"block_boundaries": [2, 1, 1], "cortical_mapping_dst": {}}
    hierarchical["blueprint"]["CM0Tim"]["cortical_mapping_dst"]["vision_v1-1"] = [["projector", [1, 1, 1], 1, False]]
    conversion = convert(hierarchical, "3.0")
    assert is_canonical(conversion.ids["vision_v1-1"])
    assert [remark.code for remark in conversion.remarks if remark.code == "G302"] == ["G302"]
    assert_same_meaning(hierarchical, "3.0")
    assert convert(conversion.document, "flat").ids[conversion.ids["vision_v1-1"]] == "vision_v1-1"


def test_the_group_that_only_the_old_id_told_is_written_out(flat: Document) -> None:
    flat["blueprint"]["_____10c-i__gyr-cx-___bbx-i"] = 3
    newest = convert(flat, "3.0").document
    assert newest["blueprint"]["_____10c-Y2lfX2d5cl8=-cx-_group-t"] == "IPU"


def test_tiles_of_the_oldest_genomes_become_tiles_and_return(flat: Document) -> None:
    flat["blueprint"] |= {"_____10c-i__v0C-cx-___bbx-i": 3, "_____10c-i_v0TR-cx-___bbx-i": 4}
    conversion = convert(flat, "3.0")
    assert (conversion.ids["i__v0C"], conversion.ids["i_v0TR"]) == (canonical_id("iv00_C"), canonical_id("iv00TR"))
    assert convert(conversion.document, "flat").ids[canonical_id("iv00TR")] == "i_v0TR"


def test_ids_without_an_old_form_stay_and_are_named(flat: Document) -> None:
    newest = convert(flat, "3.0").document
    second_motor = "b21vdAUAAAE="
    newest["blueprint"][f"_____10c-{second_motor}-cx-___bbx-i"] = 1
    conversion = convert(newest, "flat")
    assert second_motor not in conversion.ids
    assert [r.path for r in conversion.remarks if r.code == "G303"] == [f"/blueprint/_____10c-{second_motor}-cx-___bbx-i"]


def test_areas_that_become_one_are_refused(flat: Document) -> None:
    flat["blueprint"]["_____10c-_power-cx-___bbx-i"] = 1
    with pytest.raises(GenomeError, match="G112") as refusal:
        convert(flat, "3.0")
    assert refusal.value.where == "/blueprint/_____10c-_power-cx-___bbx-i"
    assert len(parse_genome(convert(flat, "hierarchical").document).areas) == 4


def test_destinations_that_are_one_area_share_their_rules(flat: Document) -> None:
    rule = ["projector", [1, 1, 1], 1, False]
    flat["blueprint"]["_____10c-o__mot-cx-dstmap-d"] = {"___pwr": [rule], "_power": [rule]}
    assert len(convert(flat, "3.0").document["blueprint"]["_____10c-b21vdAUAAAA=-cx-dstmap-d"]["X19fcG93ZXI="]) == 2
    assert_same_meaning(flat, "3.0")


def test_a_conversion_leaves_what_it_is_given(flat: Document) -> None:
    before = json.dumps(flat)
    for to in FORMS:
        convert(convert(flat, to).document, "flat")
    assert json.dumps(flat) == before


def test_a_form_that_there_is_not_is_refused(flat: Document) -> None:
    with pytest.raises(UsageError, match="U201"):
        convert(flat, "xml")


@given(st.sampled_from(("___pwr", "iv00_C", "o__mot", "i__gyr", "CM0Tim", "cabcdefg")) | st.text(max_size=9))
def test_an_old_id_has_the_bytes_of_the_new_one(written: str) -> None:
    assert canonical_id(legacy_id(canonical_id(written))) == canonical_id(written)
    assert legacy_id(written) == written or is_canonical(written)


def test_old_ids_are_those_that_genomes_use() -> None:
    for old in ("___pwr", "_death", "iv00_C", "iv00TL", "o__mot", "ogaz00", "i__pro", "i__gyr", "o__ser", "CM0Tim", "m__lef"):
        assert legacy_id(canonical_id(old)) == old
