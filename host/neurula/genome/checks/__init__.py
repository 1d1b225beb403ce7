"""Checks of a genome that was read: suspicious units, contradictions, what cannot grow and what cannot be reached.

To add a check: write a generator of problems, put it into its file's list, give its code a remedy in problems.py and an
entry in errors/genome.toml. A problem that can be mended without asking the author carries a Fix.
"""

from __future__ import annotations

from collections.abc import Sequence

from neurula.genome.checks.context import Check, Context
from neurula.genome.checks.identity import IDENTITY_CHECKS
from neurula.genome.checks.morphologies import MORPHOLOGY_CHECKS
from neurula.genome.checks.physiology import PHYSIOLOGY_CHECKS
from neurula.genome.checks.regions import REGION_CHECKS
from neurula.genome.checks.units import UNIT_CHECKS
from neurula.genome.checks.wiring import WIRING_CHECKS
from neurula.genome.limits import PROBLEMS_MAX
from neurula.genome.model import Genome, Problem
from neurula.genome.problems import ProblemLog

__all__ = ["CHECKS", "RUNNING_CHECKS", "Check", "Context", "check_genome"]

# What changes how the brain runs: told whenever it grows. The rest is for who asks for a check.
RUNNING_CHECKS: tuple[Check, ...] = (*UNIT_CHECKS, *MORPHOLOGY_CHECKS)
CHECKS: tuple[Check, ...] = (*RUNNING_CHECKS, *IDENTITY_CHECKS, *PHYSIOLOGY_CHECKS, *REGION_CHECKS, *WIRING_CHECKS)


def check_genome(
    genome: Genome, checks: Sequence[Check] = CHECKS, most_problems: int = PROBLEMS_MAX
) -> tuple[Problem, ...]:
    """What the reader said, then what the checks find. Nothing is changed: the genome runs as the engine reads it."""
    problems = ProblemLog(genome.problems, most=most_problems)
    context = Context(genome)
    for check in checks:
        for problem in check(context):
            problems.add(problem)
    return problems.listed()
