"""FEAGI's containers, lists of voxels and ESP32 lines: what is written is read, and nothing that strangers send costs more than it pays."""

from __future__ import annotations

import contextlib
import random
import struct
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from neurula.errors import InvalidInput
from neurula.genome.ids import canonical_id
from neurula.robot.feagi_body import FeagiBody
from neurula.robot.feagi_container import Container, json_structure, read_container, read_json_structure, write_container
from neurula.robot.feagi_voxels import area_voxels, read_classic, read_xyzp, write_classic, write_xyzp
from tests.robot.brains import shape_of

Rows = list[tuple[int, int, int, float]]


def random_rows(chance: random.Random, most: int = 20) -> Rows:
    return [(chance.randrange(1 << 32), chance.randrange(9), chance.randrange(9), chance.randrange(-800, 800) / 8)
            for _ in range(chance.randrange(most))]  # fmt: skip


def rows_of(voxels: Any) -> Rows:
    return list(zip(voxels.x.tolist(), voxels.y.tolist(), voxels.z.tolist(), voxels.p.tolist(), strict=True))


@pytest.fixture
def chance() -> random.Random:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    return random.Random(seed)


def test_a_container_comes_back_as_it_was(chance: random.Random) -> None:
    for _ in range(50):
        sizes = [chance.randrange(50) for _ in range(chance.choice([0, 1, 3, 255]))]
        parts = tuple(bytes((chance.choice([1, 11]), 1)) + chance.randbytes(size) for size in sizes)
        sent = Container(parts, chance.randbytes(8), chance.randrange(1 << 16))
        assert read_container(write_container(sent)) == sent


def test_a_container_is_byte_by_byte_what_feagi_writes() -> None:
    voxels = write_xyzp({b"cpower01": area_voxels([(1, 2, 3, 0.5), (4, 5, 6, -1.0)])})
    data = write_container(Container((voxels,), b"AGENT\0\0\1", 0x1234))
    assert data.hex(" ", 4) == (
        "04341201 4147454e 54000001 34000000"  # version, counter, count; agent; length of the structure
        " 0b010100 63706f77 65723031 14000000 20000000"  # type, version, areas; id, offset in the structure, bytes
        " 01000000 04000000 02000000 05000000 03000000 06000000 0000003f 000080bf"  # x, y, z, p
    )


def old(version: int, parts: tuple[bytes, ...], agent: bytes = b"") -> bytes:
    lengths = struct.pack(f"<{len(parts)}I", *map(len, parts))
    return struct.pack("<BHB", version, 7, len(parts)) + agent + lengths + b"".join(parts)


def test_older_containers_are_read_where_only_one_reading_fits() -> None:
    parts = (json_structure({"a": [1, 2]}), write_xyzp({}))
    for version in (1, 2, 3):
        assert read_container(old(version, parts)) == Container(parts, bytes(8), 7, version)
        assert read_container(old(version, parts, b"ABCDEFGH")) == Container(parts, b"ABCDEFGH", 7, version)
    assert read_json_structure(read_container(old(2, parts)).structures[0]) == {"a": [1, 2]}


def test_an_old_container_that_can_be_read_in_two_ways_is_refused() -> None:
    """One structure; read without agent its length is the word at 4, read with one it is the word at 12."""
    body = bytearray(b"\x01\x01" + bytes(14))
    data = bytearray(old(2, (bytes(body),)))
    data[12:16] = struct.pack("<I", len(data) - 16)
    data[16] = 1
    with pytest.raises(InvalidInput) as caught:
        read_container(bytes(data))
    assert caught.value.code == "A102"


@pytest.mark.parametrize(("data", "code"), [
    (b"", "A101"), (b"\x04\0\0", "A101"), (b"\x04\0\0\0", "A101"), (b"\x05\0\0\0" + bytes(8), "A102"), (b"\0\0\0\0" + bytes(8), "A102"),
    (b"\x04\0\0\0" + bytes(9), "A101"),
    (b"\x04\0\0\1" + bytes(8) + b"\xff\xff\xff\xff", "A101"),
    (b"\x04\0\0\1" + bytes(8) + b"\1\0\0\0\1", "A101"),
    (b"\x04\0\0\1" + bytes(8) + b"\2\0\0\0\x63\1", "A101"), (bytes(11 << 20), "A101"),
])  # fmt: skip
def test_what_is_no_container_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_container(data)
    assert caught.value.code == code


