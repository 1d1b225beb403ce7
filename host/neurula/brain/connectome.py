"""The public class: one brain that can be asked and changed while it lives."""

from __future__ import annotations

from neurula.brain.areas import Areas
from neurula.brain.loading import Loading
from neurula.brain.morphologies import Morphologies
from neurula.brain.neurons import Neurons
from neurula.brain.queries import Queries
from neurula.brain.regions import Regions
from neurula.brain.synapses import Synapses


class ConnectomeManager(Loading, Areas, Neurons, Synapses, Regions, Morphologies, Queries):
    """The field's 62 methods on one brain, and some more (docs/BRAIN.md).

    Many may read and one writes at a time: readers never wait and always see a whole state. Every change is complete when
    its method returns, and the brain is then the one that grows of the genome that `save_to_json` gives; a change that
    cannot be raises an error of neurula.errors.BrainError and leaves everything as it was. Ids of neurons and indices of
    areas are those of the present state: changing the size of an area, adding or removing one moves those behind it.
    """


THEMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Genome and brain", (
        "instance", "load_from_genome_file", "load_from_genome", "save_to_json", "prepare_for_new_genome", "resize_for_genome",
    )),
    ("Cortical areas", (
        "add_cortical_area", "delete_cortical_area", "get_cortical_area", "update_cortical_area_properties",
        "get_cortical_id_for_idx", "get_cortical_idx_for_id",
    )),
    ("Neurons", (
        "create_neurons_for_area", "add_neuron", "delete_neuron", "get_neuron_count", "batch_create_neurons",
        "delete_neurons_batch", "update_neuron_properties", "set_neuron_firing_threshold", "get_neurons_in_area", "has_neuron",
    )),
    ("Synapses", (
        "apply_cortical_mapping", "create_synapse", "get_synapse", "update_synapse_weight", "remove_synapse",
        "get_synapse_count", "get_outgoing_synapses", "get_incoming_synapses",
    )),
    ("Regions and sizes", (
        "add_brain_region", "delete_brain_region", "update_brain_region", "get_brain_regions", "get_cortical_area_by_name",
        "resize_cortical_area", "get_areas_in_region", "get_brain_region_info",
    )),
    ("Questions", (
        "get_neuron_by_coordinates", "get_neuron_position", "get_cortical_area_for_neuron", "get_neuron_properties",
        "get_neuron_property", "get_all_cortical_ids", "get_all_cortical_indices", "get_cortical_area_names",
        "list_ipu_areas", "list_opu_areas", "get_max_cortical_area_dimensions", "get_cortical_area_properties",
        "get_all_cortical_area_properties", "get_all_brain_region_ids", "get_brain_region_names",
        "get_brain_region_properties", "cortical_area_exists", "brain_region_exists", "get_brain_region_count",
        "get_neurons_by_cortical_area", "get_populated_areas", "are_neurons_connected", "get_connection_weight",
        "get_area_connectivity_stats",
    )),
)
"""The 62 methods in the order of the field's list."""
BEYOND = (
    "update_cortical_mapping", "get_upstream_cortical_areas", "batch_create_synapses", "get_morphology_ids", "get_morphology",
    "upsert_morphology", "remove_morphology", "get_morphology_usage", "change_brain_region_parent", "relocate_members",
    "get_brain_region_hierarchy", "recompute_brain_region_io_registry",
)
"""What later versions of FEAGI have beside them."""
