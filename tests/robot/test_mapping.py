"""robot.toml: what it may say, and what is said of it when it is wrong, with the line."""

from __future__ import annotations

import random
import time
from base64 import b64encode
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from neurula.error_codes import CODES
from neurula.errors import InvalidInput
from neurula.robot import bind, check_robot, kinds, parse_mapping, read_mapping
from neurula.robot.coders import Fractional, Increment, Linear, Percentage, Signed
from neurula.robot.coders.boolean import Boolean
from neurula.robot.coders.rate import Rate
from tests.robot.brains import Sizes, shape_of

EYE = '[sensors.eye]\nkind = "proximity"\n'
WHEEL = '[motors.wheel]\nkind = "motor"\n'


def test_a_mapping_says_what_is_written_and_cannot_be_changed() -> None:
    mapping = parse_mapping(b"""
name = "car"
rate_hz = 50
[sensors.eye]
kind = "proximity"
area = "i__pro"
channel = 2
range = [3.5, 0.12]
potential = 2
rate_hz = 10
[motors.wheel]  # left = 0
kind = "motor"
coding = "fractional"
window = 8
full = 0.5
when_silent = "hold"
neutral = 0.25
""")
    assert (mapping.name, mapping.rate_hz, [d.name for d in mapping.devices]) == ("car", 50.0, ["eye", "wheel"])
    eye, wheel = mapping.devices
    assert (eye.way, eye.channel, eye.range, eye.potential, eye.rate_hz, dict(eye.areas)) == ("sensor", 2, (3.5, 0.12), 2.0, 10.0,
                                                                                            {"": "i__pro"})  # fmt: skip
    assert (wheel.coding, wheel.window, wheel.full, wheel.when_silent, wheel.neutral) == ("fractional", 8, 0.5, "hold", 0.25)
    assert wheel.place == "robot.toml, line 11"
    assert mapping.device("wheel") is wheel
    with pytest.raises(FrozenInstanceError):
        mapping.name = "other"  # type: ignore[misc]


WRONG = [
    ("name = \nx = 1\n", "M102", "line 1"),
    ("\x00", "M102", ""),
    ("speed = 3\n", "M103", "line 1"),
    ('rate_hz = "fast"\n', "M105", "line 1"),
    (f"rate_hz = 10\n{EYE}chanel = 1\n", "M103", "line 4"),
    (f"{EYE}window = 3\n", "M103", "line 3"),
    (f"{WHEEL}potential = 3\n", "M103", "line 3"),
    ("[sensors.eye]\nchannel = 1\n", "M104", "line 1"),
    (f"{EYE}channel = -1\n", "M105", "line 3"),
    (f"{EYE}channel = true\n", "M105", "line 3"),
    (f"{EYE}range = [1, 1]\n", "M105", "line 3"),
    (f"{EYE}range = [0, inf]\n", "M105", "line 3"),
    (f"{EYE}range = [0, 1, 2]\n", "M105", "line 3"),
    (f"{EYE}potential = nan\n", "M105", "line 3"),
    (f'{EYE}coding = "binary"\n', "M105", "line 3"),
    (f'{EYE}area = ""\n', "M105", "line 3"),
    (f'{EYE}area = {{ left = "i__pro" }}\n', "M105", "line 3"),
    ('[sensors.eye]\nkind = "vision"\narea = "i__pro"\n', "M105", "line 3"),
    ('[sensors.eye]\nkind = "gyroscope"\nframe = "incremental"\n', "M105", "line 3"),
    ('[sensors.eye]\nkind = "proximaty"\n', "M106", "line 2"),
    ('[sensors.eye]\nkind = "motor"\n', "M106", "line 2"),
    ('[motors.eye]\nkind = "proximity"\n', "M106", "line 2"),
    ('[sensors."left eye"]\nkind = "proximity"\n', "M107", "line 1"),
    ('[sensors.eye]\nkind = "proximity"\n[motors.eye]\nkind = "motor"\n', "M107", "line 3"),
    ("sensors = 3\n", "M105", "line 1"),
    ("[sensors]\neye = 3\n", "M105", "line 2"),
    ("[sensors]\neye.kind = 3\n", "M105", "line 2"),
    ("sensors.eye.kind = 3\n", "M105", "line 1"),
]


