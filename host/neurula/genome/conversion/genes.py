"""The genes of an area in the form that a conversion aims at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neurula.genome.blueprint import AreaGenes
from neurula.genome.conversion.aside import Aside
from neurula.genome.editor import PROPERTY_OF_CODE
from neurula.genome.genes import DESTINATIONS, NESTED_PROPERTIES, PROPERTIES, TYPE_LETTERS, gene_key
from neurula.genome.ids import group_of_id
from neurula.genome.problems import ProblemLog, quote
from neurula.genome.written_rules import map_rules

TWIN, RANDOM, GROUP, NAME = "twinrf", "__rand", "_group", "__name"
RANDOM_WORDS = {True: "random", False: "sequential"}
PROPERTIES_ASIDE = "properties"


def change_values(
    area: AreaGenes, new_id: str, rename: Callable[[str], str], change_rule: Callable[[Any], Any], words: bool
) -> dict[str, Any]:
    """Code -> value with new ids and rules. rename: area id as written -> after; words: random as a word, else a flag.

    What the old id said by itself, name and group, is written out where the new one would say something else.
    """
    genes = dict(area.values)
    if genes.get(NAME) is None and new_id != area.id:
        genes[NAME] = area.id
    if genes.get(GROUP) is None and group_of_id(new_id) != group_of_id(area.id):
        genes[GROUP] = group_of_id(area.id)
    mapping = genes.get(DESTINATIONS)
    if isinstance(mapping, dict):
        genes[DESTINATIONS] = change_mapping(mapping, rename, change_rule)
    if isinstance(genes.get(TWIN), str):
        genes[TWIN] = rename(genes[TWIN])
    if isinstance(genes.get(RANDOM), (bool, str)):
        table: Mapping[Any, Any] = RANDOM_WORDS if words else {word: flag for flag, word in RANDOM_WORDS.items()}
        genes[RANDOM] = table.get(genes[RANDOM], genes[RANDOM])
    return genes


def change_mapping(
    mapping: Mapping[str, Any], rename: Callable[[str], str], change_rule: Callable[[Any], Any]
) -> dict[str, Any]:
    """Destinations that turn out to be one area share a list, in the order of the file."""
    changed: dict[str, Any] = {}
    for written, entries in mapping.items():
        key = written if written.startswith("/") else rename(written)
        rules = map_rules(entries, change_rule)
        if isinstance(changed.get(key), list) and isinstance(rules, list):
            changed[key] = [*changed[key], *rules]
        else:
            changed[key] = rules
    return changed


def as_keys(area: AreaGenes, new_id: str, genes: Mapping[str, Any], aside: Aside) -> dict[str, Any]:
    """Gene key -> value, with the prescribed classes and type letters. An area without genes gets a name."""
    written: dict[str, Any] = {}
    for code, value in genes.items():
        if "-" in code or not code:
            _keep_property(area, new_id, code, value, aside)
            continue
        written[gene_key(new_id, code, value)] = value
    return written or {gene_key(new_id, NAME): area.id}


def report_properties(areas: Sequence[AreaGenes], log: ProblemLog) -> None:
    """Names each property that is no gene once, with the place of the first."""
    places: dict[str, list[str]] = {}
    for area in areas:
        for code in area.values:
            if code and code not in TYPE_LETTERS and len(code) != 6:
                places.setdefault(code, []).append(area.place(code))
    for code, found in places.items():
        areas_meant = f" (in {len(found)} areas)" if len(found) > 1 else ""
        log.warn("G304", found[0], f"property {quote(code)}{areas_meant} is no gene: no FEAGI reads it in this form")


def as_properties(genes: Mapping[str, Any]) -> dict[str, Any]:
    """Property -> value, in the usual order; unknown codes keep their name."""
    written: dict[str, Any] = {}
    for code in (*TYPE_LETTERS, *genes):
        if code not in genes or not code:
            continue
        name, _ = PROPERTY_OF_CODE.get(code, (code, 0))
        codes = PROPERTIES.get(name, (code,))
        if len(codes) > 1:
            written.setdefault(name, [genes.get(each) for each in codes])
        elif code == GROUP:
            written["group_id"] = written["cortical_type"] = genes[code]
        else:
            written[name] = genes[code]
    return written


def keep_shadowed_properties(
    area: AreaGenes, new_id: str, properties: Mapping[str, Any], aside: Aside
) -> None:
    """Two properties for one gene: the reader takes one, the other is kept aside if it says something else."""
    for name, codes in PROPERTIES.items():
        value = properties.get(name)
        read = [area.steps.get(code, ())[:2] for code in codes]
        if value is not None and (area.id, name) not in read and [value] != [area.values.get(code) for code in codes]:
            _keep_property(area, new_id, name, value, aside)
    for nested in NESTED_PROPERTIES:
        if nested in properties and not isinstance(properties[nested], dict):
            _keep_property(area, new_id, nested, properties[nested], aside)


def restore_properties(new_id: str, properties: dict[str, Any], aside: Aside) -> None:
    """What was kept aside for an area returns, unless the name is taken."""
    table = aside.table(PROPERTIES_ASIDE)
    kept = table.pop(new_id, None)
    if not isinstance(kept, dict):
        return
    rest = {name: value for name, value in kept.items() if name in properties}
    properties |= {name: value for name, value in kept.items() if name not in properties}
    aside.replace(PROPERTIES_ASIDE, table | ({new_id: rest} if rest else {}))


def _keep_property(area: AreaGenes, new_id: str, name: str, value: Any, aside: Aside) -> None:
    table = aside.table(PROPERTIES_ASIDE)
    known = table.get(new_id)
    aside.keep(PROPERTIES_ASIDE, new_id, {**(known if isinstance(known, dict) else {}), name: value}, area.place(name))
