"""Genomes made by chance, as hypothesis strategies: values that a file can hold, in every field that the model has."""

from __future__ import annotations

from hypothesis import Phase, settings
from hypothesis import strategies as st

from neurula.genome import CorticalArea, Genome, MappingRule, Morphology, Projection, Region
from neurula.genome.ids import canonical_id
from neurula.genome.morphologies import core_morphologies

IDS = ("___pwr", "_death", "CM0Tim", "C-dash", "MLIcom", "m__lef", "i__pro", "iv00_C", "o__mot", "i__gyr", "cabcdefg", "Y00wVGltX18x", "é")
UNKNOWN = st.dictionaries(st.sampled_from(["colour", "2dcorx", "devcnt", "gd_vis", "__rand", "note"]), st.integers(0, 9) | st.booleans())
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking a whole genome takes minutes


def tried(examples: int) -> settings:
    """How a property is tried."""
    return settings(max_examples=examples, deadline=None, phases=NO_SHRINKING)


names = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12)
numbers = st.integers(-1000, 1000) | st.floats(-1000, 1000, allow_nan=False, width=32)
counts = st.integers(0, 50)
places = st.integers(-500, 500)
triples = st.tuples(places, places, places)
sizes = st.integers(1, 9)


@st.composite
def rules(draw: st.DrawFn, morphologies: list[str]) -> MappingRule:
    return MappingRule(
        morphology=draw(st.sampled_from(morphologies)),
        scalar=(draw(st.sampled_from([1, 0.5, "2x"])), draw(st.integers(0, 3)), draw(st.sampled_from([1, -1, "y^2 - z"]))),
        multiplier=draw(numbers),
        plastic=draw(st.booleans()),
        plasticity_constant=draw(numbers),
        ltp_multiplier=draw(numbers),
        ltd_multiplier=draw(numbers),
        plasticity_window=draw(counts),
        delay_bursts=draw(st.integers(1, 9)),
        attractivity=draw(st.integers(0, 100)),
    )


@st.composite
def areas(draw: st.DrawFn, area_id: str, ids: list[str], morphologies: list[str]) -> CorticalArea:
    destinations = draw(st.lists(st.sampled_from(ids), unique=True, max_size=3))
    remembers = draw(st.sampled_from((False, False, True)))
    return CorticalArea(
        id=area_id,
        name=draw(names),
        group=draw(st.sampled_from(("IPU", "OPU", "CORE", "CUSTOM", "MEMORY"))),
        dims=draw(st.tuples(sizes, sizes, sizes)),
        neurons_per_voxel=draw(st.integers(0 if remembers else 1, 3)),
        position=draw(triples),
        postsynaptic_potential=draw(numbers),
        firing_threshold=draw(numbers),
        threshold_increment=draw(st.tuples(numbers, numbers, numbers)),
        threshold_limit=draw(numbers),
        refractory_period=draw(counts),
        leak_coefficient=draw(numbers),
        consecutive_fire_limit=draw(counts),
        snooze_period=draw(counts),
        charge_accumulation=draw(st.booleans()),
        mp_driven_psp=draw(st.booleans()),
        excitability=draw(numbers),
        psp_uniform=draw(st.booleans()),
        degeneration=draw(numbers),
        attractivity=draw(st.integers(0, 100)),
        is_memory=remembers,
        projections=tuple(Projection(d, tuple(draw(st.lists(rules(morphologies), min_size=1, max_size=2)))) for d in destinations),
        genes=draw(UNKNOWN),
    )


@st.composite
def genomes(draw: st.DrawFn) -> Genome:
    """Areas whose ids stay apart in the engine, rules between them, morphologies of every kind, and regions."""
    chosen = draw(st.lists(st.sampled_from(IDS), unique_by=canonical_id, min_size=1, max_size=5))
    index = st.integers(-3, 9)
    element = index.filter(lambda n: n >= 0) | st.sampled_from(["*", "?", "!"])
    vectors = st.lists(st.tuples(index, index, index), min_size=1, max_size=3).map(tuple)
    pairs = st.tuples(st.tuples(element, element, element), st.tuples(element, element, element))
    custom = {
        "steps": Morphology("steps", "vectors", {"vectors": draw(vectors)}),
        "pairs": Morphology("pairs", "patterns", {"patterns": (draw(pairs),)}),
        "memory": Morphology("memory", "functions", {}, "core"),
    }
    used = [*custom, "projector", "all_to_all", "bi_directional_stdp"]
    members = tuple(draw(st.lists(st.sampled_from(chosen), unique=True)))
    child = Region("child", "Child", "root", members, "x", (1, 2), (3, 4, 5))
    return Genome(
        id=draw(names.filter(bool)),
        title=draw(names.filter(bool)),
        version=draw(st.sampled_from(["2.0", "2.1", "3.0"])),
        form="flat",
        areas=tuple(draw(areas(area_id, chosen, used)) for area_id in chosen),
        morphologies=core_morphologies() | custom,
        physiology={"simulation_timestep": draw(st.sampled_from([0.025, 1]))},
        document={},
        regions=draw(st.sampled_from([(), (Region("root", "Root"), child)])),
        description=draw(names),
    )
