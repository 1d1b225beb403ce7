"""What the wire costs the emulated Pico: the figures of docs/WIRE.md, measured in small; and what it does with damaged frames."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from neurula.link.wire import GetStats, Sense, Stats, Stream
from tests.conftest import ROOT
from tests.link.frames import changed, pool_of

pytestmark = pytest.mark.needs_firmware

sys.path.insert(0, str(ROOT / "benchmarks"))
try:
    import link_cost
finally:
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def rig() -> Iterator[Any]:
    """Bursts back to back, sensors and motors bound."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(link_cost, "SECONDS", 0.12)
        rig = link_cost.Rig(back_to_back=True)
        rig.bind()
        yield rig


def figure(name: str) -> int:
    """Cycles in the table of docs/WIRE.md."""
    text = (ROOT / "docs" / "WIRE.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| {re.escape(name)} \| ([\d,]+) \|", text, re.MULTILINE)
    assert found is not None, name
    return int(found[1].replace(",", ""))


def test_frames_cost_the_bursts_what_the_page_says(rig: Any) -> None:
    bound = rig.burst_s()
    with_it = rig.burst_s(lambda: rig.sense(True))
    cycles = (1 - bound / with_it) / link_cost.RATE_HZ * link_cost.CLOCK_HZ
    assert cycles == pytest.approx(figure(link_cost.SENSE_8), rel=0.12)
    often = link_cost.published_s(rig, Stream.MOTOR, 4)
    assert (often - bound) * 4 * link_cost.CLOCK_HZ == pytest.approx(figure(link_cost.MOTOR), rel=0.25)


def test_damaged_frames_change_nothing_on_a_cortex_m_either(rig: Any) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    pool = [data for frame, data in pool_of(chance) if frame.type >= Sense.TYPE + 40 and len(data) > 20]
    before = rig.link.request(GetStats(), Stats, 5.0)
    for _ in range(60):
        data = bytearray(chance.choice(pool))
        data[5 + chance.randrange(len(data) - 8)] ^= 1 << chance.randrange(8)
        rig.board.write(b"!" + bytes(data) + changed(chance, *chance.choices(pool, k=2)) + b"\0")
        rig.board.sleep(0.003)
    after = rig.link.request(GetStats(), Stats, 5.0)
    assert after.rejected - before.rejected >= 60
    assert after.burst > before.burst
    assert rig.link.hello().state == "confirmed"


def test_a_round_trip_takes_less_than_three_milliseconds_and_an_upload_more_than_50_kilobytes_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_cost, "UPLOAD_BYTES", 15_000)
    monkeypatch.setattr(link_cost, "PINGS", 20)
    link = link_cost.BoardLink(link_cost.PtyBoard(link_cost.Rig(back_to_back=False).board))
    link.hello(10.0)
    assert link_cost.round_trip_ms(link)[0] < 3
    assert link_cost.upload_kb_s(link) > 50
