"""What the reader and the checks have to say about a genome: the warning codes and the log that collects them."""

from __future__ import annotations

from collections.abc import Iterable

from neurula.errors import GenomeError
from neurula.genome.limits import PROBLEMS_MAX, QUOTE_CHARS_MAX
from neurula.genome.model import Fix, Problem

# code -> what to try. Names and explanations: codegen/neurula_codegen/errors/genome.toml.
REMEDIES: dict[str, str] = {
    "G201": "Set version to 2.0, 2.1 or 3.0.",
    "G202": "Write gene keys as _____10c-<area>-<class>-<code>-<type>, or start the key with / to make it a comment.",
    "G203": "Write the area as an object of properties, or remove it.",
    "G204": "Give the value in the type that the gene needs; the default is used instead.",
    "G205": "Write a whole number; the fraction was cut off.",
    "G206": "Bring the value into the range; the nearest allowed value is used.",
    "G207": "Write at least 1.",
    "G208": "Keep one of the two keys.",
    "G209": "Write the mapping as destination -> list of rules (morphology, scalar, multiplier, plasticity flag, ...).",
    "G210": "Add the missing area, remove the mapping to it, or leave it out with --lenient.",
    "G211": "Define the morphology in neuron_morphologies, name one that exists, or leave the rule out with --lenient.",
    "G212": "Write the rule as an array of 4, 7 or 8 elements or as an object with morphology_id.",
    "G213": "Give the morphology a type (vectors, patterns, functions, composite) and its parameters.",
    "G214": "Add at least one vector or pattern; as it is the morphology makes no synapse.",
    "G215": "Write vectors as [dx, dy, dz] and patterns as [source[3], destination[3]] of indices, *, ? or !.",
    "G216": "Write the section as an object.",
    "G217": "Give the area its properties; as it is it has one voxel and no mapping.",
    "G218": "Write a delay of at least 1 burst.",
    "G219": "Remove the key, or write it as _____10c-<area>-... if an area is meant.",
    "G220": "Check the spelling of the six-character code; as it is the gene has no effect.",
    "G221": "Write the fraction that is lost per burst, between 0 and 1: 10 percent is 0.1.",
    "G222": "Write a fraction between 0 and 1: 5 percent is 0.05. The engine reads anything from 0.999 as always.",
    "G223": "Give the rule a plasticity_window of at least 1 burst (the array form has no place for it in 7 elements).",
    "G224": "Rename one of the two areas: the engine gives both the same id.",
    "G225": "Use a built-in function, or describe the morphology by vectors or patterns.",
    "G226": "Lower the threshold or raise firing_threshold_limit; as it is no neuron of the area can ever fire.",
    "G227": "Check the dimensions; a smaller area grows and runs faster.",
    "G228": "Set simulation_timestep to the seconds of a burst, for instance 0.025.",
    "G229": "Name a mapper_morphology that exists.",
    "G230": "Use indices from 0 on; a negative index matches no voxel.",
    "G231": "Give the genome an id.",
    "G232": "Write the region as an object with title, parent_region_id and areas.",
    "G233": "Add the area, or take it out of the region.",
    "G234": "Use an id of six characters; neurula convert --to 3.0 makes one.",
    "G235": "Use ___pwr, _death or ___fatig, or an id that begins with C.",
    "G236": "Use tiles 0 to 8.",
    "G237": "Write fp32, fp16 or int8.",
    "G238": "Write fp32, fp16 or int8.",
    "G239": "Give the area a name that people can call it by.",
    "G240": "Define the morphology in neuron_morphologies.",
    "G241": "Add the definition to neuron_morphologies; Neurula has it built in.",
    "G242": "Use block_to_block, or write the vectors that are meant.",
    "G243": "Give the tile at least one voxel along each axis.",
    "G244": "Write simulation_timestep in seconds: 25 milliseconds are 0.025.",
    "G245": "Write a number of bursts of at least 1.",
    "G246": "Use the id of a device, for instance i__pro or o__mot, or rename the area to C and five characters.",
    "G247": "Use a smaller weight and a larger postsynaptic_current.",
    "G248": "Write the weight that is meant, or remove the rule.",
    "G249": "Write percent: 100 makes all synapses.",
    "G250": "Write bursts: milliseconds divided by the duration of a burst.",
    "G251": "Set consecutive_fire_cnt_max, or remove the snooze.",
    "G252": "Give every area a name of its own.",
    "G253": "Correct the group or the id.",
    "G254": "Name another region, or none for the root.",
    "G255": "Leave the area in one region.",
    "G256": "Add the area to a region.",
    "G257": "Connect an area that can fire to it, with a weight above 0.",
    "G258": "Connect an area that can fire to it, or remove the area.",
    "G259": "Lower firing_threshold, raise the weight or the postsynaptic potential, or let the area accumulate charge.",
    "G260": "Compare the morphology with the dimensions of both areas.",
    "G261": "Remove one of the two.",
    "G262": 'Write three numbers or expressions such as "2x" or "y^2 - 1": + - * / ^ and brackets, 64 characters at most.',
    "G299": "Solve the listed problems first.",
    "G301": "Nothing needs to be done; converting back restores it.",
    "G302": "Use the new id; converting back to the flat form restores the old one.",
    "G303": "Rename the area to six characters if an older FEAGI is to load it.",
    "G304": "Nothing needs to be done; Neurula reads it, and converting back restores it.",
    "G305": "Nothing needs to be done, unless a FEAGI that reads arrays only is to load the genome.",
}


