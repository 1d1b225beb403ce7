"""A genome written in Python: areas, what connects them, and a file in the end.

    from neurula.genome import Design
    reflex = Design("Reflex")
    eyes, wheels = reflex.input("proximity", 2), reflex.output("motor", 2)
    eyes.to(wheels, reflex.patterns("own side", ((0, 0, "*"), (0, 0, "?")), ((1, 0, "*"), (2, 0, "?"))))
    reflex.save("reflex.json")
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from neurula.errors import GenomeError
from neurula.genome.checks import check_genome
from neurula.genome.checks.identity import EXPECTED
from neurula.genome.ids import canonical_id
from neurula.genome.model import CorticalArea, Genome, MappingRule, Morphology, Projection, Region, Triple
from neurula.genome.morphologies import core_morphologies
from neurula.genome.problems import quote
from neurula.genome.reader import parse_genome
from neurula.genome.signatures import sign
from neurula.genome.units import INPUTS, OUTPUTS, Unit
from neurula.genome.writer import document_of, genome_text, write_genome
from neurula.genome.written_rules import write_morphology

POWER, DEATH = "___pwr", "_death"
TIMESTAMP = 1_767_225_600  # 2026-01-01: a fixed one, so that the same design is always the same file
ROOT_REGION = "root"
_ID_CHARS = 6
_GAP = 4  # voxels between areas that have no position of their own
_COLUMNS = {"IPU": -40, "CORE": -20, "CUSTOM": 0, "MEMORY": 20, "OPU": 40}  # x of these

Element = int | str
Voxel = tuple[Element, Element, Element]


@dataclass(frozen=True, slots=True)
class Learning:
    """A plastic rule: what fires together within `window` bursts grows by step * up, what does not, shrinks by step * down."""

    window: int = 1
    step: float = 1
    up: float = 1
    down: float = 1


class Area:
    """One area of a design. `to` connects it; the rest is written by Design.area."""

    def __init__(self, written: CorticalArea) -> None:
        self.written = written
        self._rules: dict[str, list[MappingRule]] = {}

    @property
    def id(self) -> str:
        return self.written.id

    def to(
        self,
        destination: Area,
        morphology: str = "projector",
        weight: float = 1,
        *,
        delay: int = 1,
        attractivity: float = 100,
        scalar: tuple[float | str, float | str, float | str] = (1, 1, 1),
        learning: Learning | None = None,
    ) -> Area:
        """Connects this area to another one, or to itself; returns itself, so that more can follow.

        morphology: a built-in name, or what Design.vectors and its sisters return. weight: factor on the PSP, negative =
        inhibition. delay: bursts, at least 1. attractivity: percent of the synapses that are made.
        scalar: factors of the morphology's vectors, numbers or expressions such as "2x".
        """
        rule = MappingRule(morphology, scalar, multiplier=weight, delay_bursts=delay, attractivity=attractivity)
        if learning is not None:
            rule = replace(
                rule,
                plastic=True,
                plasticity_constant=learning.step,
                ltp_multiplier=learning.up,
                ltd_multiplier=learning.down,
                plasticity_window=learning.window,
            )
        self._rules.setdefault(destination.id, []).append(rule)
        return self

    def finished(self) -> CorticalArea:
        """The area with its projections, in the order in which they were made."""
        projections = tuple(Projection(area_id, tuple(rules)) for area_id, rules in self._rules.items())
        return replace(self.written, projections=projections)


class Design:
    """A genome in the making. Everything that is wrong is said by `genome` and `save`, with the codes of `neurula check`."""

    def __init__(self, title: str, *, description: str = "", burst_seconds: float = 0.025, id: str = "") -> None:
        """id: of the genome; made of the title if it is not given."""
        self.title = title
        self.id = id or "neurula-" + "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())
        self.description = description
        self.burst_seconds = burst_seconds
        self.version = "3.0"
        self._areas: list[Area] = []
        self._morphologies: dict[str, Morphology] = {}

    # areas

    def area(
        self,
        name: str,
        size: Triple = (1, 1, 1),
        *,
        id: str = "",
        group: str = "CUSTOM",
        position: Triple | None = None,
        devices: int = 1,
        density: int = 1,
        psp: float = 1,
        threshold: float = 1,
        threshold_step: tuple[float, float, float] = (0, 0, 0),
        threshold_limit: float = 0,
        refractory: int = 0,
        leak: float = 0,
        fire_limit: int = 0,
        snooze: int = 0,
        accumulates: bool = False,
        driven_psp: bool = False,
        divided_psp: bool = False,
        excitability: float = 1,
        degeneration: float = 0,
        genes: Mapping[str, Any] | None = None,
    ) -> Area:
        """Adds an area. size: voxels along x, y, z; density: neurons a voxel; potentials in units of your own.

        threshold_step: added a voxel along x, y, z. refractory, snooze: bursts. leak: fraction of the potential that is
        lost in a burst. fire_limit: spikes in a row, 0 = no limit. accumulates: charge is kept from burst to burst.
        driven_psp: a spike sends its potential. divided_psp: the PSP is shared between all synapses. genes: others, by code.
        """
        written = CorticalArea(
            id=id or self._free_id(name),
            name=name,
            group=group,
            dims=size,
            neurons_per_voxel=density,
            position=self._free_place(group, size) if position is None else position,
            postsynaptic_potential=psp,
            firing_threshold=threshold,
            threshold_increment=threshold_step,
            threshold_limit=threshold_limit,
            refractory_period=refractory,
            leak_coefficient=leak,
            consecutive_fire_limit=fire_limit,
            snooze_period=snooze,
            charge_accumulation=accumulates,
            mp_driven_psp=driven_psp,
            excitability=excitability,
            psp_uniform=not divided_psp,
            degeneration=degeneration,
            is_memory=group == "MEMORY",
            genes={**({"devcnt": devices} if group in ("IPU", "OPU") else {}), **(genes or {})},
        )
        for other in self._areas:
            if canonical_id(other.id) == canonical_id(written.id):
                raise GenomeError(
                    "G112",
                    f"{quote(other.written.name)} and {quote(name)} have the same id {quote(written.id)}",
                    remedy="Give one of the two areas another id.",
                )
        self._areas.append(Area(written))
        return self._areas[-1]

    def input(self, unit: str, channels: int = 1, size: Triple | None = None, **parameters: Any) -> Area:
        """Adds the area of a kind of sensors, one device beside the other along x. size: voxels of one device.

        unit: a name of neurula.genome.units.INPUTS; parameters: those of `area`.
        """
        return self._device("IPU", INPUTS, unit, channels, size, parameters)

    def output(self, unit: str, channels: int = 1, size: Triple | None = None, **parameters: Any) -> Area:
        """The same for motors and the like: a name of neurula.genome.units.OUTPUTS."""
        return self._device("OPU", OUTPUTS, unit, channels, size, parameters)

    def power(self) -> Area:
        """The area whose one neuron fires in every burst; always the same one."""
        known = next((area for area in self._areas if area.id == POWER), None)
        return known or self.area("Power", id=POWER, group="CORE", threshold=0.1, position=(0, 0, -20))

    def death(self) -> Area:
        """The core area that ends a brain in FEAGI; Neurula gives it no meaning."""
        known = next((area for area in self._areas if area.id == DEATH), None)
        return known or self.area("Death", id=DEATH, group="CORE", position=(0, 0, -10))

    # morphologies

    def vectors(self, name: str, *steps: Triple) -> str:
        """Target voxel = source voxel + step, for each step that stays inside. Returns the name."""
        return self._define(Morphology(name, "vectors", {"vectors": steps}))

    def patterns(self, name: str, *pairs: tuple[Voxel, Voxel]) -> str:
        """Source and target voxels by index; "*" any or every index, "?" the same, "!" every other one. Returns the name."""
        return self._define(Morphology(name, "patterns", {"patterns": pairs}))

    def tiles(self, name: str, tile: Triple, mapper: str = "projector") -> str:
        """Every tile of the source area is mapped as if it were an area of its own. Returns the name."""
        parameters = {"src_seed": tile, "src_pattern": ((1, 0), (1, 0), (1, 0)), "mapper_morphology": mapper}
        return self._define(Morphology(name, "composite", parameters))

    # results

    def document(self) -> dict[str, Any]:
        """The genome as a JSON document, flat form, signed. Raises GenomeError G101 to G212 for what cannot be meant."""
        areas = tuple(area.finished() for area in self._areas)
        genome = Genome(
            id=self.id,
            title=self.title,
            description=self.description,
            version=self.version,
            form="flat",
            areas=areas,
            morphologies=core_morphologies() | self._morphologies,
            physiology={"simulation_timestep": self.burst_seconds, "plasticity_queue_depth": 3, "quantization_precision": "fp32"},
            regions=(self._root_region(areas),),
            document={"timestamp": TIMESTAMP},
        )
        document = document_of(genome)
        section = document.setdefault("neuron_morphologies", {})
        used = {rule.morphology for area in areas for projection in area.projections for rule in projection.rules}
        for name in sorted({*used, *EXPECTED} - section.keys()):
            if name in genome.morphologies:  # FEAGI's engine drops mappings by built-in names that it has not
                section[name] = write_morphology(genome.morphologies[name])
        self._refuse_errors(document)
        sign(document)
        return document

    def genome(self) -> Genome:
        """The genome as the reader gives it. Raises GenomeError as `document` does."""
        return parse_genome(self.document())

    def text(self) -> str:
        """The file's text."""
        return genome_text(self.document())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the file, whole or not at all. Raises GenomeError, G113 if it cannot be written."""
        write_genome(path, self.document())

    # inside

    def _device(
        self, group: str, units: Mapping[str, Unit], name: str, channels: int, size: Triple | None, parameters: dict[str, Any]
    ) -> Area:
        unit = units.get(name)
        if unit is None:
            raise GenomeError("G114", f"there is no unit {quote(name)}", remedy=f"Use one of {', '.join(units)}, or `area`.")
        width, height, depth = size or unit.size
        parameters = {"name": name.replace("_", " ").capitalize(), "id": unit.id, "devices": channels, **parameters}
        return self.area(parameters.pop("name"), (width * channels, height, depth), group=group, **parameters)

    def _define(self, morphology: Morphology) -> str:
        known = self._morphologies.get(morphology.id)
        if known is not None and known != morphology:
            raise GenomeError(
                "G115",
                f"morphology {quote(morphology.id)} is defined twice, and not alike",
                remedy="Give one of the two another name.",
            )
        self._morphologies[morphology.id] = morphology
        return morphology.id

    def _free_id(self, name: str) -> str:
        """C and the first letters of the name; a number in the end where that is taken."""
        letters = "".join(c for c in name.title() if c.isascii() and c.isalnum()) or "Area"
        taken = {canonical_id(area.id) for area in self._areas}
        for number in range(len(taken) + 1):
            ending = str(number + 1) if number else ""
            candidate = ("C" + letters[: _ID_CHARS - 1 - len(ending)] + ending).ljust(_ID_CHARS, "_")
            if canonical_id(candidate) not in taken:
                break
        return candidate

    def _free_place(self, group: str, size: Triple) -> Triple:
        """Above the areas of the same group."""
        same = [area.written for area in self._areas if area.written.group == group]
        height = max((area.position[1] + area.dims[1] + _GAP for area in same), default=0)
        return (_COLUMNS.get(group, 0), height, 0)

    def _root_region(self, areas: tuple[CorticalArea, ...]) -> Region:
        def ids(*groups: str) -> tuple[str, ...]:
            return tuple(area.id for area in areas if area.group in groups)

        return Region(ROOT_REGION, self.title, areas=tuple(area.id for area in areas), inputs=ids("IPU"), outputs=ids("OPU"))

    @staticmethod
    def _refuse_errors(document: dict[str, Any]) -> None:
        for problem in check_genome(parse_genome(document)):
            if problem.severity == "error":
                raise GenomeError(problem.code, problem.message, where=problem.path, remedy=problem.remedy)
