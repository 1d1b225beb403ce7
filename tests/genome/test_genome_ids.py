"""Areas are found under every name that files and people use for them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurula.genome import AreaNames, CorticalArea, canonical_id, parse_genome

Document = dict[str, Any]


@pytest.mark.parametrize(
    ("written", "raw"),
    [
        ("CM0Tim", b"cM0Tim__"),
        ("t_mFor", b"c_mFor__"),
        ("m__lef", b"m__lef__"),
        ("c_avoid", b"c_avoid_"),
        ("i_misc", b"ci_misc_"),
        ("i__mot", b"ci__mot_"),
        ("o__mot", b"omot\x05\0\0\0"),
        ("omot00", b"omot\x05\0\0\0"),
        ("i__pro", b"ipro\x01\0\0\0"),
        ("iv00_C", b"isvi\x09\0\x04\0"),
        ("iv00BL", b"isvi\x09\0\0\0"),
        ("iic800", b"isvi\x09\0\x08\0"),
        ("___pwr", b"___power"),
        ("_power", b"___power"),
        ("_death", b"___death"),
        ("___fatig", b"___fatig"),
        ("_right", b"_right__"),
    ],
)
def test_the_engine_gives_an_area_these_eight_bytes(written: str, raw: bytes) -> None:
    assert base64.b64decode(canonical_id(written)) == raw
    assert canonical_id(canonical_id(written)) == canonical_id(written)


def test_ids_of_recorded_genomes_are_those_of_the_engine(shared: Path) -> None:
    metas = sorted(shared.glob("oracles/cases/real_*/meta.json"))
    maps = [json.loads(meta.read_text())["id_map_original_to_engine"] for meta in metas]
    assert sum(len(ids) for ids in maps) > 30
    for ids in maps:
        assert {written: canonical_id(written) for written in ids} == ids


@given(st.text())
def test_any_text_has_one_canonical_form(written: str) -> None:
    assert canonical_id(canonical_id(written)) == canonical_id(written)


def test_names_that_the_engine_does_not_load_stay_as_they_are() -> None:
    assert canonical_id("vision_memory") == "vision_memory"
    assert canonical_id("") == ""


def test_an_area_answers_to_all_its_names(flat: Document) -> None:
    names = AreaNames(parse_genome(flat).areas)
    for text in ("CM0Tim", "cM0Tim__", "Y00wVGltX18=", "Timer"):
        assert names.find(text) == 0
    for text in ("___pwr", "_power", "___power", "X19fcG93ZXI=", "Brain_Power"):
        assert names.find(text) == 1
    assert names.find("nobody") is None


def test_an_area_of_the_engine_answers_to_its_old_id() -> None:
    names = AreaNames([CorticalArea(id="b21vdAUAAAA=", name="Motor")])
    assert names.find("o__mot") == 0
    assert names.find("Motor") == 0


def test_a_name_of_two_areas_finds_neither() -> None:
    names = AreaNames([CorticalArea(id="Caaaaa", name="Twin"), CorticalArea(id="Cbbbbb", name="Twin")])
    assert names.find("Twin") is None
    assert names.find("Cbbbbb") == 1


def test_an_id_goes_before_a_name() -> None:
    names = AreaNames([CorticalArea(id="Caaaaa", name="Cbbbbb"), CorticalArea(id="Cbbbbb", name="other")])
    assert names.find("Cbbbbb") == 1
