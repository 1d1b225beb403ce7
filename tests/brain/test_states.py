"""Machines move only along their transitions, and a snapshot survives a power failure at any moment."""

from __future__ import annotations

import json
import logging
import random
from enum import Enum
from pathlib import Path

import pytest

from neurula.brain import ConnectomeState, GenomeState, RuntimeState, StateManager, Transition
from neurula.brain.files import DiskFiles
from neurula.brain.machines import Machine
from neurula.brain.page import MACHINES
from neurula.brain.running import load_image
from neurula.brain.snapshots import Snapshot, SnapshotStore, decode_snapshot, encode_snapshot
from neurula.development import ProgressEvent
from neurula.errors import CapacityExceeded, DevelopmentCancelled, GenomeError, OutOfBounds, SnapshotError, StateError, VerificationFailed
from neurula.genome import CorticalArea
from neurula.genome.templates import design_from
from tests.brain.comparing import GENOME
from tests.brain.power import CutFiles, PowerCut

BLINK = design_from("blink", "Blink").genome()
LEARNING = design_from("learning", "Learning").genome()


def running(snapshots: Path | None = None) -> StateManager:
    states = StateManager(snapshots=snapshots)
    states.load(BLINK)
    states.build()
    states.start()
    return states


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_a_machine_moves_exactly_along_its_transitions(name: str) -> None:
    transitions = MACHINES[name]
    states: list[Enum] = list(type(next(iter(transitions))))
    assert set(states) == set(transitions)
    for before in states:
        for after in states:
            machine = Machine(name, transitions, before)
            told: list[Transition] = []
            machine.subscribe(told.append)
            assert machine.can(after) == (after in transitions[before])
            if machine.can(after):
                machine.move(after, "why")
                assert told == [Transition(name, before, after, "why", 1)]
            else:
                with pytest.raises(StateError) as caught:
                    machine.move(after)
                assert caught.value.code == "H201"
                assert told == []
            assert machine.state == (after if after in transitions[before] else before)


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_every_state_can_be_reached_and_left(name: str) -> None:
    transitions = MACHINES[name]
    reached = {next(iter(type(next(iter(transitions)))))}  # the first one is where a brain begins
    for _ in transitions:
        reached |= {after for state in reached for after in transitions[state]}
    assert reached == set(transitions)
    assert all(transitions.values())


