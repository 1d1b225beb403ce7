"""Small brains for bodies: areas whose neurons fire when, and only when, something injects 1.0 into them."""

from __future__ import annotations

from neurula.compiler import lower, write_image
from neurula.development import develop
from neurula.genome.model import CorticalArea, Genome, MappingRule, Morphology, Projection
from neurula.robot import BrainShape, shape_of_genome
from neurula_npu import Image

Sizes = dict[str, tuple[int, int, int]]
COPY = Morphology("copy", "vectors", {"vectors": [[0, 0, 0]]}, "core")


def group_of(area_id: str) -> str:
    return {"i": "IPU", "o": "OPU"}.get(area_id[0], "CUSTOM")


def genome_of(sizes: Sizes, copies: dict[str, str] | None = None, per_voxel: int = 1, timestep_s: float | None = None) -> Genome:
    """An area for each id; copies: source id -> id of an area of the same size whose voxels fire one burst later."""
    areas = []
    for area_id, dims in sizes.items():
        target = (copies or {}).get(area_id)
        projections = (Projection(target, (MappingRule("copy"),)),) if target else ()
        areas.append(CorticalArea(area_id, area_id, group_of(area_id), dims, per_voxel, projections=projections, psp_uniform=True))
    physiology = {} if timestep_s is None else {"simulation_timestep": timestep_s}
    return Genome("robot", "robot", "3.0", "flat", tuple(areas), {"copy": COPY}, physiology, {})


def shape_of(sizes: Sizes, timestep_s: float | None = None) -> BrainShape:
    return shape_of_genome(genome_of(sizes, timestep_s=timestep_s))


def image_of(sizes: Sizes, copies: dict[str, str] | None = None, per_voxel: int = 1) -> bytes:
    data = write_image(lower(develop(genome_of(sizes, copies, per_voxel)).connectome, keep_all=True))
    Image(data, 1 << 24)
    return data
