"""A body as a process of its own, at the end of a link; its brain is in `neurula bridge`, or wherever else.

python -m examples.bodies.serve line_follower --at tcp:4711
neurula bridge examples/bodies/line_follower/genome.json --robot examples/bodies/line_follower/robot.toml --link tcp:127.0.0.1:4711 --live
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from examples.bodies.catalogue import CATALOGUE
from neurula.bridge import BodyEnd
from neurula.bridge.addresses import LISTENING, listen_at
from neurula.errors import NeurulaError
from neurula.robot import read_mapping

SLICE_S = 0.5


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.bodies.serve", description="A body at the end of a link.")
    parser.add_argument("name", choices=list(CATALOGUE), help="which body")
    parser.add_argument("--at", default="tcp:4711", help=f"where it waits for a brain: {LISTENING} (default tcp:4711)")
    parser.add_argument("--seed", type=int, default=1, help="what world it lives in (default 1)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="of the body's own time; default: for ever")
    parser.add_argument("--lockstep", action="store_true", help="its time goes on with every command, and not by itself")
    return parser


def main(words: Sequence[str]) -> int:
    arguments = options().parse_args(words)
    entry = CATALOGUE[arguments.name]
    try:
        mapping = read_mapping(entry.robot)
        step_s = 1 / (mapping.rate_hz or 50)
        body = entry.make()
        body.reset(arguments.seed)
        link = listen_at(arguments.at)
        with BodyEnd(body, mapping, link, sense_s=step_s, lockstep_s=step_s if arguments.lockstep else None) as end:
            print(f"{mapping.name} at {link.name}; Ctrl-C ends it", flush=True)
            while end.steps * step_s < arguments.seconds:
                end.run(SLICE_S)
    except NeurulaError as error:
        print(f"{error}\n{error.remedy}".rstrip(), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        pass
    print(f"{'seconds':20} {end.steps * step_s:10.2f}\n{'score':20} {body.score():10.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
