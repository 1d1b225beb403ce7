"""Checks find what is suspicious and leave the genome as it is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from neurula.genome import check_genome, parse_genome
from neurula.genome.checks import CHECKS, Places
from neurula.genome.problems import REMEDIES

Document = dict[str, Any]
TIMER = "_____10c-CM0Tim-"


def rule(**fields: Any) -> dict[str, Any]:
    return {"o__mot": [{"morphology_id": "projector"} | fields]}


def set_gene(rest: str, value: Any) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        document["blueprint"][TIMER + rest] = value

    return edit


def define(morphology_id: str, definition: Any) -> Callable[[Document], None]:
    def edit(document: Document) -> None:
        document["neuron_morphologies"][morphology_id] = definition
        document["blueprint"][TIMER + "cx-dstmap-d"] = rule(morphology_id=morphology_id)

    return edit


def set_timestep(document: Document) -> None:
    document["physiology"]["simulation_timestep"] = 0


def repeat_power(document: Document) -> None:
    document["blueprint"]["_____10c-_power-cx-___bbx-i"] = 1


PATTERN = {"type": "patterns", "parameters": {"patterns": [[[-1, "*", "*"], [0, 0, 0]]]}}
PARAMETERS = {"src_seed": [1, 1, 1], "src_pattern": [[1, 0]] * 3, "mapper_morphology": "gone"}
COMPOSITE = {"type": "composite", "parameters": PARAMETERS}
SUSPICIOUS = [
    (set_gene("nx-typoed-f", 1), "G220", "/blueprint/_____10c-CM0Tim-nx-typoed-f"),
    (set_gene("nx-leak_c-f", 10), "G221", "/blueprint/_____10c-CM0Tim-nx-leak_c-f"),
    (set_gene("nx-leak_c-f", -0.1), "G221", "/blueprint/_____10c-CM0Tim-nx-leak_c-f"),
    (set_gene("nx-excite-f", 5.0), "G222", "/blueprint/_____10c-CM0Tim-nx-excite-f"),
    (set_gene("cx-dstmap-d", rule(plasticity_flag=True)), "G223", "/blueprint/_____10c-CM0Tim-cx-dstmap-d/o__mot"),
    (repeat_power, "G224", "/blueprint/_____10c-_power-cx-___bbx-i"),
    (define("my_function", {"type": "functions"}), "G225", "/neuron_morphologies/my_function"),
    (set_gene("nx-fthlim-i", 0.05), "G226", "/blueprint/_____10c-CM0Tim-nx-fthlim-i"),
    (set_gene("cx-___bbx-i", 1_000_000), "G227", "/blueprint/_____10c-CM0Tim-cx-___bbx-i"),
    (set_timestep, "G228", "/physiology/simulation_timestep"),
    (define("my/tile", COMPOSITE), "G229", "/neuron_morphologies/my~1tile"),
    (define("corner", PATTERN), "G230", "/neuron_morphologies/corner"),
]


@pytest.mark.parametrize(("edit", "code", "path"), SUSPICIOUS)
def test_a_suspicious_genome_is_warned_about_at_its_place(
    flat: Document, edit: Callable[[Document], None], code: str, path: str
) -> None:
    assert check_genome(parse_genome(flat)) == ()
    edit(flat)
    problems = check_genome(parse_genome(flat))
    assert [(problem.code, problem.path) for problem in problems] == [(code, path)]
    assert (problems[0].severity, problems[0].remedy) == ("warning", REMEDIES[code])


def test_every_check_is_shown_to_find_something(flat: Document) -> None:
    found: set[str] = set()
    for edit, _, _ in SUSPICIOUS:
        document = copy.deepcopy(flat)
        edit(document)
        genome = parse_genome(document)
        found |= {check.__name__ for check in CHECKS if list(check(genome, Places(genome)))}
    assert found == {check.__name__ for check in CHECKS}


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
