"""A mended copy of a genome: every problem whose remedy does not need the author, solved; the rest listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurula.genome.inspection import inspect_document
from neurula.genome.limits import REPAIRED_MAX
from neurula.genome.model import Problem
from neurula.genome.pointers import Patch, value_at
from neurula.genome.problems import ProblemLog
from neurula.genome.signatures import sign

MORE_PROBLEMS = "G299"
ROUNDS_MAX = 6  # a mended place can show what it had hidden: a rule that can be read now may have no window


@dataclass(frozen=True, slots=True)
class Change:
    """What was done. code: of the problem; path: JSON pointer; before, after: JSON values, None where nothing was or is."""

    code: str
    path: str
    action: str  # set, remove, comment
    before: Any
    after: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Repair:
    """document: the mended copy, signed if it was changed. left: problems of the copy, which only its author can solve."""

    document: dict[str, Any]
    changes: tuple[Change, ...]
    left: tuple[Problem, ...]


def repair_document(document: Mapping[str, Any]) -> Repair:
    """Never touches the document itself. Raises GenomeError G105, G107, G110 for what is no genome."""
    patch = Patch(document)
    changes: list[Change] = []
    problems = _problems_of(patch)
    for _ in range(ROUNDS_MAX):
        made = [change for problem in _last_first(problems) if (change := _apply(patch, problem)) is not None]
        if not made:
            break
        changes.extend(reversed(made))
        cut_short = problems[-1].code == MORE_PROBLEMS
        problems = _problems_of(patch)
        if cut_short:
            break  # far too many: the rest is for another repair
    if changes and isinstance(patch.document.get("blueprint"), dict):
        sign(patch.document)
    left = ProblemLog()
    for problem in problems:
        left.add(problem)
    return Repair(patch.document, tuple(changes), left.listed())


def _problems_of(patch: Patch) -> tuple[Problem, ...]:
    return inspect_document(patch.document, REPAIRED_MAX).problems


def _last_first(problems: tuple[Problem, ...]) -> list[Problem]:
    """Elements of a list are removed from its end, so that the indices of the others stay; each place is mended once."""
    by_place: dict[str, Problem] = {}
    for problem in problems:
        if problem.fix is not None:
            by_place.setdefault(problem.fix.path or problem.path, problem)
    return [by_place[place] for place in sorted(by_place, key=_sort_key, reverse=True)]


def _sort_key(place: str) -> list[tuple[int, str]]:
    return [(int(step), "") if step.isdigit() and len(step) < 10 else (0, step) for step in place.split("/")]


def _apply(patch: Patch, problem: Problem) -> Change | None:
    """None if the place has gone, or is as the fix wants it."""
    fix = problem.fix
    assert fix is not None
    place = fix.path or problem.path
    before = value_at(patch.document, place)
    after = fix.value
    try:
        if fix.action == "comment":
            after = patch.comment(place)
        elif fix.action == "remove":
            patch.remove(place)
        elif before == fix.value and type(before) is type(fix.value):
            return None
        else:
            patch.set(place, fix.value)
    except LookupError:
        return None
    return Change(problem.code, place, fix.action, before, after, problem.message)


