"""What an author meant must not be lost in silence: such genomes are refused, unless one says that it does not matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.cli.genomes import TIMER, timer_genome, write_genome

GENE = f"_____10c-{TIMER}-cx-dstmap-d"


@pytest.mark.parametrize(
    ("gene", "value", "code"),
    [
        (GENE, {"Cnowhr": [["block_to_block", [1, 1, 1], 1, False]]}, "G210"),
        (GENE, {TIMER: [["no_such_morphology", [1, 1, 1], 1, False]]}, "G211"),
        (GENE, {TIMER: [["block_to_block"]]}, "G212"),
        (f"_____10c-{TIMER}-nx-fire_t-f", "high", "G204"),
    ],
)
@pytest.mark.parametrize("verb", ["check", "grow", "build", "run"])
def test_a_genome_that_loses_meaning_is_refused(
    neurula: Command, tmp_path: Path, verb: str, gene: str, value: Any, code: str
) -> None:
    genome = timer_genome()
    genome["blueprint"][gene] = value
    path = write_genome(tmp_path, genome)
    done = neurula(verb, path, "--json")
    assert done.exit_code == 4
    assert code in done.out
    if verb != "check":
        assert neurula(verb, path, "--lenient", "--json").exit_code == 0
