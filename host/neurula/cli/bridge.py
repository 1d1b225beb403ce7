"""`neurula bridge`: a brain and a body, here or at the far end of a link, burst by burst; recorded, replayed, watched."""

from __future__ import annotations

from contextlib import ExitStack
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurula.cli.files import require_output
from neurula.cli.options import AsJson
from neurula.cli.output import counted, print_json, say, write_error
from neurula.errors import LinkLost, UsageError

if TYPE_CHECKING:
    from neurula.bridge.assembly import Assembled, Wishes
    from neurula.bridge.replay import Replayed

BURSTS_MAX = (1 << 31) - 1


class BrainOn(str, Enum):
    """Where the brain runs."""

    HOST = "host"
    BOARD = "board"


def bridge(
    brain: Annotated[str | None, typer.Argument(metavar="[GENOME|BRAIN.nrl]", help="The brain. A replay has its own.")] = None,
    robot: Annotated[str | None, typer.Option("--robot", metavar="ROBOT.toml", help="The file that names sensors and motors.")] = None,
    link: Annotated[
        str | None,
        typer.Option(
            "--link", metavar="ADDRESS", help="The far end: serial:PORT, tcp:HOST:PORT, udp:NAME, zmq:ENDPOINT, pty:PATH, sim:rpi_pico."
        ),
    ] = None,
    brain_on: Annotated[
        BrainOn, typer.Option("--brain-on", help="What is at the far end: a body (the brain is here), or a board with the brain on it.")
    ] = BrainOn.HOST,
    body: Annotated[
        str | None,
        typer.Option("--body", metavar="MODULE:CLASS|ADDRESS", help="A body in this process, whose code is run, or at another link."),
    ] = None,
    runtime: Annotated[str | None, typer.Option("--runtime", metavar="NAME", help="Where the brain runs, as for `neurula run`.")] = None,
    rate_hz: Annotated[
        float | None, typer.Option("--rate", metavar="HZ", min=0.1, max=1000, help="Bursts a second; default: as the robot or genome says.")
    ] = None,
    lockstep: Annotated[
        bool, typer.Option("--lockstep", help="Brain and body wait for each other: as fast as possible, and the same every time.")
    ] = False,
    bursts: Annotated[int | None, typer.Option("--bursts", min=1, max=BURSTS_MAX, help="How many; default: until Ctrl-C.")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", min=0.001, max=1e7, help="For how long.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of a body in this process.")] = 1,
    record: Annotated[str | None, typer.Option("--record", metavar="FILE", help="Write both directions to a file.")] = None,
    replay: Annotated[str | None, typer.Option("--replay", metavar="FILE", help="Run a recording again and compare.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Draw what happens in the terminal.")] = False,
    as_json: AsJson = False,
) -> None:
    """Connect a brain to a body: sensors in, motors out, burst by burst."""
    if live and as_json:
        raise UsageError("U205", "two outputs would share standard output", where="--live --json")
    if replay is not None:
        if (robot, link, body, record, rate_hz) != (None,) * 5:
            raise UsageError("U202", "a recording has a robot, a body and a rate of its own", where="--replay")
        run_replay(replay, brain, runtime, live, as_json)
        return
    if brain is None or robot is None:
        raise UsageError("U201", "a bridge needs a brain and --robot ROBOT.toml", remedy="`neurula bridge --help` shows what there is.")
    board, body = ends(brain_on, link, body, runtime)
    if lockstep and bursts is None and seconds is None:
        raise UsageError("U202", "a bridge in lockstep waits for nobody: say --bursts or --seconds")
    if record is not None:
        require_output(record, brain, robot)
    from neurula.bridge.assembly import Wishes

    wishes = Wishes(brain, robot, board, body, runtime or "npu", rate_hz, lockstep, seed, record)
    run_bridge(wishes, bursts, seconds, live, as_json)


def ends(brain_on: BrainOn, link: str | None, body: str | None, runtime: str | None) -> tuple[str | None, str | None]:
    """(address of the board with the brain, body). UsageError U202 for what does not go together."""
    if brain_on is BrainOn.BOARD:
        if link is None or runtime is not None:
            raise UsageError("U202", "a brain on a board needs its --link ADDRESS, and takes no --runtime")
        return link, body
    if (link is None) == (body is None):
        raise UsageError("U202", "a bridge needs a body: --link ADDRESS, or --body MODULE:CLASS, and not both")
    return None, link or body


def run_bridge(wishes: Wishes, bursts: int | None, seconds: float | None, live: bool, as_json: bool) -> None:
    """Opens it, runs it, closes it, tells how it went."""
    from neurula.bridge.assembly import assemble

    with ExitStack() as stack:
        made = assemble(wishes, stack)
        count = bursts or (max(1, round(seconds * made.brain.rate_hz)) if seconds else BURSTS_MAX)
        interrupted = run_watched(made, count, seconds if seconds and made.paced else float("inf"), live, as_json)
    if interrupted and (bursts or seconds):
        raise KeyboardInterrupt
    tell(made, wishes.record, as_json)
    require_link(made)


def run_watched(made: Assembled, bursts: int, seconds: float, live: bool, as_json: bool) -> bool:
    """Runs the bridge; whether somebody ended it by Ctrl-C or SIGTERM."""
    import gc
    import signal

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    gc.collect()
    gc.freeze()  # what is there stays: nothing of it needs to be looked at between two bursts
    try:
        if live:
            from neurula.cli.bridge_view import watching

            with watching(made.title, made.brain.robot, made.bridge.meters):
                made.bridge.run(bursts, seconds)
        else:
            if not as_json and made.waits:
                write_error(f"{made.title}: running, Ctrl-C ends it")
            made.bridge.run(bursts, seconds)
    except KeyboardInterrupt:
        return True
    finally:
        signal.signal(signal.SIGTERM, before)
        gc.unfreeze()
        made.bridge.finish()
    return False


def require_link(made: Assembled) -> None:
    """LinkLost L122 where the far end was away at the end."""
    for quality in made.bridge.meters.links:
        if quality.state != "connected":
            raise LinkLost("L122", "the far end was away when the bridge ended", where=quality.name)


def tell(made: Assembled, recorded: str | None, as_json: bool) -> None:
    """What happened, for a script or a person."""
    if as_json:
        print_json(answer_json(made, recorded))
        return
    for line in summary(made, recorded):
        say(line)


def answer_json(made: Assembled, recorded: str | None) -> dict[str, Any]:
    from dataclasses import asdict

    from neurula.bridge.recording import plain

    meters, schedule = made.bridge.meters, made.bridge.schedule
    return {
        "brain": made.brain_name, "body": made.body_name, "rate_hz": made.brain.rate_hz, "bursts": meters.bursts,
        "seconds": round(meters.seconds, 6), "spikes": meters.spikes, "overruns": schedule.overruns,
        "late_us": {f"p{100 * share:g}": round(1e6 * schedule.lateness.quantile_s(share), 1) for share in (0.5, 0.99, 0.999)},
        "per_area": [{"id": area.id, "name": area.name, "spikes": area.spikes} for area in meters.area_meters()],
        "motors": plain(meters.motors), "links": [asdict(quality) for quality in meters.links],
        "board": None if meters.stats is None else asdict(meters.stats),
        "score": made.score, "figures": made.figures, "recording": recorded,
    }  # fmt: skip


def summary(made: Assembled, recorded: str | None) -> list[str]:
    meters, schedule = made.bridge.meters, made.bridge.schedule
    lines = [f"{made.title}: {counted(meters.bursts, 'burst')} in {meters.seconds:.1f} s, {counted(meters.spikes, 'spike')}"]
    if schedule.lateness.count:
        p99 = 1e3 * schedule.lateness.quantile_s(0.99)
        lines.append(f"bursts began late by {p99:.2f} ms at most in 99 of 100 cases; {counted(schedule.overruns, 'overrun')}")
    if meters.stats is not None:
        lines.append(f"the board: a burst takes {meters.stats.mean_us} µs, at worst {meters.stats.worst_us} µs; "
                     f"{counted(meters.stats.overruns, 'overrun')}, {counted(meters.stats.trips, 'failsafe stop')}")  # fmt: skip
    for q in meters.links:
        lines.append(f"{q.name}: {q.state}, round trip {1e3 * q.round_trip_s:.1f} ms, {100 * q.missed:.1f} % of the values missed, "
                     f"{counted(q.rejected, 'damaged frame')}")  # fmt: skip
    lines += [f"{name.replace('_', ' ')}: {value:.2f}" for name, value in made.figures.items()]
    if made.score is not None:
        lines.append(f"score: {made.score:.3f}")
    return [*lines, *([f"recorded to {recorded}"] if recorded else [])]


def run_replay(path: str, brain: str | None, runtime: str | None, live: bool, as_json: bool) -> None:
    """A recording once more. VerificationFailed W205 where it comes out otherwise."""
    from pathlib import Path

    from neurula.bridge.assembly import open_replay

    with open_replay(Path(path), brain, runtime) as opened:
        if live:
            from neurula.cli.bridge_view import watching

            with watching(opened.title, opened.brain.robot, opened.meters):
                done = opened.run(as_it_was=True)
        else:
            done = opened.run()
    done.require_same()
    tell_replay(done, as_json)


def tell_replay(done: Replayed, as_json: bool) -> None:
    if as_json:
        print_json({"recording": done.path, "runtime": done.runtime, "bursts": done.bursts, "spikes": done.spikes, "whole": done.whole,
                    "checked": True})  # fmt: skip
        return
    say(f"{counted(done.bursts, 'burst')} and {counted(done.spikes, 'spike')} replayed on {done.runtime}: every burst the same")
    if not done.whole:
        say("the recording breaks off: whoever made it did not come to its end")
