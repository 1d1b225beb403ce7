"""Slots on MicroPython's own firmware on an emulated Pico: set aside inside the stock file system, updated, cut, read in place.

The emulator carries out an erase and the programming of a page whole; half-done ones are what test_cuts.py is about."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from neurula.runtimes.firmware_files import compiled_firmware, firmware_source
from neurula.sim.firmware import FLASH_BASE
from neurula.sim.flash import BLOCK_BYTES, FILESYSTEM_OFFSET, change_files, read_files
from neurula.sim.rp2040 import Rp2040
from neurula_mcu.claim_rp2 import HELD_BYTES
from neurula_npu import Brain
from tests.conformance.brains import image_of, random_connectome
from tests.device.prepared_pico import claimed_flash, with_brains

pytestmark = pytest.mark.needs_firmware

SLOT_BLOCKS = 8
BURSTS = 12
OLD, NEW = (image_of(random_connectome(seed)) for seed in (7, 11))
FILES = {**compiled_firmware("armv6m"), "/old.nrl": OLD, "/new.nrl": NEW}
CUTS = [0.4, 0.8, 1.2]  # parts of the time that an update takes

CLAIM = f"""
from neurula_mcu.claim_rp2 import claim
print(*claim({SLOT_BLOCKS}))
"""
OPEN = """
from binascii import crc32
from hashlib import sha256
from neurula_mcu.brain import Brain
from neurula_mcu.flash_rp2 import open_region
from neurula_mcu.slots import Slots
region = open_region()
slots = Slots(region, region.slot_bytes)
choice = slots.choose(Brain)
slots.healthy()
"""
UPDATE = """
def update(path):
    with open(path, "rb") as file:
        data = file.read()
    writer = slots.begin(len(data), sha256(data).digest())
    print("from", writer.written)
    while writer.written < len(data):
        part = data[writer.written : writer.written + 180]
        writer.write(writer.written, part, crc32(part))
    print("record", *writer.finish())
"""
RUN = f"""
brain = choice.loaded
for _ in range({BURSTS}):
    brain.step()
print(choice.slot, choice.state, choice.address(), "%08x" % brain.state_hash())
"""


def hash_of(image: bytes) -> str:
    """The state after some bursts, in this process."""
    brain = Brain(image)
    for _ in range(BURSTS):
        brain.step()
    return f"{brain.state_hash():08x}"


def where(flash: bytes) -> tuple[int, int, int, int]:
    base, first, second, blocks, single = (int(word) for word in read_files(flash)["/slots/where"].split())
    assert not single
    return base, first, second, blocks


def slot_places(flash: bytes) -> list[slice]:
    """Where the two slots lie in the whole flash."""
    base, first, second, blocks = where(flash)
    assert base == FLASH_BASE + FILESYSTEM_OFFSET
    starts = [FILESYSTEM_OFFSET + block * BLOCK_BYTES for block in (first, second)]
    return [slice(start, start + blocks * BLOCK_BYTES) for start in starts]


@pytest.fixture(scope="module")
def claimed() -> bytes:
    """The flash of a board with two slots that nothing was written to, and with the firmware."""
    return change_files(claimed_flash(SLOT_BLOCKS), FILES)


@pytest.fixture(scope="module")
def with_old(claimed: bytes) -> bytes:
    """The same with OLD confirmed."""
    return with_brains(claimed, OLD)


@pytest.fixture(scope="module")
def update_s(with_old: bytes) -> float:
    """Emulated seconds from the order to the record of an update that nothing disturbs."""
    with Rp2040(flash=with_old, wall_limit_s=300) as board:
        board.run(OPEN + UPDATE, timeout_s=60)
        begun = board.seconds()
        board.launch("update('/new.nrl')")
        board.read_until(b"record", timeout_s=60)
        return board.seconds() - begun


def test_the_images_differ_after_some_bursts() -> None:
    assert hash_of(OLD) != hash_of(NEW)
    assert max(len(OLD), len(NEW)) < (SLOT_BLOCKS - 1) * BLOCK_BYTES


def test_two_stretches_are_set_aside_side_by_side_and_a_second_call_changes_nothing(claimed: bytes) -> None:
    first, second = slot_places(claimed)
    assert first.stop == second.start
    files = read_files(claimed)
    held = [path for path in files if path.startswith("/slots/") and path != "/slots/where"]
    assert len(held) == 2 * SLOT_BLOCKS
    assert {len(files[path]) for path in held} == {HELD_BYTES}
    assert f"\nHELD_BYTES = {HELD_BYTES} " in (firmware_source() / "flash_rp2.py").read_text(encoding="utf-8")
    with Rp2040(flash=claimed) as board:
        assert tuple(map(int, board.run(CLAIM).split())) == (*where(claimed), 0)
        assert board.flash_bytes() == claimed


CHURN = """
import os, rp2, vfs
def fill(name, blocks):
    block = bytes(4096)
    try:
        with open(name, "wb") as file:
            for _ in range(blocks):
                file.write(block)
    except OSError:
        pass
