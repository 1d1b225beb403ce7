"""How fast brains grow, beside plain Python loops that grow the same, in turns in one run: `make bench` or

    python benchmarks/development.py [--turns 7] [--page]

A rate is the median over the turns, in processor time; how many times as fast: the median of the turns' own ratios. Before
anything is timed, a smaller pair of areas is grown in both ways and compared synapse for synapse.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import pages
import plain_development as plain
from neurula.compiler import Program, lower, write_image
from neurula.development import Connectome, develop
from neurula.genome import CorticalArea, Genome, MappingRule, Morphology, Projection
from neurula_npu import Brain
from plain_development import Pairs, Triple

FEAGI = {"neurons": 3e6, "synapses": 20e6}  # a second, as is told of its engine; not measured here
FLOORS = {"neurons": 30e6, "synapses": 100e6, "times": 50.0}
HELD = ("projector, same size", "projector, 9 for 1", "projector, 1 for 9", "all to all")  # what the floors are held to
BYTES_GROWING, BYTES_IMAGE = 12, 3
STEPS = tuple((x, y, 0) for x in (-1, 0, 1) for y in (-1, 0, 1))
NEURONS = {
    name: CorticalArea("area", "area", dims=(100, 100, 100), threshold_increment=steps, refractory_period=2, charge_accumulation=True)
    for name, steps in (("neurons that share a threshold", (0.0, 0.0, 0.0)), ("neurons, each with its own", (0.01, 0.03, 0.02)))
}


@dataclass(frozen=True, slots=True)
class Case:
    """A rule and areas of three sizes: timed, weighed as an image, and grown in plain Python."""

    name: str
    rule: MappingRule
    sizes: tuple[tuple[Triple, Triple], tuple[Triple, Triple]]  # ours; plain
    plain: Callable[[Triple, Triple], Pairs]
    morphology: Morphology | None = None
    per_voxel: int = 1

    def genome(self, source: Triple, target: Triple) -> Genome:
        first = CorticalArea(
            "first", "first", dims=source, neurons_per_voxel=self.per_voxel, projections=(Projection("second", (self.rule,)),)
        )
        defined = {} if self.morphology is None else {self.morphology.id: self.morphology}
        return Genome("bench", "bench", "2.0", "flat", (first, CorticalArea("second", "second", dims=target)), defined, {}, {})


@dataclass(frozen=True, slots=True)
class Figures:
    """synapses (or neurons) a second; bytes a synapse, None where there is none."""

    name: str
    count: int
    rate: float
    plain_rate: float
    times: float
    growing: float | None = None
    image: float | None = None


def _product(*axes: Callable[[int, int], plain.Axis]) -> Callable[[Triple, Triple], tuple[plain.Axis, plain.Axis, plain.Axis]]:
    def made(source: Triple, target: Triple) -> tuple[plain.Axis, plain.Axis, plain.Axis]:
        x, y, z = (axis(s, t) for axis, s, t in zip(axes, source, target, strict=True))
        return x, y, z

    return made


def _joined(*products: Callable[[Triple, Triple], tuple[plain.Axis, plain.Axis, plain.Axis]]) -> Callable[[Triple, Triple], Pairs]:
    return lambda source, target: plain.join([p(source, target) for p in products], source, target)


_SCALED = _joined(_product(plain.scaled, plain.scaled, plain.scaled))
_ALL = _joined(_product(plain.to_all, plain.to_all, plain.to_all))
_SMALL_ALL = (20, 5, 3), (20, 5, 3)
PATTERNS = Morphology("patterns", "patterns", {"patterns": ((("*", "*", "*"), ("!", "?", "*")), (("*", "*", "*"), ("*", "?", "?")))})
CASES = (
    Case("projector, same size", MappingRule("projector"), (((200, 200, 100),) * 2, ((30, 30, 30),) * 2), _SCALED),
    Case("projector, 9 for 1", MappingRule("projector"), (((100, 100, 5), (900, 900, 5)), ((20, 20, 2), (180, 180, 2))), _SCALED),
    Case("projector, 1 for 9", MappingRule("projector"), (((900, 900, 5), (100, 100, 5)), ((180, 180, 1), (20, 20, 1))), _SCALED),
    Case("projector, uneven", MappingRule("projector"), (((100, 100, 5), (850, 830, 6)), ((20, 20, 2), (171, 167, 3))), _SCALED),
    Case("all to all", MappingRule("all_to_all"), (((20, 10, 10), (20, 10, 10)), _SMALL_ALL), _ALL),
    Case("all to all, two neurons a voxel", MappingRule("all_to_all"), (((10, 10, 10), (20, 10, 10)), _SMALL_ALL),
         lambda s, t: sorted(plain.two_a_voxel(_ALL(s, t)), key=lambda pair: (pair[0] // 2, pair[1], pair[0])), per_voxel=2),
    Case("all to all, half of it by chance", MappingRule("all_to_all", attractivity=50), (((20, 10, 10), (20, 20, 10)), _SMALL_ALL),
         lambda s, t: plain.thinned(_ALL(s, t), 50, (3, 3 + s[0] * s[1] * s[2]))),
    Case("nine vectors", MappingRule("vectors"), (((100, 100, 50),) * 2, ((25, 25, 5),) * 2),
         lambda s, t: plain.join([_product(*(plain.by_step(v) for v in step))(s, t) for step in STEPS], s, t),
         Morphology("vectors", "vectors", {"vectors": STEPS})),
    Case("two patterns that overlap", MappingRule("patterns"), (((20, 20, 20),) * 2, ((9, 9, 9),) * 2),
         _joined(_product(plain.to_others, plain.to_same, plain.to_all), _product(plain.to_all, plain.to_same, plain.to_same)), PATTERNS),
)


def pairs_of(connectome: Connectome) -> Pairs:
    return list(zip(connectome.source.tolist(), connectome.target.tolist(), strict=True))


def check(case: Case) -> None:
    """Both grow the same, or the comparison is worth nothing."""
    source, target = case.sizes[1]
    assert pairs_of(develop(case.genome(source, target)).connectome) == case.plain(source, target), case.name


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def compare(name: str, count: int, ours: Callable[[], object], plain_count: int, theirs: Callable[[], object], turns: int) -> Figures:
    """In turns; what is grown is given back before the clock starts again."""
    ours()
    rates, plain_rates = [], []
    for _ in range(turns):
        plain_rates.append(plain_count / _seconds(theirs))
        rates.append(count / _seconds(ours))
    times = statistics.median(rate / other for rate, other in zip(rates, plain_rates, strict=True))
    return Figures(name, count, statistics.median(rates), statistics.median(plain_rates), times)


def bytes_growing(case: Case) -> tuple[int, float]:
    """Synapses, and the most bytes a synapse that were allocated at once."""
    genome = case.genome(*case.sizes[0])
    tracemalloc.start()
    try:
        synapses = develop(genome).connectome.synapses
        return synapses, tracemalloc.get_traced_memory()[1] / synapses
    finally:
        tracemalloc.stop()


def bytes_of_image(case: Case) -> float:
    """Of a smaller brain, all that is in the image included: a synapse of a larger one takes less."""
    connectome = develop(case.genome(*case.sizes[1])).connectome
    return len(write_image(lower(connectome))) / connectome.synapses


def measure(case: Case, turns: int) -> Figures:
    check(case)
    genome, (source, target) = case.genome(*case.sizes[0]), case.sizes[1]
    synapses, growing = bytes_growing(case)
    smaller = len(case.plain(source, target))
    found = compare(case.name, synapses, lambda: develop(genome), smaller, lambda: case.plain(source, target), turns)
    return Figures(found.name, synapses, found.rate, found.plain_rate, found.times, growing, bytes_of_image(case))


def measure_neurons(name: str, area: CorticalArea, turns: int) -> Figures:
    """From the genome to neurons that run: areas, thresholds, the image, its verification, the loaded brain."""

    def brain_of(dims: Triple) -> tuple[Program, Brain]:
        genome = Genome("bench", "bench", "2.0", "flat", (replace(area, dims=dims),), {}, {}, {})
        program = lower(develop(genome).connectome, keep_all=True)
        return program, Brain(write_image(program))

    smaller = (50, 40, 20)
    threshold, *steps = (Fraction(str(value)) for value in (area.firing_threshold, *area.threshold_increment))
    made = brain_of(smaller)[0].areas[-1]

    def theirs() -> tuple[list[int], list[int]]:
        return plain.neurons(smaller, threshold, (steps[0], steps[1], steps[2]), Fraction(made.scale.potential_scale))

    words = theirs()[0]
    assert words == ([made.fields["threshold"]] * len(words) if made.thresholds is None else made.thresholds.tolist()), name
    return compare(name, area.neurons, lambda: brain_of(area.dims), len(words), theirs, turns)


def measured(turns: int) -> Iterator[Figures]:
    for name, area in NEURONS.items():
        yield measure_neurons(name, area, turns)
    for case in CASES:
        yield measure(case, turns)


def table(rows: list[Figures]) -> str:
    heads = ("", "millions a second", "plain Python", "times as fast", "bytes while growing", "bytes in the image")
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for row in rows:
        per = ["" if value is None else f"{value:.2f}" for value in (row.growing, row.image)]
        lines.append(f"| {row.name} | {row.rate / 1e6:,.0f} | {row.plain_rate / 1e6:.1f} | {row.times:,.0f} | {' | '.join(per)} |")
    return "\n".join(lines)


def shortfalls(rows: list[Figures]) -> list[str]:
    """Which floors were missed in this run."""
    found = []
    for row in rows:
        floor = FLOORS["neurons" if row.growing is None else "synapses"]
        if row.name in HELD or row.growing is None:
            found += [f"{row.name}: {row.rate / 1e6:.0f} M/s, not {floor / 1e6:.0f}"] if row.rate < floor else []
        if row.name in HELD:
            found += [f"{row.name}: {row.times:.0f} times plain Python"] if row.times < FLOORS["times"] else []
        for bytes_each, most in ((row.growing, BYTES_GROWING), (row.image, BYTES_IMAGE)):
            found += [f"{row.name}: {bytes_each:.1f} bytes a synapse"] if bytes_each is not None and bytes_each > most else []
    return found


def page(rows: list[Figures]) -> str:
    """The table, and how it compares with what FEAGI states."""
    slowest = min(row.rate for row in rows if row.name in HELD)
    neurons = min(row.rate for row in rows if row.growing is None)
    millions = {what: f"{rate / 1e6:.0f} million" for what, rate in FEAGI.items()}
    return (
        f"{table(rows)}\n\nFEAGI's engine is said to make {millions['neurons']} neurons and {millions['synapses']} synapses a second: here "
        f"at least {neurons / FEAGI['neurons']:.0f} and, for projector and all-to-all, {slowest / FEAGI['synapses']:.0f} times as many."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--page", action="store_true", help="write the table into docs/DEVELOPMENT.md")
    chosen = parser.parse_args()
    rows = list(measured(chosen.turns))
    print(page(rows))
    if chosen.page:
        pages.write("development", page(rows))
    print("\n".join(f"MISSED: {line}" for line in shortfalls(rows)) or "no floor was missed")


if __name__ == "__main__":
    main()
