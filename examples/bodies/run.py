"""Lets a brain live in a body, and says how it went.

python -m examples.bodies.run line_follower --live
python -m examples.bodies.run wall_avoider --seed 3 --seconds 60 --gif robot.gif
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live

from examples.bodies.animation import save_gif, save_png
from examples.bodies.body import Body
from examples.bodies.canvas import Canvas
from examples.bodies.catalogue import CATALOGUE, Entry
from examples.bodies.loop import Brain, NoBrain, live
from examples.bodies.shapes import Picture
from neurula.errors import NeurulaError
from neurula.robot import Robot, RobotMapping, read_mapping

COLUMNS_MAX = 100
FRAMES_MAX = 400  # of an animation
USAGE = 2


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.bodies.run", description="Lets a brain live in a body, and says how it went.")
    parser.add_argument("name", choices=list(CATALOGUE), help="which body")
    parser.add_argument("--seed", type=int, default=1, help="what world it lives in (default 1)")
    parser.add_argument("--seconds", type=float, help="for how long, in the body's own time")
    parser.add_argument("--genome", type=Path, help="another genome or image (.nrl) than the body's own")
    parser.add_argument("--runtime", default="npu", help="where the brain runs, as for neurula run (default npu)")
    parser.add_argument("--no-brain", action="store_true", help="what it scores when nobody is there")
    parser.add_argument("--camera", help="gazer: number of a camera, or a film, instead of the drawn scene")
    parser.add_argument("--live", action="store_true", help="draw it in the terminal while it happens")
    parser.add_argument("--png", type=Path, help="write the last picture to a file")
    parser.add_argument("--gif", type=Path, help="write an animation to a file")
    return parser


def body_of(entry: Entry, camera: str | None) -> Body:
    """The body, with a real camera's scene if one is named."""
    if camera is None:
        return entry.make()
    from examples.bodies.gazer.body import Gazer
    from examples.bodies.gazer.scene import CameraScene

    source = int(camera) if camera.isdigit() else camera
    return Gazer(lambda _: CameraScene(source))


def brain_of(entry: Entry, mapping: RobotMapping, arguments: argparse.Namespace) -> Brain:
    if arguments.no_brain:
        return NoBrain()
    genome = arguments.genome or entry.genome
    if not genome.exists():
        raise SystemExit(f"{entry.name} has no genome of its own: name one with --genome (see {entry.folder.name}/README.md).")
    return Robot(mapping, genome, runtime=arguments.runtime)


def pictures(body: Body, bursts: Iterator[int], every: int) -> Iterator[Picture]:
    """A picture every so many bursts, and one at the end."""
    drawn = False
    for burst in bursts:
        drawn = burst % every == 0
        if drawn:
            yield body.picture()
    if not drawn:
        yield body.picture()


def show(shown: Iterator[Picture], picture_s: float, columns: int, console: Console) -> list[Picture]:
    """Draws as fast as the body lives, or as fast as this machine can."""
    seen = []
    due = time.monotonic()
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as screen:
        for picture in shown:
            seen.append(picture)
            screen.update(Canvas(picture, columns).text(), refresh=True)
            due += picture_s
            time.sleep(max(0.0, due - time.monotonic()))
    return seen


def main(words: Sequence[str]) -> int:
    arguments = options().parse_args(words)
    entry = CATALOGUE[arguments.name]
    seconds = arguments.seconds or entry.seconds
    if arguments.camera is not None and entry.name != "gazer":
        print("Only the gazer has a camera.", file=sys.stderr)
        return USAGE
    console = Console()
    try:
        mapping = read_mapping(entry.robot)
        body, brain = body_of(entry, arguments.camera), brain_of(entry, mapping, arguments)
        body.reset(arguments.seed)
        burst_s = 1 / (mapping.rate_hz or 50)
        picture_s = max(entry.picture_s, seconds / FRAMES_MAX)
        shown = pictures(body, live(body, brain, burst_s, seconds), max(1, round(picture_s / burst_s)))
        columns = max(20, min(COLUMNS_MAX, console.width, 2 * (console.height - 2)))
        seen = show(shown, picture_s, columns, console) if arguments.live else list(shown)
    except NeurulaError as error:
        print(f"{error}\n{error.remedy}".rstrip(), file=sys.stderr)
        return error.exit_code
    for name, value in body.figures().items():
        print(f"{name.replace('_', ' '):20} {value:10.2f}")
    print(f"{'score':20} {body.score():10.3f}")
    if arguments.png:
        save_png(seen[-1], arguments.png)
    if arguments.gif:
        save_gif(seen, arguments.gif, picture_s)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