def small(turn):
    for i in range(12):
        with open("/small%d" % i, "wb") as file:
            file.write(bytes([turn]) * (300 * i))
small(1)
fill("/until_full", 400)
os.remove("/until_full")
small(2)
for i in range(0, 12, 2):
    os.rename("/small%d" % i, "/renamed%d" % i)
    os.remove("/small%d" % (i + 1))
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(rp2.Flash(), progsize=256), "/")  # as the firmware does at boot
os.chdir("/")
fill("/again", 60)
small(3)
"""


def test_the_file_system_never_touches_what_was_written_raw_under_its_files(claimed: bytes) -> None:
    noise = random.Random(11)
    flash = bytearray(claimed)
    for place in slot_places(claimed):
        flash[place] = noise.randbytes(place.stop - place.start)
    with Rp2040(flash=bytes(flash), wall_limit_s=300) as board:
        board.run(CHURN, timeout_s=120)
        board.reset()
        board.run("import os\nos.remove('/again')\nfor i in range(12): os.remove('/small%d' % i)", timeout_s=120)
        after = board.flash_bytes()
        board.run("from neurula_mcu.flash_rp2 import open_region\nopen_region().check()")
    assert where(after) == where(claimed)
    for place in slot_places(claimed):
        assert after[place] == flash[place]
    blocks = [slice(at, at + BLOCK_BYTES) for at in range(FILESYSTEM_OFFSET, len(after), BLOCK_BYTES)]
    changed = sum(after[block] != claimed[block] for block in blocks)
    assert changed > 250  # of 352: the file system wrote nearly everywhere else


def test_raw_writes_are_flash_writes_and_appear_in_memory_at_once(claimed: bytes) -> None:
    program = """
from neurula_mcu.flash_rp2 import open_region
region = open_region()
at = region.size // 2 + 4096
region.erase(at)
print(bytes(region.read(at, 2)).hex(), end=" ")
region.program(at + 300, b"\\xf0\\x0f")
region.program(at + 300, b"\\x3c\\x3c")
print(bytes(region.read(at + 299, 4)).hex(), region.address(at))
"""
    with Rp2040(flash=claimed) as board:
        words = board.run(program).split()
        assert words[:2] == ["ffff", "ff300cff"]
        at = int(words[2]) - FLASH_BASE
        assert at == slot_places(claimed)[1].start + BLOCK_BYTES
        assert board.flash_bytes()[at + 299 : at + 303] == bytes.fromhex("ff300cff")


def test_a_region_that_is_no_longer_ours_is_refused(claimed: bytes) -> None:
    program = """
from neurula_mcu.flash_rp2 import open_region
from neurula_mcu.slot_record import SlotError
import os
def code(act):
    try:
        act()
    except SlotError as error:
        return error.code
region = open_region()
os.remove("/slots/0/%s" % next(os.ilistdir("/slots/0"))[0])
found = [code(region.check)]
words = open("/slots/where").read().split()
for wrong in ("%d" % (int(words[0]) + 4096), "many", words[0] + " 400 1 8 0", words[0] + " 2 30 8 1", ""):
    with open("/slots/where", "w") as file:
        file.write(wrong if " " in wrong else " ".join([wrong] + words[1:]))
    found.append(code(open_region))
