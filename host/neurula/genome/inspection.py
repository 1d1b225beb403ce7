"""Everything there is to say about a file: all problems at once, each with its line."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from neurula.errors import GenomeError
from neurula.genome.checks import check_genome
from neurula.genome.document import decode_document, decode_text, read_bytes, repeated_keys
from neurula.genome.limits import PROBLEMS_MAX
from neurula.genome.lines import lines_of
from neurula.genome.model import Genome, Problem
from neurula.genome.problems import ProblemLog, quote, warning
from neurula.genome.reader import survey_genome


@dataclass(frozen=True, slots=True)
class Inspection:
    """genome: as far as it can be read, to be told about and not to be grown. problems: in the order of the file."""

    genome: Genome
    problems: tuple[Problem, ...]


def inspect_genome(path: str | os.PathLike[str]) -> Inspection:
    """Reads a file and says all that is wrong or odd. Raises GenomeError G101 to G105, G107, G110 for what is no genome."""
    try:
        data = read_bytes(path)
        document = decode_document(data, str(path))
        found = inspect_document(document)
    except GenomeError as failure:
        failure.where = failure.where or str(path)
        raise
    text = decode_text(data, str(path))
    log = ProblemLog(found.problems)
    for place, key in repeated_keys(text):
        log.add(warning("G261", place, f"key {quote(key)} is written twice; the last one counts"))
    return Inspection(found.genome, _with_lines(log.listed(), text))


def inspect_document(document: dict[str, Any], most_problems: int = PROBLEMS_MAX) -> Inspection:
    """The same for a document that was already parsed; problems have no lines, and come as they are found."""
    genome = survey_genome(document, most_problems)
    return Inspection(genome, check_genome(genome, most_problems=most_problems))


def _with_lines(problems: tuple[Problem, ...], text: str) -> tuple[Problem, ...]:
    """In the order of the file; what has no line keeps its place in the end."""
    lines = lines_of(text, {problem.path for problem in problems if problem.path.startswith("/")})
    numbered = [replace(problem, line=lines.get(problem.path, 0)) for problem in problems]
    return tuple(sorted(numbered, key=lambda problem: problem.line or len(text)))