@pytest.mark.parametrize(("text", "code", "line"), WRONG)
def test_what_is_wrong_is_said_with_its_code_and_line(text: str, code: str, line: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_mapping(text.encode())
    assert caught.value.code == code
    said = f"{caught.value.message} {caught.value.where}"
    assert line in said
    assert "robot.toml" in caught.value.where


def test_a_wrong_word_is_answered_with_the_right_one() -> None:
    with pytest.raises(InvalidInput, match="proximity"):
        parse_mapping(b'[sensors.eye]\nkind = "proximaty"\n')
    with pytest.raises(InvalidInput, match="channel"):
        parse_mapping(f"{EYE}chanel = 1\n".encode())
    with pytest.raises(InvalidInput, match="kind of the other table"):
        parse_mapping(b'[sensors.eye]\nkind = "motor"\n')


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "large.toml").write_bytes(b"#" * (130 << 10))
    for path in ("large.toml", "absent.toml", "a\0b", "."):
        with pytest.raises(InvalidInput) as caught:
            read_mapping(tmp_path / path)
        assert caught.value.code == "M101"


def test_random_damage_is_an_error_with_a_code_or_another_robot() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    whole = f'name = "x"\nrate_hz = 50\n{EYE}channel = 1\nrange = [0, 1]\n{WHEEL}window = 4\narea = {{ "" = "o__mot" }}\n'.encode()
    shape = shape_of({"i__pro": (4, 1, 10), "o__mot": (4, 1, 10)})
    codes = set()
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 1, 2, 5])):
            at = chance.randrange(len(data))
            new = chance.choices(b'[]{}="\'.,\n #0123456789abcdefxyz\x00\xff-', k=chance.choice([0, 1, 2]))
            data[at : at + chance.choice([0, 1, 1, 3])] = bytes(new)
        try:
            check_robot(parse_mapping(bytes(data)), shape)
        except InvalidInput as error:
            codes.add(error.code)
    assert {"M102", "M103", "M105", "M106"} <= codes <= set(CODES)


@pytest.mark.parametrize("hostile", [
    b"[" * 100_000, b" " * 120_000, b"a" * 120_000, b"a." * 60_000 + b"b = 1", b"[sensors." + b"a." * 60_000 + b"b]", b'"' * 120_000,
    b"x = [" * 20_000, b"=" * 120_000, b"[\n" * 60_000, b"x = " + b"[\n" * 60_000, b'[sensors.a]\nkind = "' + b"k" * 300 + b'"',
    b"\n[sensors]" * 10_000, b"".join(b"a." * 190 + b"b%d = 1\n" % i for i in range(320)),
    b"".join(b"[sensors." + b"a." * 190 + b"b%d]\n" % i for i in range(320)),
    b"".join(b"[sensors.s%d]\nkind='infrared'\n" % i for i in range(3000)),
], ids=range(15))  # fmt: skip
def test_a_hostile_file_costs_less_than_a_second(hostile: bytes) -> None:
    before = time.process_time()
    with pytest.raises(InvalidInput):
        parse_mapping(hostile)
    assert time.process_time() - before < 1