os.remove("/slots/where")
found.append(code(open_region))
print(*found)
"""
    with Rp2040(flash=claimed) as board:
        assert board.run(program).split() == ["F111", "F111", "F110", "F111", "F111", "F110", "F110"]


def test_a_brain_is_updated_and_read_in_place(with_old: bytes) -> None:
    old, new = slot_places(with_old)
    with Rp2040(flash=with_old, wall_limit_s=300) as board:
        assert board.run(OPEN + RUN, timeout_s=60).split() == ["0", "confirmed", str(FLASH_BASE + old.start), hash_of(OLD)]
        assert board.run(UPDATE + "update('/new.nrl')", timeout_s=60).split() == ["from", "0", "record", "1", "2"]
        board.reset()
        assert board.run(OPEN + RUN, timeout_s=60).split() == ["1", "pending", str(FLASH_BASE + new.start), hash_of(NEW)]
        assert board.run("slots.confirm()\nprint(slots.rollback())") == "0\n"
        board.reset()
        assert board.run(OPEN + RUN, timeout_s=60).split()[0] == "0"
        assert not board.bus_warnings


@pytest.mark.parametrize("part", CUTS)
def test_the_power_may_fail_at_any_cycle_of_an_update(with_old: bytes, update_s: float, part: float) -> None:
    with Rp2040(flash=with_old, wall_limit_s=300) as board:
        board.run(OPEN + UPDATE, timeout_s=60)
        board.launch("update('/new.nrl')")
        board.sleep(part * update_s)
        left = board.flash_bytes()
    assert left != with_old
    with Rp2040(flash=left, wall_limit_s=300) as board:
        slot, state, _, state_hash = board.run(OPEN + RUN, timeout_s=60).split()
        if part > 1:
            assert (slot, state, state_hash) == ("1", "pending", hash_of(NEW))
            return
        assert (slot, state, state_hash) == ("0", "confirmed", hash_of(OLD))
        words = board.run(UPDATE + "update('/new.nrl')", timeout_s=60).split()
        assert words[1] in ("0", "4096", str(len(NEW)))
        assert words[2:] == ["record", "1", "2"]
        board.reset()
        assert board.run(OPEN + RUN, timeout_s=60).split()[3] == hash_of(NEW)


@pytest.mark.parametrize("cut_s", [0.05, 0.12, 0.2])
def test_a_claim_that_is_cut_off_is_made_anew(cut_s: float) -> None:
    with Rp2040(files=FILES, wall_limit_s=300) as board:
        board.run("from neurula_mcu.claim_rp2 import claim, claimed")
        board.launch(f"claim({SLOT_BLOCKS})")
        board.sleep(cut_s)
        left = board.flash_bytes()
    with Rp2040(flash=left, wall_limit_s=300) as board:
        board.run("from neurula_mcu.claim_rp2 import claimed\nassert claimed() is None")
        board.run(CLAIM, timeout_s=60)
        assert where(board.flash_bytes())[3] == SLOT_BLOCKS
        board.run("from neurula_mcu.claim_rp2 import release\nrelease()", timeout_s=60)
        assert board.files() == FILES


def test_the_same_slots_work_on_files_in_micropython(tmp_path: Path) -> None:
    from neurula.sim.unix import UnixMicroPython

    program = OPEN.replace("from neurula_mcu.flash_rp2 import open_region\n", "from neurula_mcu.flash_file import FolderRegion\n").replace(
        "open_region()", "FolderRegion('slots', 65536)"
    )
    with UnixMicroPython("unix32", files={"old.nrl": OLD, "new.nrl": NEW}, import_path=[firmware_source().parent]) as machine:
        assert machine.run(program + UPDATE + "assert choice is None\nupdate('old.nrl')").split() == ["from", "0", "record", "0", "1"]
        assert machine.run(program + UPDATE + "slots.confirm()\nupdate('new.nrl')").split() == ["from", "0", "record", "1", "2"]
        assert machine.run(program + RUN).split() == ["1", "pending", "None", hash_of(NEW)]
