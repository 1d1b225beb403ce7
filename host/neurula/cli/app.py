"""The application: the one way in and out of every verb."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from neurula import __version__
from neurula.cli.failures import Failure, failure_of, hush_closed_pipe, remedy_of, tell, wants_traceback
from neurula.cli.verbs import VerbGroup, plain_app

NAME = "neurula"
USAGE = "U201"
# Typer does not export the class of all wrong command lines, but the parent of one of them is it.
CommandLineError: type[Exception] = typer.BadParameter.__bases__[0]

app = plain_app(name=NAME, cls=VerbGroup, no_args_is_help=True)


def show_version(wanted: bool) -> None:
    if wanted:
        print(f"{NAME} {__version__}")
        raise typer.Exit


@app.callback()
def neurula(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Grows a spiking brain from a genome, checks that it fits, and runs it, bit for bit the same, on any machine.

    Exit codes: 0 fine, 1 a bug of ours, 2 usage, 3 device not found, 4 input invalid, 5 does not fit the board,
    6 verification failed, 7 link lost, 130 interrupted. Every error has a code that docs/ERRORS.md explains.
    """


def main() -> NoReturn:
    """The command `neurula`; ends the process with one of the documented exit codes."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")  # what a terminal cannot show is no reason to fail
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Runs one command line; whatever fails is told as docs/ERRORS.md lists it. Returns the exit code."""
    as_json = "--json" in arguments
    try:
        dispatch(arguments)
        sys.stdout.flush()
        return 0
    except typer.Exit as end:
        return end.exit_code
    except BrokenPipeError:
        hush_closed_pipe()
        return 0
    except CommandLineError as error:
        return tell_usage(error, as_json)
    except (Exception, KeyboardInterrupt) as error:
        failure = failure_of(KeyboardInterrupt() if isinstance(error, typer.Abort) else error)
        if wants_traceback():
            from traceback import print_exc

            print_exc()
        return tell_failure(failure, as_json)


def dispatch(arguments: Sequence[str]) -> None:
    """Parses the command line and calls its verb."""
    command = get_command(app)
    with command.make_context(NAME, list(arguments)) as context:
        command.invoke(context)


def tell_usage(error: Exception, as_json: bool) -> int:
    """A command line that cannot be understood; no arguments at all ask for help."""
    context = getattr(error, "ctx", None)
    message = str(getattr(error, "format_message", error.__str__)())
    if type(error).__name__ == "NoArgsIsHelpError" and not as_json:
        return tell_help(message)
    path = context.command_path if context is not None else NAME
    remedy = f"`{path} --help` shows what there is." if context is not None else remedy_of(USAGE)
    return tell_failure(Failure(USAGE, " ".join(message.split()), "", remedy, 2), as_json)


def tell_help(text: str) -> int:
    print(text, file=sys.stderr)
    return 2


def tell_failure(failure: Failure, as_json: bool) -> int:
    """Prints a failure and returns its exit code, even where nobody listens any more."""
    try:
        tell(failure, as_json)
        sys.stdout.flush()
    except OSError:
        hush_closed_pipe()
    return failure.exit_code