BAD_MATCHES = [
    (EYE, {}, "M201"),
    (f'{EYE}area = "i__pr"\n', {"i__pro": (1, 1, 10)}, "M201"),
    (EYE, {"i__pro": (1, 1, 10), "ipro\x01\x00\x00\x00": (1, 1, 10)}, "M202"),
    (f'{EYE}coding = "scale"\n', {"i__pro": (1, 1, 1)}, "M203"),
    (f'{EYE}coding = "rate"\n', {"i__pro": (1, 1, 10)}, "M203"),
    (f'{EYE}coding = "fractional"\n', {"i__pro": (1, 1, 40)}, "M203"),
    (f'{WHEEL}coding = "scale"\n', {"o__mot": (2, 1, 10)}, "M203"),
    (f'{WHEEL}frame = "incremental"\n', {"o__mot": (2, 1, 1)}, "M203"),
    (f'{WHEEL}frame = "incremental"\ncoding = "rate"\n', {"o__mot": (2, 1, 1)}, "M203"),
    ('[motors.m]\nkind = "motion_control"\n', {"o_mctl": (8, 1, 10)}, "M203"),
    ('[sensors.c]\nkind = "camera"\nchannel = 1\n', {"iv00CC": (64, 32, 3)}, "M203"),
    ('[sensors.c]\nkind = "camera"\nsize = [32, 33, 3]\n', {"iv00CC": (64, 32, 3)}, "M203"),
    ('[motors.l]\nkind = "location"\n', {"o__loc": (1, 32, 1)}, "M203"),
    ('[sensors.t]\nkind = "text_in"\narea = "i_text"\n', {"i_text": (1, 1, 40)}, "M203"),
    (f"{EYE}channel = 3\n", {"i__pro": (3, 1, 10)}, "M204"),
    (f"{WHEEL}channel = 1\n", {"o__mot": (3, 1, 10)}, "M204"),
    (WHEEL, {"o__mot": (1, 1, 10)}, "M204"),
    (f'{EYE}area = "o__mot"\n', {"o__mot": (2, 1, 10)}, "M205"),
    (f'{WHEEL}area = "i__pro"\n', {"i__pro": (2, 1, 10)}, "M205"),
    (f'{EYE}[sensors.other]\nkind = "proximity"\n', {"i__pro": (2, 1, 10)}, "M206"),
]


@pytest.mark.parametrize(("text", "sizes", "code"), BAD_MATCHES)
def test_what_does_not_fit_the_brain_is_said_with_its_code_and_line(text: str, sizes: Sizes, code: str) -> None:
    mapping, shape = parse_mapping(text.encode()), shape_of(sizes)
    problems = check_robot(mapping, shape)
    assert [p.code for p in problems] == [code]
    assert all(p.severity == "error" and p.remedy and "robot.toml, line" in p.path for p in problems)
    with pytest.raises(InvalidInput) as caught:
        bind(mapping, shape)
    assert caught.value.code == code


def test_rates_that_cannot_be_kept_are_warnings() -> None:
    sizes: Sizes = {"i__pro": (1, 1, 10)}
    fast = parse_mapping(f"{EYE}rate_hz = 200\n".encode())
    assert [(p.code, p.severity) for p in check_robot(fast, shape_of(sizes, 0.02))] == [("M207", "warning")]
    assert [p.code for p in check_robot(parse_mapping(f"rate_hz = 100\n{EYE}".encode()), shape_of(sizes, 0.02))] == ["M207"]
    assert check_robot(parse_mapping(f"rate_hz = 50\n{EYE}rate_hz = 50\n".encode()), shape_of(sizes, 0.02)) == ()
    bind(fast, shape_of(sizes, 0.02))


@pytest.mark.parametrize(("variant", "handling", "size", "coder"), [
    (0, 0, (1, 1, 10), Boolean(1, 1, 10)), (1, 0, (1, 1, 10), Percentage(Linear(10))), (1, 2, (1, 1, 10), Percentage(Fractional(10))),
    (3, 0, (3, 1, 10), Percentage(Linear(10), 3)), (5, 0, (2, 1, 10), Signed(Linear(10))), (8, 2, (8, 1, 10), Signed(Fractional(10), 4)),
    (1, 1, (2, 1, 10), Increment(Signed(Linear(10)))), (6, 3, (4, 1, 10), Increment(Signed(Fractional(10), 2), -1.0)),
])  # fmt: skip
def test_the_flags_of_a_present_id_choose_the_coding(variant: int, handling: int, size: tuple[int, int, int], coder: object) -> None:
    area = b64encode(b"iagp" + bytes((variant, handling, 0, 0))).decode()
    (device,) = bind(parse_mapping(b'[sensors.s]\nkind = "analog_in"\n'), shape_of({area: size})).devices
    assert device.parts[0].coder == coder


