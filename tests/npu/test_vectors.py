"""Whatever vectors the processor has, the state is that of plain Python, in every burst."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurula_npu import Brain
from tests.conformance.brains import image_of
from tests.npu.wide_brains import wide_connectome

BRAINS, BURSTS = 8, 25
HASHES = """
import sys
from neurula_npu import Brain
for path in sys.argv[2:]:
    brain = Brain(open(path, "rb").read())
    for _ in range(int(sys.argv[1])):
        brain.step()
        print(brain.state_hash(), sum(len(neurons) for _, neurons in brain.fired()))
"""


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[str]]:
    """Images, and what plain Python says: hash and spikes of every burst, one line each."""
    folder = tmp_path_factory.mktemp("wide")
    paths, lines = [], []
    for seed in range(BRAINS):
        paths.append(folder / f"{seed}.nrl")
        paths[-1].write_bytes(image_of(wide_connectome(seed)))
        brain = Brain(paths[-1].read_bytes(), pure=True)
        for _ in range(BURSTS):
            brain.step()
            lines.append(f"{brain.state_hash()} {sum(len(neurons) for _, neurons in brain.fired())}")
    return paths, lines


def test_wide_brains_fire_by_the_hundred(wide: tuple[list[Path], list[str]]) -> None:
    spikes = [int(line.split()[1]) for line in wide[1]]
    assert sum(spikes) > 100 * len(spikes)


@pytest.mark.parametrize("bits", [0, 256, 512])
def test_every_width_of_vectors_gives_the_state_of_plain_python(wide: tuple[list[Path], list[str]], bits: int) -> None:
    paths, expected = wide
    command = [sys.executable, "-c", HASHES, str(BURSTS), *map(str, paths)]
    environment = {**os.environ, "NEURULA_VECTORS": str(bits)}
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()
    assert said == expected
