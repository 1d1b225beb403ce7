"""The verbs by name: what each says about itself, and where it is. A verb is imported when it is called.

Adding a verb is adding a file with a function (or a Typer application, for a family of verbs) and a line here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

# name -> (module, function or application, first sentence of its help)
VERBS: dict[str, tuple[str, str, str]] = {
    "new": ("new", "new", "Write a new genome from a template, ready to check, grow and run."),
    "check": ("check", "check", "List the problems of a genome, each with its place and a remedy."),
    "convert": ("convert", "convert", "Write a genome in another form: flat, hierarchical or 3.0."),
    "grow": ("grow", "grow", "Grow the neurons and synapses that a genome describes, and list them by area."),
    "build": ("build", "build", "Compile a genome into an image, and show what it costs on one board, or on all."),
    "run": ("run", "run", "Run a brain: a genome is grown and compiled first, an image runs as it is."),
    "flash": ("flash", "flash", "Put a brain on a board: its firmware, the brain, ten seconds of watching it run, and it stays."),
    "device": ("device", "app", "List attached boards, ask one, stop it, confirm its brain or take it back."),
    "bridge": ("bridge", "bridge", "Connect a brain to a body: sensors in, motors out, burst by burst."),
    "robot": ("robot", "app", "Check the sensors and motors of a robot against a brain, list their kinds."),
    "image": ("image", "app", "Look into images, verify them, compare two."),
    "board": ("board", "app", "List boards, show one, check one and what fits on it."),
}


def plain_app(**settings: Any) -> typer.Typer:
    """A Typer application without what costs time at every start: drawn help, drawn tracebacks, completion."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **settings)


class VerbGroup(TyperGroup):
    """The top of the command: knows the verbs, loads the one that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands.update(dict.fromkeys(VERBS, self))  # only the names are used, to suggest one

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in VERBS:
            return None
        module, attribute, _ = VERBS[cmd_name]
        verb = getattr(import_module(f"neurula.cli.{module}"), attribute)
        if isinstance(verb, typer.Typer):
            return get_command(verb)
        single = plain_app()
        single.command(cmd_name)(verb)
        return get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, _, summary) in VERBS.items()])
