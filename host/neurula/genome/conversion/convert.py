"""The conversion of a whole document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurula.errors import UsageError
from neurula.genome.blueprint import COMMENT, is_flat, is_gene_key, read_blueprint, split_key
from neurula.genome.conversion import genes, sections
from neurula.genome.conversion.aside import Aside
from neurula.genome.conversion.ids import ids_of_eight_bytes, ids_of_six_characters
from neurula.genome.document import require_shallow
from neurula.genome.ids import canonical_id
from neurula.genome.model import Problem
from neurula.genome.problems import ProblemLog, pointer
from neurula.genome.reader import parse_genome, resolver_of
from neurula.genome.signatures import sign
from neurula.genome.written_rules import morphology_of_rule, rename_rule, rule_as_array, rule_as_object

FLAT, HIERARCHICAL, NEWEST = FORMS = ("flat", "hierarchical", "3.0")
_FLAT_KEYS, _OBJECTS = "flat_keys", "objects"


@dataclass(frozen=True, slots=True)
class Conversion:
    """document: the genome in its new form, signed. ids: area id before -> after, where it changed. remarks: what the
    form cannot say, and what became of it."""

    document: dict[str, Any]
    ids: Mapping[str, str]
    remarks: tuple[Problem, ...]


def form_of(document: Mapping[str, Any]) -> str:
    """One of FORMS."""
    if not is_flat(document["blueprint"]):
        return HIERARCHICAL
    return NEWEST if document.get("version") == sections.NEW_VERSION else FLAT


def convert(document: Mapping[str, Any], to: str) -> Conversion:
    """Reading the new document gives the same areas, rules, morphologies, regions and physiology; ids as the form has them.

    The given document is not changed; the new one shares with it what both have alike.

    Raises UsageError U201 for a form that there is not, GenomeError G105 to G112 for what cannot be read or renamed.
    """
    if to not in FORMS:
        raise UsageError("U201", f"there is no form {to!r}", remedy=f"Use one of {', '.join(FORMS)}.")
    parse_genome(dict(document))
    return _Converter(dict(document), to).run()


class _Converter:
    def __init__(self, document: dict[str, Any], to: str) -> None:
        self.document = document
        self.to = to
        self.log = ProblemLog()
        self.aside = Aside(document, self.log)
        self.blueprint: dict[str, Any] = document["blueprint"]
        self.areas = read_blueprint(self.blueprint, ProblemLog())
        self.resolve = resolver_of(self.areas)
        self.ids = self._new_ids()
        self.morphologies: dict[str, str] = {}
        self.used_morphologies: set[str] = set()
        self.said_object = False

    def run(self) -> Conversion:
        if self.to == NEWEST:
            self.morphologies = sections.new_names(self.document)
        elif self.to == FLAT:
            self.morphologies = sections.old_names(self.document, self.aside)
        self.used_morphologies |= sections.rename_morphologies(self.document, self.morphologies)
        self.document["blueprint"] = self._blueprint()
        sections.rewrite_regions(self.document, self._rename)
        sections.gather_physiology(self.document)
        if self.to == NEWEST:
            sections.keep_old_names(self.aside, self.morphologies, self.used_morphologies)
            sections.set_new_version(self.document, self.aside)
        elif self.to == FLAT:
            sections.set_old_version(self.document, self.aside)
        self.aside.put_back()
        require_shallow(self.document)
        sign(self.document)
        changed = {before: after for before, after in self.ids.items() if before != after}
        return Conversion(self.document, changed, self.log.listed())

    def _new_ids(self) -> dict[str, str]:
        if self.to == NEWEST:
            return ids_of_eight_bytes(self.areas, self.aside, self.log)
        if self.to == FLAT:
            return ids_of_six_characters(self.areas, self.aside, self.log)
        return {area.id: area.id for area in self.areas}

    def _rename(self, written: str) -> str:
        """The id after the conversion of whatever a file calls an area; a dangling one in eight bytes where these count."""
        area_id = self.resolve(written)
        if area_id is not None:
            return self.ids[area_id]
        return canonical_id(written) if self.to == NEWEST else written

    def _rule(self, entry: Any) -> Any:
        name = morphology_of_rule(entry)
        if name in self.morphologies:
            self.used_morphologies.add(name)
            entry = rename_rule(entry, self.morphologies[name])
        if self.to != FLAT:
            return rule_as_object(entry)
        written = rule_as_array(entry)
        if isinstance(written, dict) and "morphology_id" in written and not self.said_object:
            self.said_object = True
            self.log.warn("G305", "/blueprint", "rules that say more than an array can stay objects")
        return written

    def _blueprint(self) -> dict[str, Any]:
        words = self.to == HIERARCHICAL
        written: dict[str, Any] = {}
        for area in self.areas:
            new_id = self.ids[area.id]
            if not is_flat(self.blueprint):
                genes.keep_shadowed_properties(area, new_id, self.blueprint[area.id], self.aside)
            values = genes.change_values(area, new_id, self._rename, self._rule, words)
            if self.to == HIERARCHICAL:
                written[new_id] = genes.as_properties(values)
                genes.restore_properties(new_id, written[new_id], self.aside)
            else:
                written |= genes.as_keys(area, new_id, values, self.aside)
        if not is_flat(self.blueprint) and self.to != HIERARCHICAL:
            genes.report_properties(self.areas, self.log)
        self._keep_other_keys(written)
        self._restore_other_keys(written)
        return written

    def _keep_other_keys(self, written: dict[str, Any]) -> None:
        """Comments stay. Repeated genes, and keys that are none, stay where they still mean nothing, or go aside."""
        used = {steps[0] for area in self.areas for steps in area.steps.values()}
        table = _FLAT_KEYS if is_flat(self.blueprint) else _OBJECTS
        for key, value in self.blueprint.items():
            if key in used:
                continue
            if key.startswith(COMMENT) or (table == _FLAT_KEYS and self.to != HIERARCHICAL and not is_gene_key(key)):
                written.setdefault(key, value)
            else:
                self.aside.keep(table, key, value, pointer("blueprint", key))

    def _restore_other_keys(self, written: dict[str, Any]) -> None:
        name = _OBJECTS if self.to == HIERARCHICAL else _FLAT_KEYS
        table = self.aside.table(name)
        present = set(self.ids.values())
        back = {
            key: value
            for key, value in table.items()
            if key not in written and (name == _OBJECTS or not is_gene_key(key) or (self.to == FLAT and split_key(key)[0] in present))
        }
        written |= back
        self.aside.replace(name, {key: value for key, value in table.items() if key not in back})
