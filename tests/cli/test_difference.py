"""Two states that differ in one entry: the entry is named by area, neuron and field."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from neurula.runtimes.difference import Array, arrays_of, first_difference
from neurula_npu import Brain, Image
from tests.conformance.brains import image_of, random_connectome


def changed(state: bytes, array: Array, entry: int) -> bytes:
    out = bytearray(state)
    if array.size:
        out[array.start + entry * array.size] ^= 1
    else:
        out[array.start + entry // 8] ^= 1 << entry % 8
    return bytes(out)


@pytest.mark.parametrize("seed", range(12))
def test_every_entry_of_every_array_is_found_again(seed: int) -> None:
    rng = random.Random(seed)
    data = image_of(random_connectome(seed))
    brain = Brain(data)
    for _ in range(3):
        brain.step()
    state, names = brain.state(), brain.image.names()
    newest = int.from_bytes(state[4:8], "little")
    arrays = [array for array in arrays_of(brain.image, newest) if array.entries and array.field != "header word slot"]
    assert arrays
    for array in arrays:
        entry = rng.randrange(array.entries)
        found = first_difference(brain.image, state, changed(state, array, entry))
        assert found is not None, f"seed {seed}: {array}"
        area = names[array.area][0] if array.area >= 0 else ""
        assert (found.area, found.neuron, found.field, found.entries) == (area, entry, array.field, 1), f"seed {seed}"
        assert found.left ^ found.right


def test_arrays_do_not_overlap() -> None:
    for seed in range(12):
        image = Image(image_of(random_connectome(seed)), 1 << 30)
        spans = sorted((array.start, array.stop) for array in arrays_of(image, 0) if array.entries)
        assert all(stop <= start for (_, stop), (start, _) in pairwise(spans)), f"seed {seed}"
        assert spans[-1][1] <= image.ram_bytes


def test_the_first_area_is_told_and_all_are_counted() -> None:
    image = Image(image_of(random_connectome(3)), 1 << 30)
    state = bytes(image.ram_bytes)
    other = bytearray(state)
    inputs = [array for array in arrays_of(image, 0) if array.field == "input"]
    for array in inputs:
        other[array.start] = 7
    found = first_difference(image, state, bytes(other))
    assert found is not None
    assert (found.area, found.left, found.right, found.entries) == (image.names()[0][0], 0, 7, len(inputs))
    assert f"({len(inputs)} entries differ in all)" in str(found)


def test_equal_states_and_states_of_other_length() -> None:
    image = Image(image_of(random_connectome(1)), 1 << 30)
    state = bytes(image.ram_bytes)
    assert first_difference(image, state, state) is None
    found = first_difference(image, state, state + b"\0")
    assert found is not None
    assert found.field == "length of the state"
