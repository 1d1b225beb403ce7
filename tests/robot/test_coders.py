"""Every coder: what is encoded comes back within one step over the whole range, and no voxel leaves the block."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import pytest

from neurula.robot.coders import (
    TILES,
    Block,
    Boolean,
    ChangedPixels,
    Choice,
    Classes,
    Coder,
    Fractional,
    Gaze,
    Image,
    Increment,
    Linear,
    Percentage,
    Place,
    Rate,
    Scale,
    Signed,
    Token,
    Vision,
    Voxel,
    text_of,
    tokens_of,
)
from neurula.robot.coders.image import DARK

DEPTHS = (1, 2, 3, 5, 7, 10, 16, 21, 31, 100)
TINY = 1e-9
COLUMNS = [
    *(Linear(depth, rising) for depth in DEPTHS for rising in (False, True)),
    *(Fractional(depth) for depth in DEPTHS if depth <= 31),
    *(Scale(depth) for depth in DEPTHS if depth >= 2),
]
WRONG = (-1e9, -0.001, 1.001, 1e9, math.inf, -math.inf, math.nan)


@pytest.fixture
def chance() -> random.Random:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    return random.Random(seed)


def numbers(depth: int, chance: random.Random) -> list[float]:
    """The ends, the borders of every level and their neighbours, and anything between."""
    borders = [k / n for n in (depth, max(1, depth - 1)) for k in range(n + 1)]
    near = [b + e for b in borders for e in (-1e-6, -1e-12, 1e-12, 1e-6)]
    return [v for v in (*borders, *near, *(chance.random() for _ in range(50))) if 0 <= v <= 1]


def encoded(coder: Coder, value: Any) -> list[Voxel]:
    """The voxels of a value, of which none lies outside of the block or occurs twice."""
    voxels = coder.encode(value)
    for voxel in voxels:
        assert all(0 <= c < n for c, n in zip(voxel[:3], coder.size, strict=True)), (voxel, coder.size)
        assert voxel[3] != 0
    assert len({v[:3] for v in voxels}) == len(voxels)
    return voxels


@pytest.mark.parametrize("column", COLUMNS, ids=repr)
@pytest.mark.parametrize("components", [1, 2, 3, 4])
def test_a_percentage_comes_back_within_one_step(column: Any, components: int, chance: random.Random) -> None:
    coder = Percentage(column, components)
    assert coder.size == (components, 1, column.depth)
    for value in numbers(column.depth, chance):
        rest = tuple(chance.random() for _ in range(components - 1))
        back = coder.decode(encoded(coder, value if components == 1 else (value, *rest)))
        for sent, got in zip((value, *rest), (back,) if components == 1 else back, strict=True):
            assert abs(sent - got) <= coder.step + TINY
            assert 0 <= got <= 1


@pytest.mark.parametrize("column", [c for c in COLUMNS if not isinstance(c, Scale)], ids=repr)
@pytest.mark.parametrize("components", [1, 2, 3, 4])
def test_a_signed_percentage_comes_back_within_one_step_with_its_sign(column: Any, components: int, chance: random.Random) -> None:
    coder = Signed(column, components)
    assert coder.size == (2 * components, 1, column.depth)
    for value in (sign * v for v in numbers(column.depth, chance) for sign in (1, -1)):
        rest = tuple(chance.uniform(-1, 1) for _ in range(components - 1))
        back = coder.decode(encoded(coder, value if components == 1 else (value, *rest)))
        for sent, got in zip((value, *rest), (back,) if components == 1 else back, strict=True):
            assert abs(sent - got) <= coder.step + TINY
            assert sent == 0 or got * sent > 0, "the sign is lost"
    assert coder.decode(encoded(coder, 0 if components == 1 else (0,) * components)) in (0, (0,) * components)


@pytest.mark.parametrize("column", COLUMNS, ids=repr)
def test_a_column_never_leaves_its_area_whatever_it_is_given(column: Any) -> None:
    for value in (*WRONG, 0, 1, 0.5):
        places = column.places(value)
        assert places
        assert all(0 <= place < column.depth for place in places)
        assert len(set(places)) == len(places)


@pytest.mark.parametrize("column", COLUMNS, ids=repr)
def test_more_never_reads_as_less(column: Any, chance: random.Random) -> None:
    values = sorted(numbers(column.depth, chance))
    back = [column.value(column.places(value)) for value in values]
    # zero is not silent: it shares the lowest place with the smallest number (fractional: with 2^-depth)
    assert all(a <= b + (column.step if isinstance(column, Fractional) and value < column.step else 0) + TINY
               for a, b, value in zip(back, back[1:], values, strict=False))  # fmt: skip


@pytest.mark.parametrize("depth", DEPTHS)
def test_feagis_voxels_for_what_feagi_does_right(depth: int, chance: random.Random) -> None:
    """floor((1 - v) * depth) for v above 0, counted down from the full value; greedy halves for fractions."""
    for value in (chance.random() for _ in range(200)):
        assert Linear(depth).places(value) == [min(depth - 1, math.floor((1 - value) * depth))]
        left, greedy = value, []
        for k in range(1, min(depth, 31) + 1):
            if left >= 0.5**k:
                left -= 0.5**k
                greedy.append(k - 1)
        assert Fractional(min(depth, 31)).places(value) == (greedy or [min(depth, 31) - 1])


def test_feagis_three_faults_are_gone() -> None:
    assert Percentage(Linear(10)).encode(0.0) == [(0, 0, 9, 1.0)], "zero lies inside the area"
    fractional = Percentage(Fractional(10))
    assert fractional.decode(fractional.encode(0.25)) == 0.25, "no factor of two"
    signed = Signed(Linear(10))
    assert signed.encode(-0.3) == [(1, 0, 7, 1.0)], "a negative number is itself, not -1"
    assert signed.decode(signed.encode(-0.3)) == pytest.approx(-0.3)


def test_decimal_fractions_land_on_their_own_level() -> None:
    assert [Linear(10).value(Linear(10).places(k / 10)) for k in range(1, 11)] == pytest.approx([k / 10 for k in range(1, 11)])
    assert [Scale(21).places(k / 20)[0] for k in range(21)] == list(range(21))


def test_several_voxels_of_a_column_count_by_their_mean() -> None:
    assert Percentage(Linear(10)).decode([(0, 0, 0, 1.0), (0, 0, 4, 1.0)]) == pytest.approx(0.8)
    assert Signed(Linear(10)).decode([(0, 0, 0, 1.0), (1, 0, 5, 1.0)]) == pytest.approx(0.5)


def test_silent_components_stay_as_they_were() -> None:
    coder = Percentage(Linear(4), 3)
    assert coder.decode([], held=(0.1, 0.2, 0.3)) == (0.1, 0.2, 0.3)
    assert coder.decode([(1, 0, 0, 1.0)], held=(0.1, 0.2, 0.3)) == (0.1, 1.0, 0.3)
    assert coder.decode([(1, 0, 0, 1.0)]) == (0.0, 1.0, 0.0)
    assert coder.decode([]) is None


@pytest.mark.parametrize("coder", [
    Percentage(Linear(5), 2), Signed(Linear(5)), Boolean(2, 2, 1), Rate(2), Image(4, 3, 2), Block(2, 2, 2), Token(8), Choice(1, 5, 1),
    Place(4, 4), Classes(4, 4, 3),
], ids=repr)  # fmt: skip
def test_voxels_from_elsewhere_and_voxels_without_potential_mean_nothing(coder: Coder) -> None:
    w, h, d = coder.size
    foreign = [(-1, 0, 0, 1.0), (w, 0, 0, 1.0), (0, h, 0, 1.0), (0, 0, d, 1.0), (0, -1, 0, 1.0), (0, 0, 0, 0.0), (0, 0, 0, math.nan)]
    silent = coder.decode([], held="held")
    assert repr(coder.decode(foreign, held="held")) == repr(silent)


@pytest.mark.parametrize(("w", "h"), [(1, 1), (2, 1), (3, 3)])
def test_switches_come_back_and_silence_is_off(w: int, h: int) -> None:
    coder = Boolean(w, h)
    for pattern in itertools.product([False, True], repeat=w * h):
        value = pattern[0] if w * h == 1 else pattern
        assert coder.decode(encoded(coder, value), held=True) == value


def test_rates_come_back_as_they_were(chance: random.Random) -> None:
    for value in (0.0, 1.0, *(chance.random() for _ in range(100))):
        assert Rate().decode(encoded(Rate(), value)) == value
        assert Rate(2, signed=True).decode(encoded(Rate(2, signed=True), (value, -value))) == (value, -value)
    assert Rate(signed=True).decode([(0, 0, 0, 0.75), (1, 0, 0, 0.5)]) == 0.25


@pytest.mark.parametrize("colours", [1, 3])
def test_a_picture_comes_back_and_stands_as_feagi_puts_it(colours: int) -> None:
    coder = Image(5, 3, colours)
    pixels = np.random.default_rng(random.randrange(1 << 30)).integers(0, 256, (3, 5, colours), dtype=np.uint8)
    back = coder.decode(encoded(coder, pixels))
    assert np.abs(back.astype(int) - pixels).max() <= DARK
    lonely = np.zeros((3, 5, colours), np.uint8)
    lonely[0, 4, colours - 1] = 200
    assert coder.encode(lonely) == [(4, 2, colours - 1, 200.0)], "the first row is on top: the largest y"
    with pytest.raises(ValueError, match="belongs here"):
        coder.encode(np.zeros((5, 3, colours)))


def test_a_picture_by_its_changes_is_the_picture(chance: random.Random) -> None:
    coder = ChangedPixels(Image(6, 4, 3), threshold=10)
    random_pixels = np.random.default_rng(chance.randrange(1 << 30))
    sent: Any = None
    held: Any = None
    for _ in range(30):
        picture = random_pixels.integers(0, 256, (4, 6, 3), dtype=np.uint8)
        if sent is not None:
            still = random_pixels.random((4, 6, 3)) < 0.7
            picture = np.where(still, sent, picture).astype(np.uint8)
        voxels = coder.encode(picture, sent)
        held = coder.decode(voxels, held)
        sent = picture
        assert held is not None
    sent_again = coder.encode(sent, sent)
    assert sent_again == [], "what stands still is silent"
    exact = ChangedPixels(Image(6, 4, 3))
    for _ in range(10):
        picture = random_pixels.integers(0, 256, (4, 6, 3), dtype=np.uint8)
        held = exact.decode(exact.encode(picture, held), held)
        assert np.abs(held.astype(int) - picture).max() <= DARK + 1


def test_a_block_comes_back(chance: random.Random) -> None:
    coder = Block(3, 4, 5)
    block = np.random.default_rng(chance.randrange(1 << 30)).uniform(-1, 1, (3, 4, 5))
    block[0, 0, 0] = 0
    assert np.array_equal(coder.decode(encoded(coder, block)), block)
    assert np.abs(coder.decode(encoded(coder, np.full((3, 4, 5), 7.0)))).max() == 1
    assert not encoded(coder, np.full((3, 4, 5), np.nan))


def test_classes_come_back() -> None:
    coder = Classes(4, 3, 8)
    classes = np.random.default_rng(7).integers(-1, 8, (3, 4))
    assert np.array_equal(coder.decode(encoded(coder, classes)), classes)


@pytest.mark.parametrize("depth", [2, 8, 16, 32])
def test_every_token_comes_back_and_silence_is_none(depth: int, chance: random.Random) -> None:
    coder = Token(depth)
    last = (1 << depth) - 2
    for token in {0, 1, min(2, last), last, last - 1, *(chance.randint(0, last) for _ in range(100))}:
        assert coder.decode(encoded(coder, token)) == token
    assert coder.encode(None) == []
    assert coder.decode([], held=5) is None
    assert coder.encode(7 if depth > 3 else 1)[0][2] == depth - (4 if depth > 3 else 2), "place 0 is the highest digit"
    assert text_of(tokens_of("Käfer 🤖")) == "Käfer 🤖"
    assert text_of([72, 105, 300]) == "Hi�"


def test_every_choice_comes_back_and_the_strongest_wins() -> None:
    coder = Choice(2, 3, 4)
    assert [coder.decode(encoded(coder, i)) for i in range(24)] == list(range(24))
    assert Choice(1, 10, 1).encode(3) == [(0, 3, 0, 1.0)]
    assert Choice(1, 10, 1).decode([(0, 3, 0, 0.5), (0, 8, 0, 0.9)]) == 8
    assert coder.decode(encoded(coder, 99)) == 23


def test_a_place_comes_back_within_one_step_and_several_mean_their_middle(chance: random.Random) -> None:
    for w, h in ((2, 2), (32, 32), (64, 10)):
        coder = Place(w, h)
        for _ in range(100):
            x, y = chance.random(), chance.random()
            back = coder.decode(encoded(coder, (x, y)))
            assert abs(back[0] - x) <= coder.step
            assert abs(back[1] - y) <= coder.step
    assert Place(3, 3).decode([(0, 0, 0, 1.0), (2, 2, 0, 1.0)]) == (0.5, 0.5)


@pytest.mark.parametrize("column", [Linear(10), Linear(10, rising=True), Linear(3), Fractional(8)], ids=repr)
@pytest.mark.parametrize("low", [0.0, -1.0])
def test_numbers_by_their_changes_arrive_within_one_step_and_then_rest(column: Any, low: float, chance: random.Random) -> None:
    coder = Increment(Signed(column, 2), low)
    held: Any = None
    for _ in range(100):
        value = (chance.uniform(low, 1), chance.choice([low, 0.0, 1.0]))
        for _ in range(4 if isinstance(column, Linear) else 12):
            held = coder.decode(coder.encode(value, held), held)
        assert all(abs(a - b) <= coder.step for a, b in zip(held or (0, 0), value, strict=True))
        assert coder.encode(value, held) == [], "what stands still is silent"


def vision(centre: tuple[int, int] = (16, 16)) -> Vision:
    return Vision(tuple(Image(*(centre if name == "C" else (4, 4)), 1) for name in TILES))


def test_the_nine_tiles_cover_the_picture_once(chance: random.Random) -> None:
    for _ in range(200):
        w, h = chance.randint(3, 90), chance.randint(3, 90)
        gaze = Gaze(chance.uniform(-0.2, 1.2), chance.uniform(-0.2, 1.2), chance.choice([0, 1, chance.random()]))
        seen = np.zeros((h, w), int)
        for x0, y0, x1, y1 in vision((chance.randint(1, 20), chance.randint(1, 20))).boxes(w, h, gaze):
            assert x0 < x1
            assert y0 < y1
            seen[y0:y1, x0:x1] += 1
        assert (seen == 1).all()
    with pytest.raises(ValueError, match="3 x 3"):
        vision().boxes(2, 9, Gaze())


def test_the_gaze_moves_the_centre() -> None:
    places = {}
    for name, gaze in {"middle": Gaze(), "left": Gaze(x=0), "right": Gaze(x=1), "up": Gaze(y=1), "down": Gaze(y=0)}.items():
        places[name] = vision().boxes(100, 80, gaze)[TILES.index("C")]
    assert places["middle"] == (25, 20, 75, 60)
    assert places["left"][0] == 1
    assert places["right"][2] == 99
    assert places["up"][1] == 1, "upwards is towards the first row"
    assert places["down"][3] == 79
    wide = vision((20, 10)).boxes(100, 100, Gaze(size=0.5))[TILES.index("C")]
    assert (wide[2] - wide[0], wide[3] - wide[1]) == (50, 25), "the centre's aspect is kept"


def test_tiles_are_means_of_what_they_cover_and_come_back() -> None:
    ramp = np.repeat(np.arange(0, 240, 2, dtype=np.uint8)[None, :], 90, axis=0)
    eye = vision()
    parts = eye.split(np.repeat(ramp[:, :, None], 3, axis=2), Gaze())
    assert [part.shape for part in parts] == [(16, 16, 1) if name == "C" else (4, 4, 1) for name in TILES]
    left, middle, right = (parts[TILES.index(name)].mean() for name in ("ML", "C", "MR"))
    assert left < middle < right
    assert abs(middle - ramp.mean()) <= 2
    back = eye.decode(eye.encode(ramp, Gaze()))
    for name, part in zip(TILES, parts, strict=True):
        found = back[name]
        assert found is not None
        assert np.abs(found.astype(int) - part).max() <= 1