def warning(code: str, path: str, message: str, fix: Fix | None = None) -> Problem:
    """A problem that does not stop the genome from growing. path: JSON pointer."""
    return Problem(code, "warning", path, message, REMEDIES[code], fix=fix)


def error(code: str, path: str, message: str, fix: Fix | None = None) -> Problem:
    """A problem that has to be solved: nothing sensible comes of it, or FEAGI refuses it."""
    return Problem(code, "error", path, message, REMEDIES[code], fix=fix)


def quote(value: object) -> str:
    """What was written, printable and short, for use in a message."""
    text = repr(value[: QUOTE_CHARS_MAX + 1]) if isinstance(value, str) else _outline(value)
    return text if len(text) <= QUOTE_CHARS_MAX else text[: QUOTE_CHARS_MAX - 3] + "..."


def _outline(value: object) -> str:
    if isinstance(value, dict):
        return f"an object of {len(value)} entries"
    if isinstance(value, list) and len(value) > 8:
        return f"a list of {len(value)} elements"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**QUOTE_CHARS_MAX:
        return "a number of more than 60 digits"
    if isinstance(value, list):
        return "[" + ", ".join(quote(element) for element in value) + "]"
    return repr(value)


def pointer(*steps: str | int) -> str:
    """JSON pointer (RFC 6901) out of keys and indices."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


class ProblemLog:
    """Collects problems, at most `most`, and counts the rest.

    surveying: what would end the reading is collected too, so that a person sees all problems at once.
    """

    def __init__(self, problems: Iterable[Problem] = (), surveying: bool = False, most: int = PROBLEMS_MAX) -> None:
        self._problems: list[Problem] = list(problems)
        self._unlisted = 0
        self._most = most
        self.surveying = surveying

    def warn(self, code: str, path: str, message: str, fix: Fix | None = None) -> None:
        self.add(warning(code, path, message, fix))

    def refuse(self, code: str, path: str, message: str, fix: Fix | None = None) -> None:
        """Something that the author meant is lost: severity "error"; who grows the genome decides whether to go on."""
        self.add(error(code, path, message, fix))

    def fail(self, failure: GenomeError, path: str = "", fix: Fix | None = None) -> None:
        """Raises the failure, or collects it while surveying. path: JSON pointer, where the failure has none."""
        if not self.surveying:
            raise failure
        where = failure.where or path
        self.add(Problem(failure.code, "error", where, failure.message, failure.remedy, fix=fix))

    def add(self, problem: Problem) -> None:
        if len(self._problems) < self._most:
            self._problems.append(problem)
        else:
            self._unlisted += 1

    def listed(self) -> tuple[Problem, ...]:
        """All problems in the order of their discovery; the last one says how many were left out."""
        if not self._unlisted:
            return tuple(self._problems)
        return (*self._problems, warning("G299", "", f"{self._unlisted} more problems are not listed"))
