"""The main job in half a minute: grows the reflex, shows what it costs on three boards, runs it on three runtimes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

REFLEX = Path(__file__).parent / "reflex"
BURSTS = "60"


def neurula(*arguments: str) -> None:
    """Runs the command as a person would, and shows what was typed."""
    print(f"\n$ neurula {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", "neurula", *arguments], check=True)


def main() -> None:
    genome, stimulus = str(REFLEX / "genome.json"), str(REFLEX / "stimulus.json")
    with tempfile.TemporaryDirectory() as folder:
        brain = str(Path(folder) / "brain.nrl")
        neurula("check", genome)
        neurula("grow", genome)
        for board in ("rpi_zero2w", "rpi_pico", "esp32"):
            neurula("build", genome, "--board", board, "-o", brain)
        for runtime in ("npu", "micropython"):
            neurula("run", brain, "--runtime", "reference", "--compare", runtime, "--bursts", BURSTS, "--stimulus", stimulus, "--no-raster")
        neurula("run", brain, "--bursts", BURSTS, "--stimulus", stimulus)


if __name__ == "__main__":
    main()
