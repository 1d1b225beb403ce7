"""A mended copy has lost its problems and nothing else; the original is never touched."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.genome.test_genome_checks import ALSO, SUSPICIOUS, TIMER, fifteen_faults, set_gene, set_top, set_value

from neurula.development import develop
from neurula.genome import parse_genome, read_genome
from neurula.genome.pointers import Patch, value_at
from neurula.genome.repair import repair_document

Document = dict[str, Any]
MENDED_BY_CHECK = {
    "G221", "G222", "G223", "G226", "G228", "G231", "G237", "G238", "G239", "G240", "G241", "G244", "G245", "G249", "G252", "G254", "G256",
}  # fmt: skip
# Faults that the reader bends or leaves out, each with the code of its problem.
BENT: list[tuple[Callable[[Document], None], str]] = [
    (set_top("version", None), "G201"),
    (set_gene("nonsense", 1, ""), "G202"),
    (set_gene("nx-refrac-i", "soon"), "G204"),
    (set_gene("nx-mp_acc-b", []), "G204"),
    (set_gene("nx-refrac-i", 2.5), "G205"),
    (set_gene("cx-___bbx-i", 2.5), "G205"),
    (set_gene("cx-synatt-i", 300), "G206"),
    (set_gene("cx-_n_cnt-i", 0), "G207"),
    (set_gene("nx-snooze-f", 9), "G208"),
    (set_gene("cx-dstmap-d", 5), "G209"),
    (set_gene("cx-dstmap-d", {"o__mot": 5}), "G209"),
    (set_gene("cx-dstmap-d", {"gone": [["projector", [1, 1, 1], 1, False]]}), "G210"),
    (set_gene("cx-dstmap-d", {"o__mot": [["gone", [1, 1, 1], 1, False], ["projector", [1, 1, 1], 1, False]]}), "G211"),
    (set_gene("cx-dstmap-d", {"o__mot": [5, ["projector", [1, 1, 1], 1, False], 6]}), "G212"),
    (set_gene("cx-dstmap-d", {"o__mot": [["projector", [1, 1, 1], 1, "perhaps"]]}), "G204"),
    (set_gene("cx-dstmap-d", {"o__mot": [{"morphology_id": "projector", "synaptic_delay_bursts": 0}]}), "G218"),
    (set_value("neuron_morphologies", "bad", {"type": "odd"}), "G213"),
    (set_value("neuron_morphologies", "bad", {"type": "vectors", "parameters": {"vectors": [1, [1, 1, 1], 2]}}), "G215"),
    (set_value("neuron_morphologies", "bad", {"vectors": [[1, 1, 1], "x"]}), "G215"),
    (set_top("physiology", 7), "G216"),
    (set_top("brain_regions", 7), "G216"),
    (set_top("brain_regions", {"a": 7}), "G232"),
    (set_top("brain_regions", {"a": {"areas": ["gone", "CM0Tim", "___pwr", "o__mot", "lost"]}}), "G233"),
]


def differing(before: Any, after: Any, place: str = "") -> set[str]:
    """Places at which two documents differ, signatures aside."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = (before.keys() | after.keys()) - ({"signatures"} if not place else set())
        return set().union(*(differing(before.get(k), after.get(k), f"{place}/{k.replace('~', '~0').replace('/', '~1')}") for k in keys))
    return set() if before == after else {place}


@pytest.mark.parametrize(("edit", "code"), BENT, ids=lambda value: value if isinstance(value, str) else "")
def test_what_the_reader_bends_is_written_as_it_was_read(flat: Document, edit: Callable[[Document], None], code: str) -> None:
    edit(flat)
    before = copy.deepcopy(flat)
    read = parse_genome(flat)
    assert code in {problem.code for problem in read.problems}
    repair = repair_document(flat)
    assert flat == before
    again = parse_genome(repair.document)
    assert again.problems == ()
    assert [replace(a, genes={}) for a in again.areas] == [replace(a, genes={}) for a in read.areas]
    assert (again.morphologies, again.regions) == (read.morphologies, read.regions)
    assert code in {change.code for change in repair.changes}


