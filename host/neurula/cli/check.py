"""`neurula check`: what is odd about a genome, where, and what to try."""

from __future__ import annotations

from typing import Any

import typer

from neurula.cli.failures import failure_of
from neurula.cli.options import AsJson, GenomeFile
from neurula.cli.output import counted, print_json, print_table, problems_json, say
from neurula.errors import GenomeError


def check(genome: GenomeFile, as_json: AsJson = False) -> None:
    """List the problems of a genome, each with its place and a remedy. Nothing is changed."""
    from neurula.genome import check_genome, read_genome

    try:
        read = read_genome(genome)
    except GenomeError as error:
        if not as_json:
            raise
        print_json(refusal(error))
        raise typer.Exit(error.exit_code) from None
    problems = check_genome(read)
    failed = any(problem.severity == "error" for problem in problems)
    if as_json:
        print_json({"ok": not failed, "problems": problems_json(problems), "areas": len(read.areas), "form": read.form})
    else:
        say(f"{read.title}: {counted(len(read.areas), 'area')}, {read.form} form, version {read.version or 'unknown'}")
        rows = [(p.severity, p.code, p.path, p.message, p.remedy) for p in problems]
        if rows:
            print_table(("", "code", "where", "what", "what to try"), rows)
        say(counted(len(rows), "problem") if rows else "no problems")
    if failed:
        raise typer.Exit(4)


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