def test_voxels_come_back_as_they_were(chance: random.Random) -> None:
    for _ in range(50):
        sent = {chance.randbytes(8): random_rows(chance) for _ in range(chance.choice([0, 1, 5]))}
        read = read_xyzp(write_xyzp({area: area_voxels(rows) for area, rows in sent.items()}))
        assert {area: rows_of(voxels) for area, voxels in read.items()} == sent
        named = {f"a{i}": rows for i, rows in enumerate(sent.values())}
        classic = read_classic(write_classic({area: area_voxels(rows) for area, rows in named.items()}))
        assert {area: rows_of(voxels) for area, voxels in classic.items()} == named


def test_voxels_for_a_coder_are_those_of_its_columns_without_what_is_no_number() -> None:
    voxels = area_voxels([(0, 1, 2, 1.0), (5, 0, 0, 2.0), (6, 0, 0, float("nan")), (6, 0, 0, float("inf")), (1 << 31, 0, 0, 1.0)])
    assert voxels.voxels(5, 2) == [(0, 0, 0, 2.0)]
    assert len(voxels.voxels()) == 3


def head(*areas: tuple[bytes, int, int], count: int | None = None, rest: int = 0) -> bytes:
    first = struct.pack("<BBH", 11, 1, len(areas) if count is None else count)
    return first + b"".join(struct.pack("<8sII", *area) for area in areas) + bytes(rest)


@pytest.mark.parametrize("data", [
    b"", b"\x0b\1\0", head(count=1), head(count=65535), b"\x0a\1\0\0", b"\x0b\2\0\0",
    head((b"a" * 8, 20, 15), rest=16), head((b"a" * 8, 20, 32), rest=16), head((b"a" * 8, 4, 16), rest=16),
    head((b"a" * 8, (1 << 32) - 16, 16), rest=16), head((b"a" * 8, 20, (1 << 32) - 16), rest=16),
    head((b"a" * 8, 36, 16), (b"b" * 8, 36, 16), rest=16), head((b"a" * 8, 36, 16), (b"a" * 8, 52, 16), rest=32),
])  # fmt: skip
def test_what_is_no_list_of_voxels_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_xyzp(data)
    assert caught.value.code == "A103"


@pytest.mark.parametrize("data", [
    b"o", b"o__mot\1", b"o__mot\1\0" + bytes(15), b"\0\0\0\0\0\0\0\0", b"\xff_____\0\0", b"aa\0\0\0\0\0\0" * 2,
])  # fmt: skip
def test_what_is_no_classic_list_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_classic(data)
    assert caught.value.code == "A103"