def test_subscribers_hear_of_everything_in_order_also_of_what_they_cause(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine("runtime", MACHINES["runtime"], RuntimeState.UNLOADED)
    first: list[Enum] = []
    second: list[Enum] = []

    def pushing(transition: Transition) -> None:
        first.append(transition.after)
        if transition.after == RuntimeState.READY:
            machine.move(RuntimeState.RUNNING)
        if transition.after == RuntimeState.RUNNING:
            raise ValueError("a subscriber's own fault")

    machine.subscribe(pushing)
    end = machine.subscribe(lambda transition: second.append(transition.after))
    with caplog.at_level(logging.CRITICAL, logger="neurula.brain.machines"):
        machine.move(RuntimeState.READY)
    assert first == second == [RuntimeState.READY, RuntimeState.RUNNING]
    end()
    machine.move(RuntimeState.PAUSED)
    assert len(first) == 3
    assert len(second) == 2


def test_a_day_in_the_life_of_a_brain() -> None:
    states = StateManager()
    told: list[tuple[str, str]] = []
    states.subscribe(lambda t: told.append((t.machine, t.after.value)))
    states.load(GENOME)
    states.edit(lambda brain: brain.add_cortical_area(CorticalArea("CNew01", "New")))
    states.save()
    states.build()
    states.start()
    states.pause()
    states.resume()
    states.stop()
    states.unload()
    assert told == [
        ("genome", "loading"), ("connectome", "developing"), ("connectome", "ready"), ("genome", "loaded"),
        ("connectome", "editing"), ("connectome", "ready"), ("genome", "changed"), ("genome", "loaded"),
        ("runtime", "ready"), ("runtime", "running"), ("runtime", "paused"), ("runtime", "running"), ("runtime", "ready"),
        ("runtime", "unloaded"),
    ]


def test_what_the_state_does_not_allow_is_refused() -> None:
    states = StateManager()
    for wish in (states.build, states.start, states.pause, states.resume, states.stop, states.run, states.snapshot, states.save):
        with pytest.raises(StateError) as caught:
            wish()
        assert caught.value.code == "H201"
    states = running()
    for forbidden in (states.unload, states.restore, lambda: states.load(GENOME)):
        with pytest.raises(StateError):
            forbidden()
    with pytest.raises(StateError) as caught:
        states.snapshot()
    assert caught.value.code == "H206"
    assert states.runtime.state == RuntimeState.RUNNING


def test_a_load_that_fails_leaves_the_brain_and_was_seen_to_fail(tmp_path: Path) -> None:
    states = StateManager()
    states.load(GENOME)
    told: list[tuple[str, Enum]] = []
    states.subscribe(lambda t: told.append((t.machine, t.after)))
    before = states.manager.brain
    with pytest.raises(GenomeError):
        states.load(tmp_path / "absent.json")
    states.manager._limits = type(states.manager._limits)(5, 5, 0)
    with pytest.raises(CapacityExceeded):
        states.load(BLINK)
    assert states.manager.brain is before
    assert [state for machine, state in told if machine == "genome"] == [
        GenomeState.LOADING, GenomeState.FAILED, GenomeState.LOADED,
    ] * 2
    assert [state for machine, state in told if machine == "connectome"] == [
        ConnectomeState.DEVELOPING, ConnectomeState.FAILED, ConnectomeState.READY,
    ]


def test_a_load_that_is_stopped_or_interrupted_leaves_no_machine_halfway() -> None:
    def interrupt(event: ProgressEvent) -> None:
        if event.synapses:
            raise KeyboardInterrupt

    states = StateManager()
    states.load(GENOME)
    before = states.manager.brain
    with pytest.raises(DevelopmentCancelled):
        states.load(BLINK, cancelled=lambda: True)
    with pytest.raises(KeyboardInterrupt):
        states.load(BLINK, progress=interrupt)
    assert states.manager.brain is before
    assert (states.genome.state, states.connectome.state) == (GenomeState.LOADED, ConnectomeState.READY)
    assert states.load(BLINK).progress == 100


def test_an_edit_that_fails_changes_no_state() -> None:
    states = StateManager()
    states.load(GENOME)
    with pytest.raises(CapacityExceeded):
        states.edit(lambda brain: brain.resize_cortical_area("CThink", (400, 400, 100)))
    assert (states.genome.state, states.connectome.state) == (GenomeState.LOADED, ConnectomeState.READY)
    assert states.edit(lambda brain: brain.get_neuron_count()) == 11
    assert states.genome.state == GenomeState.LOADED


def test_a_stimulus_to_a_neuron_that_is_not_there_is_refused() -> None:
    states = running()
    with pytest.raises(OutOfBounds):
        states.run(1, forced=[(0, 1000)])
    assert states.runtime.state == RuntimeState.RUNNING


def test_a_parameter_changes_under_a_running_brain_which_goes_on() -> None:
    states = running()
    states.run(37)
    area = states.manager.list_opu_areas()[0]
    states.edit(lambda brain: brain.update_cortical_area_properties(area, {"refractory_period": 0, "cortical_name": "Lamp 2"}))
    assert not states.image_is_current
    before = states.brain
    assert before is not None
    assert not states.build()  # another name is another image
    states.run(37)
    twin = load_image(bytes(states.brain.image.data), states.brain.state()) if states.brain else None
    assert twin is not None
    states.edit(lambda brain: brain.update_cortical_area_properties(area, {"postsynaptic_current": 2}))
    assert states.build()
    assert states.image_is_current
    assert states.brain is not None
    assert states.brain.burst == 37
    for _ in range(50):
        states.run()
        twin.step()
        assert states.brain.fired() == twin.fired()  # the lamp's PSP reaches nobody


@pytest.mark.parametrize("genome", [BLINK, LEARNING, GENOME], ids=["blink", "learning", "example"])
def test_a_restored_brain_lives_on_as_if_nothing_had_happened(genome: object, tmp_path: Path) -> None:
    states = StateManager(snapshots=tmp_path)
    states.load(genome)  # type: ignore[arg-type]
    chance = random.Random(3)
    states.build()
    states.start()
    assert states.brain is not None
    sizes = [states.brain.area_field(i, "neurons") for i in range(states.brain.image.areas)]
    stimulus = [[(a, chance.randrange(n)) for a, n in enumerate(sizes)] for _ in range(80)]
    for forced in stimulus[:40]:
        states.run(1, forced)
    states.snapshot()
    hashes = []
    for forced in stimulus[40:]:
        states.run(1, forced)
        hashes.append(states.brain.state_hash())
    another = StateManager(snapshots=tmp_path)
    another.restore()
    assert another.runtime.state == RuntimeState.PAUSED
    assert another.image_is_current
    assert another.brain is not None
    assert another.brain.burst == 40
    another.resume()
    for forced, expected in zip(stimulus[40:], hashes, strict=True):
        another.run(1, forced)
        assert another.brain.state_hash() == expected


def test_the_last_two_snapshots_are_kept_and_a_damaged_one_gives_way(tmp_path: Path) -> None:
    states = running(tmp_path)
    for _ in range(4):
        states.run(10)
        states.snapshot()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["brain-00000003.snap", "brain-00000004.snap"]
    newest = tmp_path / "brain-00000004.snap"
    whole = newest.read_bytes()
    chance = random.Random(11)
    states.pause()
    for _ in range(60):
        place = chance.randrange(len(whole))
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        newest.write_bytes(damaged)
        assert SnapshotStore(DiskFiles(tmp_path)).newest()[0] == 3, place
    newest.write_bytes(whole[:-1])
    assert states.restore() == 3
    assert states.brain is not None
    assert states.brain.burst == 30
    assert states.snapshot() == 5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["brain-00000003.snap", "brain-00000005.snap"]


def test_no_snapshot_and_no_folder_are_said_in_words(tmp_path: Path) -> None:
    states = StateManager(snapshots=tmp_path / "none")
    with pytest.raises(SnapshotError) as caught:
        states.restore()
    assert (caught.value.code, caught.value.exit_code) == ("H202", 6)
    (tmp_path / "file").write_text("")
    states = running(tmp_path / "file" / "inside")
    with pytest.raises(SnapshotError) as caught:
        states.snapshot()
    assert caught.value.code == "H203"
    (tmp_path / "brain-00000001.snap").mkdir()
    with pytest.raises(SnapshotError) as caught:
        SnapshotStore(DiskFiles(tmp_path)).newest()
    assert caught.value.code == "H204"


def test_a_state_of_another_image_is_refused() -> None:
    one, other = running(), StateManager()
    other.load(GENOME)
    other.build()
    assert one.brain is not None
    assert other.brain is not None
    wrong_slot = bytearray(one.brain.state())
    wrong_slot[4:8] = (200).to_bytes(4, "little")
    for state in (other.brain.state(), b"", bytes(wrong_slot), bytes(64) + one.brain.state()[64:]):
        with pytest.raises(VerificationFailed) as caught:
            load_image(bytes(one.brain.image.data), state)
        assert caught.value.code == "H205"


def test_a_snapshot_is_read_as_it_was_written() -> None:
    snapshot = Snapshot(json.dumps({"é": 1}, ensure_ascii=False), b"image", b"")
    data = encode_snapshot(snapshot)
    assert decode_snapshot(data) == snapshot
    assert all(decode_snapshot(data[:length]) is None for length in range(len(data)))
    assert decode_snapshot(data + b"x") is None


def payload(number: int) -> Snapshot:
    return Snapshot(f"genome {number}", bytes([number]) * 40, bytes([255 - number]) * 40)


def test_a_power_failure_at_any_write_leaves_one_of_the_last_two() -> None:
    folders: list[dict[str, bytes]] = [{}]  # what a start may find, from nothing to the fourth snapshot
    tried = 0
    for number in range(1, 5):
        found: dict[tuple[tuple[str, bytes], ...], dict[str, bytes]] = {}
        for folder in folders:
            whole = CutFiles(folder)
            last = newest_of(folder)
            SnapshotStore(whole, chunk_bytes=50).write(payload(number))
            assert all(newest_of(left) == payload(number) for left in whole.after_cut())  # certain when `write` returns
            for cut_at in range(whole.operations):
                for part in range(3):
                    files = CutFiles(folder, cut_at=cut_at, part=part)
                    with pytest.raises(PowerCut):
                        SnapshotStore(files, chunk_bytes=50).write(payload(number))
                    for left in files.after_cut():
                        tried += 1
                        assert newest_of(left) in (last, payload(number)), (number, cut_at, part, sorted(left))
                        if newest_of(left) is not None:
                            found[tuple(sorted(left.items()))] = left
            left = {name: whole.read(name) for name in whole.names()}
            assert sum(name.endswith(".snap") for name in left) <= 2
            found[tuple(sorted(left.items()))] = left
        folders = list(found.values())[:: max(1, len(found) // 12)]
    assert tried > 1500


def newest_of(folder: dict[str, bytes]) -> Snapshot | None:
    try:
        return SnapshotStore(CutFiles(folder)).newest()[1]
    except SnapshotError as error:
        if error.code != "H202":
            raise
        return None
