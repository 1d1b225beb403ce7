"""Pins at work: what reaches the brain and the motors is what docs/SPEC.md says, computed here the obvious way."""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest

from neurula.boards import load_board
from neurula.compiler import lower, write_image
from neurula.compiler.pin_layout import PIN_FIELDS
from neurula.compiler.pins import pin_section
from neurula.compiler.pins_file import pins_from_toml
from neurula.development import develop
from neurula.genome.model import CorticalArea, Genome
from neurula_mcu.image import ImageError
from neurula_mcu.pins import Pins
from neurula_npu import Image
from neurula_npu.schema import RECORDS
from tests.firmware.fakes import FakeMachine, HostBrain

MS_A_BURST = 10
EYES, LEGS = "eyes__", "legs__"


def brain_with(pins: str) -> bytes:
    """Two areas whose neurons fire when, and only when, something injects 1.0 into them."""
    areas = (
        CorticalArea(EYES, EYES, dims=(3, 4, 5), neurons_per_voxel=2, excitability=1.0),
        CorticalArea(LEGS, LEGS, dims=(7, 1, 3), excitability=1.0),
    )
    program = lower(develop(Genome("pins", "pins", "3.0", "flat", areas, {}, {}, {})).connectome, keep_all=True)
    file = pins_from_toml(pins.encode(), "test")
    return write_image(program, pins=pin_section(file, program, load_board("rpi_pico")))


class Body:
    """A brain, its pins on a paper chip, and a host that fires neurons."""

    def __init__(self, pins: str) -> None:
        self.machine = FakeMachine()
        self.brain = HostBrain(brain_with(pins))
        self.pins = Pins(self.brain, self.machine)
        self.now = 0
        names = [name for name, _ in self.brain.image.names()]
        self.eyes, self.legs = names.index(EYES), names.index(LEGS)

    def sensed(self) -> list[tuple[int, int, int]]:
        self.brain.run(self.pins.sense())
        return self.brain.injected

    def fire(self, neurons: list[int]) -> None:
        """One burst in which these neurons of the legs fire, and its decoding."""
        self.now += MS_A_BURST
        self.brain.step([(self.legs, n) for n in neurons])
        self.pins.decode(self.now)

    def target(self) -> int:
        (output,) = self.pins.outputs
        return int(output.target)


def units_of(body: Body) -> int:
    """Input units of the eyes for a potential of 1.0."""
    brain = body.brain
    at = brain.image.area_at(body.eyes) + 4 * RECORDS["AREA"].index("scale_num")
    return int(struct.unpack_from("<i", brain.image.data, at)[0])


INPUT = '[[input]]\narea = "eyes__"\n'