@pytest.mark.parametrize(("kind", "area", "dims", "made", "x"), [
    ("accelerometer", "i__acc", (6, 1, 21), Percentage, 3),
    ("accelerometer", "aWFjYwcAAAA=", (12, 1, 10), Signed, 6),
    ("infrared", "i__inf", (2, 1, 1), Boolean, 1),
    ("infrared", "i__inf", (2, 1, 10), Boolean, 1),
    ("proximity", "i_mine", (2, 1, 10), Percentage, 1),
    ("analog_in", "iagpio", (2, 1, 1), Rate, 1),
])  # fmt: skip
def test_the_id_and_the_depth_of_an_area_choose_the_layout(kind: str, area: str, dims: tuple[int, int, int], made: type, x: int) -> None:
    text = f'[sensors.s]\nkind = "{kind}"\nchannel = 1\narea = "{area}"\n'
    (device,) = bind(parse_mapping(text.encode()), shape_of({area: dims})).devices
    assert (type(device.parts[0].coder), device.parts[0].x) == (made, x)


def test_a_classic_servo_moves_by_changes_and_a_motor_does_not() -> None:
    text = f'{WHEEL}[motors.arm]\nkind = "servo"\n'
    wheel, arm = bind(parse_mapping(text.encode()), shape_of({"o__mot": (2, 1, 10), "o__ser": (2, 1, 10)})).devices
    assert isinstance(wheel.parts[0].coder, Signed)
    assert isinstance(arm.parts[0].coder, Increment)


def test_every_kind_fits_a_brain_that_has_the_areas_that_the_catalogue_names() -> None:
    """Both ways to write an id, with the sizes that are listed."""
    tried = 0
    for kind in kinds().values():
        for number in range(max(len(part.layouts) for part in kind.parts)):
            layouts = [part.layouts[min(number, len(part.layouts) - 1)] for part in kind.parts]
            for spelled in range(max(len(layout.ids) for layout in layouts)):
                sizes: Sizes = {}
                for layout in layouts:
                    written = layout.ids[min(spelled, len(layout.ids) - 1)]
                    if len(written) == 4:
                        variant = layout.components + (4 if layout.family == "signed" else 0)
                        written += f"{chr(variant)}\x00{chr(layout.tile or 0)}\x00"
                    sizes[written] = layout.size
                text = f'[{kind.way}s.it]\nkind = "{kind.name}"\n'
                bound = bind(parse_mapping(text.encode()), shape_of(sizes))
                assert [part.coder.size for part in bound.devices[0].parts] == [layout.size for layout in layouts], kind.name
                tried += 1
    assert tried > len(kinds()) > 50


PRESENT = "inf pro shk bat cnt svm agp dgp mis ten img svi acc gyq"
OUTPUTS = "mot pse gaz mis ten cnt seg img ifs"
CLASSIC = (
    "i__inf i_iinf ii_inf idgpio iagpio i__pro i__acc i__gyr i_comp ieuler i_pres ishock i__bat iv00CC iv00_C iv00TL iv00TM iv00TR "
    "iv00ML iv00MR iv00BL iv00BM iv00BR i___id i_spos i_smot i__bci i_misc ilidar i_hear o__mot odgpio oogpio oigpio oagpio o__nav "
    "o__spd o__bat o_init o_stop o_blnk o_misc ovflph ovflpv o__ser o_spos o___id o__sid o__loc o_mctl ov_mod ov_ecc ovtune ov_enh "
    "o__led ov_reg ov_out opoint"
)


def test_the_catalogue_has_every_area_of_feagi() -> None:
    known = {i for kind in kinds().values() for part in kind.parts for layout in part.layouts for i in layout.ids}
    assert {f"i{unit}" for unit in PRESENT.split()} | {f"o{unit}" for unit in OUTPUTS.split()} | set(CLASSIC.split()) <= known
