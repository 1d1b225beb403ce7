"""`neurula new`: a genome to begin with."""

from __future__ import annotations

from typing import Annotated

import typer

from neurula.cli.files import require_output, write_output
from neurula.cli.options import AsJson
from neurula.cli.output import counted, print_json, print_table, say
from neurula.errors import UsageError

SUFFIX = ".json"


def new(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The genome's title; it is written to NAME.json.")] = "",
    template: Annotated[str, typer.Option("--template", metavar="TEMPLATE", help="What to begin with.")] = "reflex",
    output: Annotated[str | None, typer.Option("-o", "--output", metavar="OUT", help="Write the genome here instead.")] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the templates.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a new genome from a template, ready to check, grow and run."""
    from neurula.genome.templates import TEMPLATES, design_from

    if list_all:
        if as_json:
            print_json({"templates": [{"name": each.name, "summary": each.summary} for each in TEMPLATES.values()]})
        else:
            print_table(("template", "what it is"), [(each.name, each.summary) for each in TEMPLATES.values()])
        return
    title = name.removesuffix(SUFFIX).rpartition("/")[2]
    if not title.strip():
        raise UsageError("U201", "a new genome needs a name", remedy="neurula new NAME --template reflex, or neurula new --list.")
    path = output or name.removesuffix(SUFFIX) + SUFFIX
    require_new(path)
    genome = design_from(template, title)
    write_output(path, genome.text().encode("utf-8"))
    areas = len(genome.genome().areas)
    if as_json:
        print_json({"output": path, "template": template, "title": title, "areas": areas})
    else:
        say(f"wrote {path}: {TEMPLATES[template].summary} {counted(areas, 'area')}. Next: neurula grow {path}")


def require_new(path: str) -> None:
    """Raises UsageError U203 if the file cannot be written, U211 if it is there already."""
    from pathlib import Path

    require_output(path)
    if Path(path).exists():
        raise UsageError("U211", "there is a file of this name", where=path)
