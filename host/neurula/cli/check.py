"""`neurula check`: what is odd about a genome, where, and what to try; with --fix, a mended copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurula.cli.failures import failure_of
from neurula.cli.files import STDOUT, require_output, write_output
from neurula.cli.options import AsJson, GenomeFile
from neurula.cli.output import counted, print_json, print_table, problems_json, say
from neurula.errors import GenomeError, UsageError

if TYPE_CHECKING:
    from neurula.genome import Problem
    from neurula.genome.inspection import Inspection
    from neurula.genome.repair import Change

REPEATED_KEY = "G261"
SHOWN_CHARS = 40


def check(
    genome: GenomeFile,
    fix: Annotated[
        str | None, typer.Option("--fix", metavar="OUT", help="Write a mended copy here, and list what was changed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the problems of a genome, each with its place and a remedy. Nothing is changed.

    With --fix OUT a copy is written in which everything is mended that needs no decision of yours.
    Exit code 4 if there are errors (with --fix: in the copy).
    """
    if fix is not None:
        if fix == STDOUT and as_json:
            raise UsageError("U205", "the genome and the JSON answer would share standard output", where=fix)
        if fix != STDOUT:
            require_output(fix, genome)
    from neurula.genome.inspection import inspect_genome

    try:
        inspection = inspect_genome(genome)
    except GenomeError as error:
        if not as_json:
            raise
        print_json(refusal(error))
        raise typer.Exit(error.exit_code) from None
    problems = inspection.problems
    changes: list[Change] = []
    left = problems
    if fix is not None:
        changes, left = mend(inspection, fix)
    failed = any(problem.severity == "error" for problem in left)
    if as_json:
        answer = {"ok": not failed, "problems": problems_json(problems), "areas": len(inspection.genome.areas)}
        mended = {"output": fix, "changes": changes_json(changes), "left": problems_json(left)} if fix is not None else {}
        print_json({**answer, "form": inspection.genome.form, **mended})
    elif fix != STDOUT:
        tell(inspection, changes, left, fix)
    if failed:
        raise typer.Exit(4)


def mend(inspection: Inspection, path: str) -> tuple[list[Change], tuple[Problem, ...]]:
    """Writes the copy. What was changed, and the problems that it still has."""
    from neurula.genome import genome_text
    from neurula.genome.repair import Change, repair_document

    repair = repair_document(inspection.genome.document)
    write_output(path, genome_text(repair.document).encode("utf-8"))
    once = [Change(p.code, p.path, "remove", None, None, p.message) for p in inspection.problems if p.code == REPEATED_KEY]
    return [*once, *repair.changes], repair.left


def changes_json(changes: list[Change]) -> list[dict[str, Any]]:
    return [
        {"code": c.code, "path": c.path, "action": c.action, "before": c.before, "after": c.after, "reason": c.reason}
        for c in changes
    ]


def tell(inspection: Inspection, changes: list[Change], left: tuple[Problem, ...], path: str | None) -> None:
    """The same for a person."""
    genome = inspection.genome
    say(f"{genome.title}: {counted(len(genome.areas), 'area')}, {genome.form} form, version {genome.version or 'unknown'}")
    print_problems(inspection.problems)
    if path is None:
        mendable = sum(problem.fix is not None for problem in inspection.problems)
        if mendable:
            say(f"{mendable} of them can be mended without you: neurula check ... --fix COPY.json")
        return
    rows = [(c.code, c.path, c.action, shown(c.before), shown(c.after)) for c in changes]
    if rows:
        print_table(("code", "where", "what was done", "before", "after"), rows)
    say(f"wrote {path}: {counted(len(changes), 'change')}, {counted(len(left), 'problem')} left")


def print_problems(problems: tuple[Problem, ...]) -> None:
    rows = [(p.severity, p.code, str(p.line or ""), p.path, p.message, p.remedy) for p in problems]
    if rows:
        print_table(("", "code", ">line", "where", "what", "what to try"), rows)
    say(counted(len(rows), "problem") if rows else "no problems")


def shown(value: Any) -> str:
    """A JSON value, short."""
    import json

    text = "" if value is None else json.dumps(value)
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 3] + "..."


def refusal(error: GenomeError) -> dict[str, Any]:
    """The JSON answer for a genome that cannot be read: the error, and the same as the only problem."""
    failure = failure_of(error)
    problem = {
        "code": failure.code,
        "severity": "error",
        "path": failure.where,
        "message": failure.message,
        "remedy": failure.remedy,
    }
    return {"ok": False, "error": failure.as_json(), "problems": [problem]}
