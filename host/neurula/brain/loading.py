"""From genome to brain and back (methods 1 to 6)."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from threading import Lock
from typing import ClassVar, TypeVar

from neurula.brain.holder import BrainHolder, empty_genome
from neurula.brain.living import CORE_AREAS, LivingBrain
from neurula.brain.regrowth import first_growth
from neurula.development.edits import SECTION, edits_to_json
from neurula.development.neurogenesis import create_areas
from neurula.development.stages import Cancelled, Progress, StageStatistics, Watch
from neurula.errors import CapacityExceeded, InvalidProperty
from neurula.genome import Genome, Problem, document_of, genome_text, read_genome
from neurula.genome.region_tree import regions_of
from neurula.genome.regions import SECTION as REGIONS
from neurula.genome.signatures import sign

Self = TypeVar("Self", bound="Loading")
_FIRST_CALL = Lock()


@dataclass(frozen=True, slots=True)
class DevelopmentProgress:
    """How a development ended. problems: what of the genome could not grow as written; stages: the four in their order."""

    stage: str
    progress: int  # percent
    cortical_areas_created: int
    neurons_created: int
    synapses_created: int
    duration_ms: float
    problems: tuple[Problem, ...] = ()
    stages: tuple[StageStatistics, ...] = ()


class Loading(BrainHolder):
    """Methods 1 to 6."""

    _default: ClassVar[Loading | None] = None

    @classmethod
    def instance(cls: type[Self]) -> Self:
        """The default brain of this process, made at the first call. Others are made as any object.

        >>> ConnectomeManager.instance() is ConnectomeManager.instance()
        True
        """
        with _FIRST_CALL:
            if not isinstance(cls._default, cls):
                cls._default = cls()
            return cls._default

    def load_from_genome_file(
        self, path: str | os.PathLike[str], *, progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> DevelopmentProgress:
        """Reads a genome file and grows its brain instead of the present one. progress and cancelled: as develop takes them.
        Raises GenomeError, DevelopmentError, CapacityExceeded, DevelopmentCancelled; the present brain stays then.

        >>> progress = brain.load_from_genome_file(genome_file)
        >>> progress.stage, progress.neurons_created, progress.synapses_created
        ('Completed', 11, 10)
        """
        return self.load_from_genome(read_genome(path), progress=progress, cancelled=cancelled)

    def load_from_genome(
        self, genome: Genome, *, progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> DevelopmentProgress:
        """The same with a genome that was read already. Where its file says nothing about brain regions, they are generated.
        Raises DevelopmentError, CapacityExceeded, DevelopmentCancelled.

        >>> brain.load_from_genome(genome).cortical_areas_created
        6
        """
        began = time.perf_counter()
        genome = replace(genome, regions=regions_of(genome))
        watch = Watch(progress, cancelled)
        with self._writing:
            self._brain, problems = first_growth(genome, self._limits, self._brain.revision + 1, watch)
            brain = self._brain
        return DevelopmentProgress(
            "Completed", 100, len(brain.connectome.areas), brain.neurons, brain.connectome.synapses,
            (time.perf_counter() - began) * 1000, tuple(problems), watch.finished,
        )

    def save_to_json(self, genome_id: str | None = None, title: str | None = None) -> str:
        """The genome of the brain as it is now, edits of single neurons and synapses included, as the text of a file.
        What was not changed is written as it was read. Raises InvalidProperty for an empty id or title.

        >>> text = brain.save_to_json(title="Changed")
        >>> json.loads(text)["genome_title"]
        'Changed'
        """
        brain = self._brain
        for name, value in (("genome_id", genome_id), ("title", title)):
            if value is not None and (not isinstance(value, str) or not value):
                raise InvalidProperty("H103", f"{name} cannot be {value!r}", remedy="Write a text.")
        return genome_text(saved_document(brain, genome_id, title))

    def prepare_for_new_genome(self) -> None:
        """Only the three core areas stay, as a new brain has them; the next area gets index 3.

        >>> brain.prepare_for_new_genome()
        >>> brain.get_neuron_count(), brain.get_cortical_area_names()
        (3, ['Brain_Death', 'Brain_Power', 'Fatigue'])
        """
        with self._writing:
            self._brain, _ = first_growth(empty_genome(), self._limits, self._brain.revision + 1)

    def resize_for_genome(self, genome: Genome) -> None:
        """Takes over the morphologies of a genome, so that areas of it can be added one by one. Raises CapacityExceeded if
        the genome has more neurons than this brain may have.

        >>> brain.resize_for_genome(genome)
        """
        neurons = sum(grown.neurons for grown in create_areas(genome.areas))
        if neurons > self._limits.max_neurons:
            raise CapacityExceeded(
                "H110", f"the genome has {neurons:,} neurons, more than the {self._limits.max_neurons:,} that fit",
                remedy="Give ConnectomeManager a higher max_neurons.",
            )
        self._change(lambda brain: (
            replace(brain.genome, morphologies={**brain.genome.morphologies, **genome.morphologies}), brain.edits
        ))


def saved_document(brain: LivingBrain, genome_id: str | None = None, title: str | None = None) -> dict[str, object]:
    """The genome document of a state, signed, its statistics up to date."""
    genome = replace(brain.genome, id=genome_id or brain.genome.id, title=title or brain.genome.title)
    document = document_of(genome)
    written = document.setdefault(REGIONS, {})  # none is not the same as nothing said: then regions are generated
    if isinstance(written, dict):
        order = [region.id for region in genome.regions if region.id in written]
        document[REGIONS] = {key: written[key] for key in (*order, *(key for key in written if key not in order))}
    if brain.edits:
        document[SECTION] = edits_to_json(brain.edits)
    document["stats"] = {
        "innate_cortical_area_count": len(brain.connectome.areas) - CORE_AREAS,
        "innate_neuron_count": brain.neurons,
        "innate_synapse_count": brain.connectome.synapses,
    }
    sign(document)
    return document
