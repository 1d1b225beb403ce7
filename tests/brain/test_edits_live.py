"""After any sequence of edits the brain equals one grown afresh from the genome that it saves."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from neurula.brain import ConnectomeManager
from neurula.errors import BrainError
from neurula.genome import CorticalArea, MappingRule, Morphology, Projection, Region
from tests.brain.comparing import GENOME, assert_as_grown_afresh

IDS = st.sampled_from(["i__pro", "CThink", "o__mot", "CNew01", "CNew02", "Y19fbmV3MDM=", "___power", "___pwr", "_death", "absent"])
MORPHOLOGIES = st.sampled_from([
    "projector", "block_to_block", "all_to_all", "lateral_+x", "randomizer", "reducer_x", "rotator_z", "associative_memory",
    "memory", "unknown", "own", "tiles",
])
STEP = st.integers(-1, 1)
KINDS = st.sampled_from(["vectors", "patterns", "composite", "functions"])
EXAMPLES = int(os.environ.get("NEURULA_EDITED_BRAINS", "40"))  # sequences of sixteen edits
SIZE = st.integers(1, 3)
DIMS = st.tuples(SIZE, SIZE, SIZE)
NEURON = st.integers(0, 40)
WEIGHT = st.sampled_from([0, 1, 2, 0.5, 7])
PARAMETERS = st.sampled_from([
    {"firing_threshold": 3}, {"firing_threshold": 0.5, "firing_threshold_increment": [0, 1, 0.5]}, {"leak_coefficient": 0.25},
    {"postsynaptic_current": -2}, {"mp_charge_accumulation": True}, {"psp_uniform_distribution": False}, {"cortical_name": "Other"},
    {"refractory_period": 3, "snooze_period": 1, "consecutive_fire_count": 2}, {"neuron_excitability": 0.5}, {"position": [1, 2, 3]},
    {"mp_driven_psp": True}, {"degeneration": 0.5}, {"2d_coordinate": [4, 5]}, {"visible": False}, {"is_mem_type": True},
    {"neurons_per_voxel": 2}, {"neurons_per_voxel": 1}, {"group": "MEMORY"}, {"sub_group": "MEMORY"}, {"dev_count": 2}, {},
    {"firing_threshold": "high"}, {"firing_threshold": 1e300}, {"cortical_dimensions": [0, 1, 1]}, {"colour": 1},
    {"leak_coefficient": None},
])


@st.composite
def written_rules(draw: st.DrawFn) -> dict[str, Any]:
    written: dict[str, Any] = {
        "morphology_id": draw(MORPHOLOGIES),
        "postSynapticCurrent_multiplier": draw(st.sampled_from([1, -1, 2.5])),
        "synapse_attractivity": draw(st.sampled_from([100, 60])),
        "synaptic_delay_bursts": draw(st.sampled_from([1, 3])),
        "morphology_scalar": draw(st.sampled_from([[1, 1, 1], [2, 1, 1], ["x", "z", 1]])),
    }
    if draw(st.integers(0, 3)) == 0:
        written |= {"plasticity_flag": True, "plasticity_window": 2}
    return written


class EditedBrain(RuleBasedStateMachine):
    @initialize()
    def grow(self) -> None:
        self.brain = ConnectomeManager(seed=0, max_neurons=200, max_synapses=3000)
        self.brain.load_from_genome(GENOME)

    def tried(self, change: Callable[[], object]) -> None:
        """Either the brain changes, or the change is refused and the state is the very same."""
        before, refused = self.brain.brain, ""
        try:
            change()
        except BrainError as error:
            refused = error.code
        assert not refused or (refused.startswith("H1") and self.brain.brain is before)

    @rule(area_id=IDS, dims=DIMS, density=st.integers(1, 2), destination=IDS, rules=st.lists(MORPHOLOGIES, max_size=2), grow=st.booleans())
    def add_area(self, area_id: str, dims: Any, density: int, destination: str, rules: list[str], grow: bool) -> None:
        projections = (Projection(destination, tuple(MappingRule(name) for name in rules)),) if rules else ()
        area = CorticalArea(area_id, area_id, dims=dims, neurons_per_voxel=density, projections=projections)
        self.tried(lambda: self.brain.add_cortical_area(area, grow=grow))

    @rule(area_id=IDS)
    def delete_area(self, area_id: str) -> None:
        self.tried(lambda: self.brain.delete_cortical_area(area_id))

    @rule(area_id=IDS, changes=PARAMETERS)
    def update_area(self, area_id: str, changes: dict[str, Any]) -> None:
        self.tried(lambda: self.brain.update_cortical_area_properties(area_id, changes))

    @rule(area_id=IDS, dims=DIMS)
    def resize_area(self, area_id: str, dims: Any) -> None:
        self.tried(lambda: self.brain.resize_cortical_area(area_id, dims))

    @rule(source=IDS, destination=IDS, rules=st.lists(written_rules(), max_size=2))
    def map_areas(self, source: str, destination: str, rules: list[dict[str, Any]]) -> None:
        self.tried(lambda: self.brain.update_cortical_mapping(source, destination, rules))

    @rule(area_id=IDS)
    def apply_mapping(self, area_id: str) -> None:
        self.tried(lambda: self.brain.apply_cortical_mapping(area_id))

    @rule(area_id=IDS, voxel=st.tuples(SIZE, SIZE, SIZE), threshold=st.sampled_from([None, 4, 0.25]), leak=st.sampled_from([None, 0, 0.5]))
    def add_neuron(self, area_id: str, voxel: Any, threshold: float | None, leak: float | None) -> None:
        x, y, z = voxel
        self.tried(lambda: self.brain.add_neuron(area_id, x - 1, y - 1, z - 1, threshold, leak))

    @rule(neurons=st.lists(NEURON, max_size=4))
    def delete_neurons(self, neurons: list[int]) -> None:
        self.tried(lambda: self.brain.delete_neurons_batch(neurons))

    @rule(area_id=IDS)
    def bear_neurons(self, area_id: str) -> None:
        self.tried(lambda: self.brain.create_neurons_for_area(area_id))

    @rule(neuron=NEURON, threshold=st.sampled_from([1, 9.5, -1, float("nan")]))
    def set_threshold(self, neuron: int, threshold: float) -> None:
        self.tried(lambda: self.brain.set_neuron_firing_threshold(neuron, threshold))

    @rule(source=NEURON, other=NEURON, weight=WEIGHT, psp=st.sampled_from([None, 2, 0]), kind=st.integers(0, 2))
    def make_synapse(self, source: int, other: int, weight: float, psp: float | None, kind: int) -> None:
        self.tried(lambda: self.brain.create_synapse(source, other, weight, psp, kind))

    @rule(source=NEURON, nth=st.integers(0, 5), weight=WEIGHT)
    def update_synapse(self, source: int, nth: int, weight: float) -> None:
        def change() -> None:
            links = self.brain.get_outgoing_synapses(source)
            target = links[nth % len(links)].neuron if links else 0
            self.brain.update_synapse_weight(source, target, weight)
            found = self.brain.get_synapse(source, target)
            assert found is not None
            assert found.weight == weight

        self.tried(change)

    @rule(source=NEURON, nth=st.integers(0, 5))
    def remove_synapse(self, source: int, nth: int) -> None:
        def change() -> None:
            links = self.brain.get_outgoing_synapses(source)
            if links:
                target = links[nth % len(links)].neuron
                assert self.brain.remove_synapse(source, target)
                assert not self.brain.are_neurons_connected(source, target)

        self.tried(change)

    @rule(region=st.sampled_from(["root", "a", "b"]), parent=st.sampled_from([None, "root", "a", "b"]), area_id=IDS)
    def change_regions(self, region: str, parent: str | None, area_id: str) -> None:
        self.tried(lambda: self.brain.add_brain_region(Region(region, region, areas=(area_id,)), parent))
        self.tried(lambda: self.brain.change_brain_region_parent(region, parent))

    @rule(region=st.sampled_from(["root", "a", "b"]))
    def delete_region(self, region: str) -> None:
        self.tried(lambda: self.brain.delete_brain_region(region))

    @rule(members=st.dictionaries(IDS, st.sampled_from(["root", "a", "b"]), max_size=2))
    def relocate(self, members: dict[str, str]) -> None:
        self.tried(lambda: self.brain.relocate_members(members))
        self.tried(self.brain.recompute_brain_region_io_registry)

    @rule(name=st.sampled_from(["own", "lateral_+x", "tiles"]), vectors=st.lists(st.tuples(STEP, STEP, STEP), max_size=2), kind=KINDS)
    def define_morphology(self, name: str, vectors: list[Any], kind: str) -> None:
        own = {"vectors": vectors, "patterns": [[["*", "?", 0], list(v)] for v in vectors]}
        tiles = {"src_seed": [1, 2, 1], "src_pattern": [[1, 0]] * 3, "mapper_morphology": "own"}
        parameters = tiles if kind == "composite" else {kind: own.get(kind)}
        self.tried(lambda: self.brain.upsert_morphology(Morphology(name, kind, parameters)))

    @rule(name=st.sampled_from(["own", "lateral_+x", "tiles", "projector", "absent"]))
    def remove_morphology(self, name: str) -> None:
        self.tried(lambda: self.brain.remove_morphology(name))

    @rule()
    def start_again(self) -> None:
        self.brain.prepare_for_new_genome()

    @invariant()
    def equals_one_grown_afresh(self) -> None:
        if hasattr(self, "brain"):
            assert_as_grown_afresh(self.brain)


EditedBrain.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
)
TestEditedBrain = EditedBrain.TestCase
