"""Morphologies that come, go and change in a living brain; FEAGI's later versions have these methods beyond the 62."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from neurula.brain.holder import BrainHolder
from neurula.brain.living import LivingBrain
from neurula.development.edits import Edits
from neurula.development.morphologies import meaning_of
from neurula.errors import InvalidMorphology
from neurula.genome import Genome, Morphology
from neurula.genome.morphologies import core_morphologies, read_morphologies
from neurula.genome.problems import ProblemLog, quote
from neurula.genome.written_rules import write_morphology


class Morphologies(BrainHolder):
    """What rules may name."""

    def get_morphology_ids(self) -> list[str]:
        """The names that rules of this brain may use, built-in ones included, ascending.

        >>> "projector" in brain.get_morphology_ids()
        True
        """
        return sorted(self._brain.genome.morphologies)

    def get_morphology(self, morphology_id: str) -> Morphology | None:
        """What a name means, or None.

        >>> brain.get_morphology("lateral_+x").parameters
        {'vectors': ((1, 0, 0),)}
        """
        return self._brain.genome.morphologies.get(morphology_id)

    def upsert_morphology(self, morphology: Morphology) -> str:
        """Defines a morphology, or defines it anew: then the synapses of all rules that use it grow anew. Returns "added",
        "changed" or "same". Raises InvalidMorphology, CapacityExceeded.

        >>> brain.upsert_morphology(Morphology("aside", "vectors", {"vectors": [[1, 0, 0], [-1, 0, 0]]}))
        'added'
        >>> brain.update_cortical_mapping("CThink", "CThink", [{"morphology_id": "aside"}])
        4
        """
        done = []

        def make(before: LivingBrain) -> tuple[Genome, Edits]:
            made = checked_morphology(before, morphology)
            known = before.genome.morphologies
            done.append("added" if made.id not in known else "same" if known[made.id] == made else "changed")
            return replace(before.genome, morphologies={**known, made.id: made}), before.edits

        self._change(make)
        return done[0]

    def remove_morphology(self, morphology_id: str) -> None:
        """Removes a definition that no rule and no composite uses; a built-in name gets its first meaning back. Raises
        InvalidMorphology.

        >>> brain.upsert_morphology(Morphology("aside", "vectors", {"vectors": [[1, 0, 0]]}))
        'added'
        >>> brain.remove_morphology("aside")
        >>> brain.get_morphology("aside") is None
        True
        """

        def make(before: LivingBrain) -> tuple[Genome, Edits]:
            known = dict(before.genome.morphologies)
            core = core_morphologies().get(morphology_id)
            if morphology_id not in known or known[morphology_id] == core:
                why = "is built in, and stays" if morphology_id in known else "is not defined"
                raise InvalidMorphology("H107", f"the morphology {quote(morphology_id)} {why}")
            user = next(users_of(before, morphology_id), None)
            if core is not None:
                known[morphology_id] = core
            elif user is None:
                del known[morphology_id]
            else:
                raise InvalidMorphology("H107", f"{user} uses the morphology {quote(morphology_id)}", remedy="Remove that first.")
            return replace(before.genome, morphologies=known), before.edits

        self._change(make)

    def get_morphology_usage(self, morphology_id: str) -> list[tuple[str, str]]:
        """(source, target) of every pair of areas with a rule of this name, in the order of the connectome. Raises
        InvalidMorphology.

        >>> brain.get_morphology_usage("projector")
        [('i__pro', 'CThink'), ('CThink', 'o__mot')]
        """
        brain = self._brain
        if morphology_id not in brain.genome.morphologies:
            raise InvalidMorphology("H107", f"the morphology {quote(morphology_id)} is not defined")
        areas = brain.connectome.areas
        pairs = (
            (areas[bundle.source_area].area.id, areas[bundle.target_area].area.id)
            for bundle in brain.grown.bundles
            if bundle.rule.morphology == morphology_id
        )
        return list(dict.fromkeys(pairs))


def checked_morphology(brain: LivingBrain, morphology: Morphology) -> Morphology:
    """The morphology as a file would give it. Raises InvalidMorphology if anything of it could not be read, or grow."""
    name = morphology.id
    if not isinstance(name, str) or not name or name.startswith("/") or not name.isprintable():
        raise InvalidMorphology("H107", f"{quote(name)} is no name of a morphology", remedy="Use a text that does not begin with /.")
    try:
        written = json.loads(json.dumps(write_morphology(morphology), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as failure:
        raise InvalidMorphology("H107", f"the morphology {quote(name)} has a value of the wrong kind: {failure}") from None
    log = ProblemLog()
    read = read_morphologies({name: written}, log).get(name)
    problem = next(iter(log.listed()), None)
    if read is None or problem is not None:
        why = problem.message if problem else f"the morphology {quote(name)} cannot be read"
        raise InvalidMorphology("H107", why, remedy=problem.remedy if problem else "")
    if meaning_of(name, {name: read}) is None:
        raise InvalidMorphology("H107", f"no function is called {quote(name)}", remedy="Use vectors, patterns or a composite.")
    if read.kind == "composite":
        mapper = brain.genome.morphologies.get(read.parameters["mapper_morphology"])
        if mapper is None or mapper.kind == "composite" or mapper.id == name:
            raise InvalidMorphology("H107", f"the composite {quote(name)} needs a mapper that maps voxels")
    return read


def users_of(brain: LivingBrain, morphology_id: str) -> Iterator[str]:
    """Whoever names the morphology, in words."""
    for area in brain.genome.areas:
        for projection in area.projections:
            if any(rule.morphology == morphology_id for rule in projection.rules):
                yield f"the mapping from {quote(area.id)} to {quote(projection.destination)}"
    for other in brain.genome.morphologies.values():
        if other.kind == "composite" and other.parameters.get("mapper_morphology") == morphology_id:
            yield f"the composite {quote(other.id)}"