@pytest.mark.parametrize(("edit", "code", "path"), SUSPICIOUS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_suspicion_that_can_be_mended_is_and_nothing_else_changes(
    flat: Document, edit: Callable[[Document], None], code: str, path: str
) -> None:
    edit(flat)
    repair = repair_document(flat)
    left = {problem.code for problem in repair.left}
    if code in MENDED_BY_CHECK:
        assert code not in left
        assert differing(flat, repair.document) <= {place for change in repair.changes for place in places_of(change.path)}
    elif not ALSO.get(code):
        assert repair.changes == ()
        assert repair.document == flat
        assert code in left


def places_of(path: str) -> list[str]:
    """The place and those around it: what is added or removed changes them too."""
    steps = path.split("/")
    return ["/".join(steps[:n]) for n in range(2, len(steps) + 1)]


def test_every_kind_of_fix_of_the_checks_is_tried() -> None:
    assert {code for _, code, _ in SUSPICIOUS} >= MENDED_BY_CHECK


def test_a_broken_genome_grows_after_its_repair(flat: Document) -> None:
    fifteen_faults(flat)
    repair = repair_document(flat)
    assert not [problem for problem in repair.left if problem.fix is not None or problem.severity == "error"]
    genome = parse_genome(repair.document)
    assert [problem.code for problem in genome.problems] == ["G214"], "a morphology that has lost its only vector"
    assert develop(genome).counts["neurons"] > 0
    changed = {change.path for change in repair.changes}
    assert {"/genome_id", "/version", f"/blueprint/{TIMER}cx-___bbx-i", "/physiology/simulation_timestep"} <= changed
    for change in repair.changes:
        assert change.action in ("set", "remove", "comment")
        if change.action == "set" and change.path not in ("/brain_regions/a/areas",):
            assert value_at(repair.document, change.path) == change.after or change.path.startswith("/blueprint")


def test_the_units_that_were_meant_are_written(flat: Document) -> None:
    for rest, written, meant in (("nx-leak_c-f", 30, 0.3), ("nx-leak_c-f", 2000, 1), ("nx-leak_c-f", -1, 0), ("nx-excite-f", 5.0, 0.05)):
        document = copy.deepcopy(flat)
        set_gene(rest, written)(document)
        assert repair_document(document).document["blueprint"][TIMER + rest] == meant
    for section, key, written, meant in (
        ("physiology", "simulation_timestep", 25, 0.025),
        ("physiology", "simulation_timestep", 1e290, 0.025),
        ("physiology", "quantization_precision", " F16", "fp16"),
        ("physiology", "quantization_precision", "fp64", "int8"),
    ):
        document = copy.deepcopy(flat)
        set_value(section, key, written)(document)
        assert repair_document(document).document[section][key] == meant


@pytest.mark.parametrize("length", [4, 7])
def test_a_plastic_rule_gets_a_window_in_its_own_form(flat: Document, length: int) -> None:
    flat["physiology"]["plasticity_queue_depth"] = 5
    written = ["projector", [1, 1, 1], 1, True, 2, 3, 4][:length]
    set_gene("cx-dstmap-d", {"o__mot": [written]})(flat)
    mended = repair_document(flat).document["blueprint"][TIMER + "cx-dstmap-d"]["o__mot"][0]
    assert mended == [*written, *[1, 1, 1][: 7 - length], 5]


def test_a_sound_genome_is_left_exactly_as_it_is(flat: Document) -> None:
    repair = repair_document(flat)
    assert repair.document == flat
    assert (repair.changes, repair.left) == ((), ())


def test_real_genomes_are_mended_and_grow(shared: Path) -> None:
    paths = sorted((shared / "genomes").glob("*.json"))
    assert len(paths) > 30
    for path in paths:
        genome = read_genome(path)
        before = json.dumps(genome.document)
        repair = repair_document(genome.document)
        assert json.dumps(genome.document) == before
        assert not [problem for problem in repair.left if problem.fix is not None], path.name
        assert not [problem for problem in repair.left if problem.code in ("G221", "G222", "G223")], path.name
        again = parse_genome(repair.document)
        assert [area.id for area in again.areas] == [area.id for area in genome.areas]


def test_a_patch_copies_only_the_way_to_its_place() -> None:
    original: Document = {"a": {"b": [1, {"c": 2}], "~/": 3}, "d": {"e": 4}}
    before = copy.deepcopy(original)
    patch = Patch(original)
    patch.set("/a/b/1/c", 5)
    patch.set("/a/b/4", 6)
    patch.set("/f/g", 7)
    patch.remove("/d/e")
    assert patch.comment("/a/~0~1") == "/~/"
    assert patch.document == {"a": {"b": [1, {"c": 5}, 1, 1, 6], "/~/": 3}, "d": {}, "f": {"g": 7}}
    assert original == before
