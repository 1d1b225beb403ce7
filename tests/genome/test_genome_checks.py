"""Checks find what is suspicious, say where, and leave the genome as it is."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.genome.generated import genomes, tried

from neurula.cli.app import run_command
from neurula.development import develop
from neurula.genome import Genome, check_genome, parse_genome, read_genome
from neurula.genome.checks import CHECKS, RUNNING_CHECKS, Context
from neurula.genome.checks.fan import Fan
from neurula.genome.checks.wiring import highest_potential
from neurula.genome.inspection import inspect_genome
from neurula.genome.problems import REMEDIES

Document = dict[str, Any]
Edit = Callable[[Document], None]
TIMER = "_____10c-CM0Tim-"
TIMER_GENES, MOTOR_GENES = f"/blueprint/{TIMER}", "/blueprint/_____10c-o__mot-"
TO_MOTOR = f"{TIMER_GENES}cx-dstmap-d/o__mot/0"


def rule(**fields: Any) -> dict[str, Any]:
    return {"o__mot": [{"morphology_id": "projector"} | fields]}


def set_gene(rest: str, value: Any, area: str = TIMER) -> Edit:
    def edit(document: Document) -> None:
        document["blueprint"][area + rest] = value

    return edit


def define(morphology_id: str, definition: Any) -> Edit:
    def edit(document: Document) -> None:
        document["neuron_morphologies"][morphology_id] = definition
        document["blueprint"][TIMER + "cx-dstmap-d"] = rule(morphology_id=morphology_id)

    return edit


def set_value(section: str, key: str, value: Any) -> Edit:
    def edit(document: Document) -> None:
        document.setdefault(section, {})[key] = value

    return edit


def set_top(key: str, value: Any) -> Edit:
    def edit(document: Document) -> None:
        document[key] = value

    return edit


def regions(*entries: tuple[str, dict[str, Any]]) -> Edit:
    """Regions of which the first holds all areas unless it says otherwise."""
    return set_top("brain_regions", {name: {"title": name, "areas": []} | entry for name, entry in entries})


def drop_morphology(document: Document) -> None:
    del document["neuron_morphologies"]["projector"]


def lonely(document: Document) -> None:
    document["blueprint"]["_____10c-Clone_-cx-__name-t"] = "Lonely"


def undriven(document: Document) -> None:
    del document["blueprint"]["_____10c-___pwr-cx-dstmap-d"]["o__mot"]


ALL = ["CM0Tim", "___pwr", "o__mot"]
PATTERN = {"type": "patterns", "parameters": {"patterns": [[[-1, "*", "*"], [0, 0, 0]], [["*", "*", "*"], [0, 0, 0]]]}}
PARAMETERS = {"src_seed": [1, 1, 1], "src_pattern": [[1, 0]] * 3, "mapper_morphology": "gone"}
COMPOSITE = {"type": "composite", "parameters": PARAMETERS}
FLAT_TILE = {"type": "composite", "parameters": PARAMETERS | {"src_seed": [0, 1, 1], "mapper_morphology": "projector"}}
ZERO = {"type": "vectors", "parameters": {"vectors": [[0, 0, 0], [0, 0, 0]]}}
FAR = {"type": "vectors", "parameters": {"vectors": [[9, 0, 0]]}}
TILE_ID = "aXN2aQkACQA="  # isvi, tile 9
SUSPICIOUS: list[tuple[Edit, str, str]] = [
    (set_gene("nx-typoed-f", 1), "G220", f"{TIMER_GENES}nx-typoed-f"),
    (set_gene("nx-leak_c-f", 10), "G221", f"{TIMER_GENES}nx-leak_c-f"),
    (set_gene("nx-leak_c-f", -0.1), "G221", f"{TIMER_GENES}nx-leak_c-f"),
    (set_gene("nx-excite-f", 5.0), "G222", f"{TIMER_GENES}nx-excite-f"),
    (set_gene("cx-dstmap-d", rule(plasticity_flag=True)), "G223", TO_MOTOR),
    (set_gene("cx-___bbx-i", 1, "_____10c-_power-"), "G224", "/blueprint/_____10c-_power-cx-___bbx-i"),
    (define("my_function", {"type": "functions"}), "G225", "/neuron_morphologies/my_function"),
    (set_gene("nx-fthlim-i", 0.05), "G226", f"{TIMER_GENES}nx-fthlim-i"),
    (set_gene("cx-___bbx-i", 1_000_000), "G227", f"{TIMER_GENES}cx-___bbx-i"),
    (set_value("physiology", "simulation_timestep", 0), "G228", "/physiology/simulation_timestep"),
    (define("my/tile", COMPOSITE), "G229", "/neuron_morphologies/my~1tile"),
    (define("corner", PATTERN), "G230", "/neuron_morphologies/corner"),
    (set_top("genome_id", " "), "G231", "/genome_id"),
    (set_gene("nx-fire_t-f", 1, "_____10c-i_am_too_long-"), "G234", "/blueprint/_____10c-i_am_too_long-nx-fire_t-f"),
    (set_gene("nx-fire_t-f", 1, "_____10c-_wrong-"), "G235", "/blueprint/_____10c-_wrong-nx-fire_t-f"),
    (set_gene("cx-___bbx-i", 1, f"_____10c-{TILE_ID}-"), "G236", f"/blueprint/_____10c-{TILE_ID}-cx-___bbx-i"),
    (set_value("physiology", "quantization_precision", "fp64"), "G237", "/physiology/quantization_precision"),
    (set_value("physiology", "quantization_precision", "Float32"), "G238", "/physiology/quantization_precision"),
    (set_gene("cx-__name-t", ""), "G239", f"{TIMER_GENES}cx-__name-t"),
    (set_gene("cx-dstmap-d", rule(morphology_id="all_to_all")), "G240", "/neuron_morphologies"),
    (drop_morphology, "G241", "/neuron_morphologies"),
    (define("copy", ZERO), "G242", "/neuron_morphologies/copy"),
    (define("thin", FLAT_TILE), "G243", "/neuron_morphologies/thin"),
    (set_value("physiology", "simulation_timestep", 25), "G244", "/physiology/simulation_timestep"),
    (set_value("physiology", "max_age", 0), "G245", "/physiology/max_age"),
    (set_top("plasticity_queue_depth", "deep"), "G245", "/plasticity_queue_depth"),
    (set_gene("cx-___bbx-i", 1, "_____10c-i__xyz-"), "G246", "/blueprint/_____10c-i__xyz-cx-___bbx-i"),
    (set_gene("cx-dstmap-d", rule(postSynapticCurrent_multiplier=-300)), "G247", f"{TO_MOTOR}/postSynapticCurrent_multiplier"),
    (set_gene("cx-dstmap-d", rule(postSynapticCurrent_multiplier=0)), "G248", f"{TO_MOTOR}/postSynapticCurrent_multiplier"),
    (set_gene("nx-pstcr_-f", 0), "G248", f"{TIMER_GENES}nx-pstcr_-f"),
    (set_gene("cx-dstmap-d", rule(synapse_attractivity=0.5)), "G249", f"{TO_MOTOR}/synapse_attractivity"),
    (set_gene("cx-synatt-i", 0.5), "G249", f"{TIMER_GENES}cx-synatt-i"),
    (set_gene("nx-refrac-i", 2560), "G250", f"{TIMER_GENES}nx-refrac-i"),
    (set_gene("nx-c_fr_c-i", 0), "G251", f"{TIMER_GENES}nx-snooze-i"),
    (set_gene("cx-__name-t", "Motor"), "G252", f"{MOTOR_GENES}cx-__name-t"),
    (set_gene("cx-_group-t", "IPU", "_____10c-o__mot-"), "G253", f"{MOTOR_GENES}cx-_group-t"),
    (regions(("a", {"areas": ALL, "parent_region_id": "b"})), "G254", "/brain_regions/a/parent_region_id"),
    (regions(("a", {"areas": ALL}), ("b", {"areas": ["CM0Tim"], "parent_region_id": "a"})), "G255", "/brain_regions/b"),
    (regions(("a", {"areas": ALL[:2]})), "G256", "/brain_regions"),
    (undriven, "G257", f"{MOTOR_GENES}cx-__name-t"),
    (lonely, "G258", "/blueprint/_____10c-Clone_-cx-__name-t"),
    (set_gene("nx-fire_t-f", 5000, "_____10c-o__mot-"), "G259", f"{MOTOR_GENES}nx-fire_t-f"),
    (define("far", FAR), "G260", TO_MOTOR),
]
# These make another problem as well, or hide one that the sample has not otherwise.
ALSO = {"G224": {"G241"}, "G234": {"G258"}, "G235": {"G258"}, "G253": {"G224"}, "G225": set(), "G227": set()}


@pytest.mark.parametrize(("edit", "code", "path"), SUSPICIOUS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_suspicious_genome_is_warned_about_at_its_place(flat: Document, edit: Edit, code: str, path: str) -> None:
    assert check_genome(parse_genome(flat)) == ()
    edit(flat)
    problems = [p for p in check_genome(parse_genome(flat)) if p.code not in ALSO.get(code, ())]
    assert [(problem.code, problem.path) for problem in problems] == [(code, path)]
    assert problems[0].remedy == REMEDIES[code]
    assert problems[0].severity == ("error" if code in ("G228", "G229", "G231", "G236", "G237") else "warning")


def test_every_check_is_shown_to_find_something(flat: Document) -> None:
    found: set[str] = set()
    for edit, _, _ in SUSPICIOUS:
        document = copy.deepcopy(flat)
        edit(document)
        genome = parse_genome(document)
        found |= {check.__name__ for check in CHECKS if list(check(Context(genome)))}
    assert found == {check.__name__ for check in CHECKS}
    assert {check.__name__ for check in RUNNING_CHECKS} < found


def fifteen_faults(document: Document) -> set[str]:
    """Breaks a genome in fifteen ways, some of which would end the reading; returns their codes."""
    faults: list[tuple[Edit, str]] = [
        (set_top("genome_id", ""), "G231"),
        (set_top("version", "9.9"), "G201"),
        (set_gene("cx-___bbx-i", -3), "G109"),
        (set_gene("cx-_n_cnt-i", 0), "G207"),
        (set_gene("nx-refrac-i", "soon"), "G204"),
        (set_gene("nx-fire_t-f", "1e999"), "G106"),
        (set_gene("nx-leak_c-f", 30), "G221"),
        (set_gene("nx-excite-f", 5), "G222"),
        (set_gene("cx-__name-t", " "), "G239"),
        (set_gene("nonsense", 1, ""), "G202"),
        (set_value("physiology", "simulation_timestep", -1), "G228"),
        (set_value("physiology", "quantization_precision", "fp9"), "G237"),
        (set_value("neuron_morphologies", "old", {"vectors": [[1, 2]]}), "G215"),
        (regions(("a", {"areas": [*ALL, "gone"], "parent_region_id": "a"})), "G233"),
        (set_gene("cx-dstmap-d", {"gone": [["projector", [1, 1, 1], 1, False]], "o__mot": [["unknown", [1, 1, 1], 1, False]]}), "G211"),
    ]  # fmt: skip
    for edit, _ in faults:
        edit(document)
    return {code for _, code in faults}


def test_a_genome_broken_in_fifteen_ways_is_told_all_fifteen_at_once_with_their_lines(
    flat: Document, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = fifteen_faults(flat)
    assert len(codes) == 15
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(flat, indent=1), encoding="utf-8")
    inspection = inspect_genome(path)
    assert {problem.code for problem in inspection.problems} >= codes | {"G210", "G214", "G254"}
    lines = path.read_text(encoding="utf-8").splitlines()
    for problem in inspection.problems:
        assert problem.line, problem
        assert problem.path.startswith("/"), problem
        assert problem.message, problem
        assert problem.remedy, problem
        last = problem.path.rpartition("/")[2].replace("~1", "/")
        assert last.isdigit() or f'"{last}"' in lines[problem.line - 1], problem
    assert [p.line for p in inspection.problems] == sorted(p.line for p in inspection.problems)
    assert run_command(["check", str(path), "--json"]) == 4
    told = json.loads(capsys.readouterr().out)["problems"]
    assert {problem["code"] for problem in told} >= codes
    assert all(problem["line"] and problem["path"] and problem["message"] and problem["remedy"] for problem in told)


def test_a_key_that_is_written_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    areas = '{"CM0Tim": {"dev_count": 1,\n "a/b": 1, "a/b": 2, "dev_count": 2}}'
    path.write_text(f'{{"version": "2.0",\n "blueprint": {areas},\n "version": "3.0"}}', encoding="utf-8")
    found = [(p.path, p.line) for p in inspect_genome(path).problems if p.code == "G261"]
    assert found == [("/blueprint/CM0Tim/dev_count", 3), ("/blueprint/CM0Tim/a~1b", 3), ("/version", 4)]


@pytest.mark.parametrize("excitability", [0, 0.5, 1, 100, -1])
def test_usual_excitabilities_are_not_suspicious(flat: Document, excitability: float) -> None:
    set_gene("nx-excite-f", excitability)(flat)
    assert check_genome(parse_genome(flat)) == ()


def test_suspicious_units_are_read_as_the_engine_reads_them(flat: Document) -> None:
    set_gene("nx-leak_c-f", 10)(flat)
    set_gene("nx-excite-f", 5.0)(flat)
    timer = parse_genome(flat).areas[0]
    assert (timer.leak_coefficient, timer.excitability) == (10, 5.0)


def test_problems_of_the_reader_come_first(flat: Document) -> None:
    set_gene("nx-leak_c-f", 10)(flat)
    set_gene("nx-refrac-i", "soon")(flat)
    assert [problem.code for problem in check_genome(parse_genome(flat))] == ["G204", "G221"]


def synapses_into_one(genome: Genome) -> dict[str, int]:
    """Area id -> the most synapses that reach one of its neurons."""
    connectome = develop(genome).connectome
    most: dict[str, int] = {}
    for bundle in connectome.bundles:
        target = connectome.areas[bundle.target_area]
        counts: dict[int, int] = {}
        for neuron in connectome.target[bundle.start : bundle.stop].tolist():
            counts[neuron] = counts.get(neuron, 0) + 1
        most[target.area.id] = most.get(target.area.id, 0) + max(counts.values(), default=0)
    return most


@tried(60)
@given(genomes())
def test_bounds_of_synapses_and_potentials_hold_for_what_grows(genome: Genome) -> None:
    """Weights and PSPs of 1: the highest potential in a burst is then at least the number of synapses into one neuron."""
    units: dict[str, Any] = {"postsynaptic_potential": 1, "psp_uniform": True, "mp_driven_psp": False, "charge_accumulation": False}
    one: dict[str, Any] = {"multiplier": 1, "plastic": False, "attractivity": 100}
    plain = tuple(
        replace(a, **units, projections=tuple(replace(p, rules=tuple(replace(r, **one) for r in p.rules)) for p in a.projections))
        for a in genome.areas
    )
    genome = replace(genome, areas=plain)
    context, fan = Context(genome), Fan(genome.morphologies)
    grown = synapses_into_one(genome)
    for area in plain:
        assert highest_potential(area, context, fan) >= grown.get(area.id, 0)
    for area in plain:
        for projection in area.projections:
            for each in projection.rules:
                only = replace(area, projections=(replace(projection, rules=(each,)),))
                others = tuple(only if a.id == area.id else replace(a, projections=()) for a in plain)
                if not fan.joins(each, area, context.areas[projection.destination]):
                    assert develop(replace(genome, areas=others)).connectome.synapses == 0


def test_division_of_the_psp_counts_against_a_threshold(flat: Document) -> None:
    set_gene("cx-pspuni-b", False, "_____10c-___pwr-")(flat)
    problems = check_genome(parse_genome(flat))
    assert [p.code for p in problems] == ["G259"], "power shares 1 between 26 synapses, and the motor needs 1"
    assert "0.0384615" in problems[0].message


def test_real_genomes_have_no_errors_that_stop_a_check(shared: Path) -> None:
    paths = sorted((shared / "genomes").glob("*.json"))
    assert len(paths) > 30
    for path in paths:
        problems = check_genome(read_genome(path))
        assert all(problem.code in REMEDIES for problem in problems)
        assert not [p for p in problems if p.severity == "error"], path.name