def mutants(whole: bytes, chance: random.Random, number: int) -> list[bytes]:
    """Damaged copies, and noise with a good beginning."""
    made = []
    for _ in range(number):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 1, 2, 4])):
            at = chance.randrange(len(data) + 1)
            what = chance.randrange(4)
            if what == 0:
                data[at : at + 1] = bytes((chance.choice([0, 1, 127, 128, 255, chance.randrange(256)]),))
            elif what == 1:
                del data[at : at + chance.choice([1, 4, 16])]
            elif what == 2:
                data[at:at] = chance.randbytes(chance.choice([1, 4, 16]))
            else:
                word = struct.pack("<I", chance.choice([0, 1, 16, len(whole), 1 << 31, (1 << 32) - 1]))
                data[at : at + 4] = word[: len(data[at : at + 4])]
        made.append(bytes(data))
    made += [whole[: chance.randrange(24)] + chance.randbytes(chance.randrange(80)) for _ in range(number // 4)]
    return made


def elements(areas: Any) -> int:
    return sum(len(voxels) for voxels in areas.values())


READERS: list[tuple[Callable[[bytes], Any], bytes]] = [
    (read_container, write_container(Container((json_structure([1, {"x": "y"}]), write_xyzp({b"12345678": area_voxels([(1, 2, 3, 4)])}))))),
    (read_container, old(2, (json_structure({}), write_xyzp({})), b"\0\1\2\3\4\5\6\7")),
    (read_xyzp, write_xyzp({b"12345678": area_voxels([(1, 2, 3, 4.0)] * 3), b"abcdefgh": area_voxels([(1, 2, 3, 4.0)])})),
    (read_classic, write_classic({"o__mot": area_voxels([(1, 2, 3, 4.0)] * 3), "o__ser": area_voxels([(1, 2, 3, 4.0)])})),
    (read_json_structure, json_structure([1, 2, {"x": "y"}])),
]


@pytest.mark.parametrize(("read", "whole"), READERS, ids=range(len(READERS)))
def test_damage_is_refused_with_a_code_or_read_as_something_that_it_pays_for(
    read: Callable[[bytes], Any], whole: bytes, chance: random.Random
) -> None:
    refused = 0
    for data in mutants(whole, chance, 6000):
        try:
            found = read(data)
        except InvalidInput as error:
            refused += error.code.startswith("A10")
            continue
        if isinstance(found, Container):
            assert sum(map(len, found.structures)) < len(data)
        elif read is not read_json_structure:
            assert 16 * elements(found) <= len(data)
    assert refused > 1000


def test_reading_takes_no_more_memory_than_the_bytes() -> None:
    """The worst that can be said in few bytes: as many areas as can be, each claiming everything there is."""
    greedy = head(*((struct.pack("<Q", i), 20, (1 << 20) // 16 * 16) for i in range(60000)), rest=1 << 20)
    largest = write_container(Container((b"\x0b\1\0\0",) * 255))
    tracemalloc.start()
    for read, data in ((read_xyzp, greedy), (read_container, largest), (read_xyzp, head(count=65535, rest=1 << 16))):
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        with contextlib.suppress(InvalidInput):
            read(data)
        assert tracemalloc.get_traced_memory()[1] - before < 20 * len(data) + 20_000
    tracemalloc.stop()


def test_a_foreign_body_drives_a_brain_and_sees_its_spikes() -> None:
    shape = shape_of({"i__pro": (2, 1, 10), "o__mot": (4, 1, 1), "an id of a length that no engine loads": (1, 1, 1)})
    body = FeagiBody(shape, [Fraction(10)] * 3, b"neurula1")
    message = write_container(Container((
        write_xyzp({
            raw("i__pro"): area_voxels([(1, 0, 3, 2.5), (2, 0, 0, 1.0), (0, 1, 0, 1.0), (0, 0, 10, 1.0), (1, 0, 4, float("nan"))]),
            b"whatever": area_voxels([(0, 0, 0, 1.0)]),
        }),
    )))  # fmt: skip
    assert body.injections(message) == [(0, 13, 25)]
    assert body.ignored == 5
    answer = read_container(body.message([(0, [3, 4]), (1, [2]), (2, [0])], areas={1, 2}))
    assert answer.agent == b"neurula1"
    (structure,) = answer.structures
    seen = read_xyzp(structure)
    assert {name: rows_of(voxels) for name, voxels in seen.items()} == {raw("o__mot"): [(2, 0, 0, 1.0)]}
    assert read_container(body.message([])).counter == answer.counter + 1


def raw(area: str) -> bytes:
    from base64 import b64decode

    return b64decode(canonical_id(area))


def test_a_foreign_body_never_injects_more_than_the_brain_has(chance: random.Random) -> None:
    shape = shape_of({"i__pro": (2, 1, 2)})
    body = FeagiBody(shape, [Fraction(1 << 29)])
    rows = [(chance.randrange(4), 0, chance.randrange(4), chance.uniform(-1e30, 1e30)) for _ in range(5000)]
    found = body.injections(write_container(Container((write_xyzp({raw("i__pro"): area_voxels(rows)}),) * 3)))
    assert len(found) <= 4
    assert all(abs(units) < 1 << 30 for *_, units in found)
    last = {(x, z): p for x, _, z, p in rows if x < 2 and z < 2}
    assert {neuron: np.sign(units) for _, neuron, units in found} == {2 * x + z: np.sign(p) for (x, z), p in last.items()}