@pytest.mark.parametrize(("active", "level"), [("high", 1), ("low", 0)])
def test_a_switch_injects_into_every_neuron_of_its_voxels_while_it_is_active(active: str, level: int) -> None:
    body = Body(f'{INPUT}kind = "digital"\npin = 4\npull = "up"\nactive = "{active}"\nvoxels = [2, "*", 1]\npotential = 0.5\n')
    pin = body.machine.made[4]
    assert pin.pull == FakeMachine().Pin.PULL_UP
    pin.level = 1 - level
    assert body.sensed() == []
    pin.level = level
    neurons = [((2 * 4 + y) * 5 + 1) * 2 + n for y in range(4) for n in range(2)]
    assert body.sensed() == [(body.eyes, neuron, units_of(body) // 2) for neuron in neurons]


@pytest.mark.parametrize(("low", "high"), [(0, 65535), (1000, 50000), (50000, 1000), (300, 303)])
@pytest.mark.parametrize("outside", ["nearest", "nothing"])
def test_a_reading_points_at_one_voxel(low: int, high: int, outside: str) -> None:
    body = Body(f'{INPUT}kind = "adc-voxel"\npin = 26\nvoxels = [1, 3, "*"]\nfrom = {low}\nto = {high}\noutside = "{outside}"\n')
    readings = {0, 65535, low, high, low - 1, high + 1, (low + high) // 2, *range(0, 65536, 997)} & set(range(65536))
    for reading in sorted(readings):
        body.machine.made[26].reading = reading
        inside = min(low, high) <= reading <= max(low, high)
        part = min(1.0, max(0.0, (reading - low) / (high - low)))
        voxel = min(4, int(part * 5 + 1e-9))
        first = ((1 * 4 + 3) * 5 + voxel) * 2
        wanted = [(body.eyes, first + n, units_of(body)) for n in range(2)] if inside or outside == "nearest" else []
        assert body.sensed() == wanted, reading


def test_a_reading_injects_its_share_of_the_potential() -> None:
    body = Body(f'{INPUT}kind = "adc-level"\npin = 27\nvoxels = [0, 0, 0]\nfrom = 10000\nto = 60000\npotential = 100.0\n')
    full = 100 * units_of(body)
    assert full > 1 << 24
    for reading in (0, 10000, 10001, 22500, 35000, 47500, 59999, 60000, 65535):
        body.machine.made[27].reading = reading
        share = min(50000, max(0, reading - 10000)) * 1023 // 50000
        sensed = body.sensed()
        assert [unit for _, _, unit in sensed] == [full * share // 1024] * (2 if share else 0)


def test_no_number_of_a_burst_leaves_the_range_in_which_small_integers_cost_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """2^30 - 1 is the largest integer that MicroPython keeps without allocating on a 32-bit board."""
    body = Body(f'{INPUT}kind = "adc-level"\npin = 27\nvoxels = [0, 0, 0]\nto = 65535\npotential = 1e6\n')
    entry = body.pins.inputs[0]
    products = []

    class Counted(int):
        def __mul__(self, other: int) -> Counted:
            products.append(int.__mul__(self, other))
            return Counted(int.__mul__(self, other))

        def __rshift__(self, other: int) -> Counted:
            return Counted(int.__rshift__(self, other))

        def __and__(self, other: int) -> Counted:
            return Counted(int.__and__(self, other))

    entry.units = Counted(entry.units)
    body.machine.made[27].reading = 65535
    body.pins.sense()
    assert products
    assert max(products) < 1 << 30


OUTPUT = '[[output]]\narea = "legs__"\npin = 3\n'
WHERE = [
    ("[2, 0, 1]", [7]),
    ('["*", 0, 1]', [1, 4, 7, 10, 13, 16, 19]),
    ('[3, 0, "*"]', [9, 10, 11]),
    ('["*", "*", "*"]', list(range(21))),
]


@pytest.mark.parametrize(("voxels", "neurons"), WHERE)
def test_a_digital_output_is_on_for_hold_ms_after_a_spike_of_its_voxels(voxels: str, neurons: list[int]) -> None:
    body = Body(f'{OUTPUT}kind = "digital"\nvoxels = {voxels}\nhold_ms = 35\n')
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    last = -(1 << 30)
    for _ in range(300):
        fired = chance.sample(range(21), chance.choice([0, 0, 0, 0, 1, 3]))
        body.fire(fired)
        last = body.now if set(fired) & set(neurons) else last
        assert body.target() == int(body.now - last < 35), body.now


@pytest.mark.parametrize("hold_ms", [0, 5])
def test_a_short_hold_still_shows_a_spike_for_one_burst(hold_ms: int) -> None:
    body = Body(f'{OUTPUT}kind = "digital"\nvoxels = [0, 0, 0]\nhold_ms = {hold_ms}\n')
    seen = []
    for fired in ([], [0], [], [0], [0], []):
        body.fire(fired)
        seen.append(body.target())
    assert seen == [0, 1, 0, 1, 1, 0]


@pytest.mark.parametrize(("voxels", "neurons"), WHERE)
@pytest.mark.parametrize(("window", "full"), [(1, 1.0), (4, 0.5), (16, 0.125), (255, 1.0)])
def test_the_duty_is_the_share_of_spikes_in_the_window(voxels: str, neurons: list[int], window: int, full: float) -> None:
    body = Body(f'{OUTPUT}kind = "pwm"\nvoxels = {voxels}\nwindow = {window}\nfull = {full}\nduty = [0.25, 0.75]\nneutral = 0.125\n')
    low, high, neutral = round(0.25 * 65535), round(0.75 * 65535), round(0.125 * 65535)
    most = max(1, round(full * window * len(neurons)))
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    counts: list[int] = []
    seen = set()
    for stretch in range(12):
        rate = chance.choice([0.0, 0.02, 0.3, 1.0])
        for _ in range(chance.choice([3, 2 * window if stretch < 3 else window])):
            fired = [n for n in range(21) if chance.random() < rate]
            body.fire(fired)
            counts.append(len(set(fired) & set(neurons)))
            spikes = sum(counts[-window:])
            wanted = neutral if not spikes else low + (high - low) * min(spikes, most) // most
            assert body.target() == wanted
            seen.add(wanted)
    assert len(seen) >= 2


def test_the_duty_of_a_large_area_needs_no_large_numbers_and_is_right_to_one_in_eight_thousand() -> None:
    body = Body(f'{OUTPUT}kind = "pwm"\nwindow = 255\n')
    (output,) = body.pins.outputs
    recent = output.recent
    recent.full, recent.shift = 5_000_000, 9
    assert recent.full >> recent.shift <= 16383
    for total in (1, 1000, 123_456, 2_500_000, 4_999_999, 5_000_000, 6_000_000):
        recent.total, recent.counts[recent.at] = total, 0
        output.decode(0)
        exact = 65535 * min(total, 5_000_000) / 5_000_000
        assert abs(output.target - exact) <= 65535 / 8000


def servo_model(activity: list[float], counts: list[int], window: int, present: int) -> int:
    """The activities after a burst (in place), and the voxel that is meant."""
    for i, count in enumerate(counts):
        activity[i] += 256 * count - -(-activity[i] // window)
    if not any(counts):
        return present
    best = max(activity)
    return present if activity[present] == best else activity.index(best)


@pytest.mark.parametrize("silent", ["neutral", "hold"])
def test_a_servo_points_at_the_voxel_that_fired_most(silent: str) -> None:
    body = Body(
        f'{OUTPUT}kind = "servo"\nvoxels = ["*", 0, 2]\nwindow = 8\npulse_us = [2000, 800]\nneutral_us = 1500\nwhen_silent = "{silent}"\n'
    )
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    activity: list[float] = [0.0] * 7
    voxel, quiet, target, wanted = 0, 8, 1500, set()
    for _ in range(60):
        favourite = chance.randrange(7)
        for _ in range(chance.choice([2, 6, 20])):
            silence = chance.random() < 0.1
            for _ in range(12 if silence else 1):
                counts = [int(not silence and chance.random() < (0.8 if i == favourite else 0.1)) for i in range(7)]
                body.fire([3 * i + 2 for i in range(7) if counts[i]])
                voxel = servo_model(activity, counts, 8, voxel)
                quiet = 0 if any(counts) else quiet + 1
                if any(counts):
                    target = 2000 - 1200 * voxel // 6 if 1200 * voxel % 6 == 0 else 2000 + (-1200 * voxel // 6)
                elif quiet == 8:
                    activity = [0.0] * 7
                    target = 1500 if silent == "neutral" else target
                assert body.target() == target
                wanted.add(target)
    assert len(wanted - {1500}) == 7
    assert silent == "hold" or 1500 in wanted


def test_outputs_are_neutral_from_the_moment_their_pin_is_set_up_and_low_active_ones_are_turned() -> None:
    text = (
        '[[output]]\narea = "legs__"\npin = 1\nkind = "digital"\nactive = "low"\n'
        '[[output]]\narea = "legs__"\npin = 2\nkind = "digital"\nneutral = "on"\n'
        '[[output]]\narea = "legs__"\npin = 4\nkind = "pwm"\nactive = "low"\nneutral = 0.5\n'
        '[[output]]\narea = "legs__"\npin = 6\nkind = "servo"\nvoxels = ["*", 0, 0]\nneutral_us = 1500\n'
    )
    made = Body(text).machine.made
    assert (made[1].level, made[2].level) == (1, 1)
    assert (made[4].u16, made[4].freq) == (65535 - round(0.5 * 65535), 1000)
    assert (made[6].ns, made[6].freq) == (1_500_000, 50)


def forged(image: bytes, record: int, field: str, value: int) -> Any:
    """The firmware's view of an image whose section of pins was changed and signed again."""
    brain = HostBrain(image)
    at, _ = brain.image.optional["pins"]
    place = at + 16 + 64 * record + 4 * PIN_FIELDS.index(field) if record >= 0 else at + 4 * ("version", "entries").index(field)
    data = bytearray(image)
    data[place : place + 4] = (value & 0xFFFFFFFF).to_bytes(4, "little")
    brain.image.data = bytes(data)
    return brain


FORGERIES = [
    (-1, "version", 2), (-1, "entries", 4), (-1, "entries", -1), (-1, "entries", 1 << 30),
    (0, "kind", 0), (0, "kind", 99), (0, "pin", 40), (0, "pin", -1), (0, "area", 100), (0, "area", -1), (0, "first", -1),
    (0, "first", 119), (0, "voxels", 1 << 20), (0, "voxels", 0), (0, "stride", 0), (0, "stride", 1 << 28), (0, "per_voxel", 0),
    (1, "window", 0), (1, "window", 256), (1, "full", 0), (1, "frequency_hz", 0), (1, "low", -1), (1, "high", 65536), (1, "neutral", 70000),
    (2, "hold_ms", -1), (2, "neutral", 2), (3, "voxels", 300), (3, "per_voxel", 5000), (4, "high", 0), (4, "low", -5),
]


@pytest.mark.parametrize(("record", "field", "value"), FORGERIES)
def test_a_forged_section_is_refused_and_drives_nothing(record: int, field: str, value: int) -> None:
    image = brain_with(
        '[[input]]\narea = "eyes__"\npin = 1\nkind = "digital"\n[[input]]\narea = "eyes__"\npin = 26\nkind = "adc-level"\n'
        '[[output]]\narea = "legs__"\npin = 2\nkind = "pwm"\n[[output]]\narea = "legs__"\npin = 4\nkind = "digital"\n'
        '[[output]]\narea = "legs__"\npin = 6\nkind = "servo"\nvoxels = ["*", 0, 0]\n'
    )
    order = {0: 0, 1: 2, 2: 3, 3: 4, 4: 1}
    Pins(HostBrain(image), FakeMachine())
    with pytest.raises(ImageError) as refused:
        Pins(forged(image, order.get(record, record), field, value), FakeMachine())
    assert refused.value.code == "F142"


def test_random_damage_of_the_section_is_refused_or_harmless() -> None:
    image = brain_with('[[input]]\narea = "eyes__"\npin = 1\nkind = "digital"\n[[output]]\narea = "legs__"\npin = 2\nkind = "pwm"\n')
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    at, size = Image(image, 1 << 20).optional["pins"]
    refused = 0
    for _ in range(500):
        brain = HostBrain(image)
        data = bytearray(image)
        for _ in range(chance.choice([1, 1, 2, 4])):
            data[at + chance.randrange(size)] = chance.randrange(256)
        brain.image.data = bytes(data)
        try:
            pins = Pins(brain, FakeMachine())
        except ImageError as error:
            refused += error.code == "F142"
            continue
        for now in range(20):
            count = pins.sense()
            assert 3 * count <= len(brain.words)
            brain.step()
            pins.decode(now)
    assert 100 < refused < 500
