"""The state manager: what genome, connectome and runtime are doing, and snapshots of the brain while it runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any, TypeVar

from neurula.brain.connectome import ConnectomeManager
from neurula.brain.files import DiskFiles
from neurula.brain.living import CORE_AREAS
from neurula.brain.loading import DevelopmentProgress
from neurula.brain.machines import (
    CONNECTOME_TRANSITIONS,
    GENOME_TRANSITIONS,
    RUNTIME_TRANSITIONS,
    ConnectomeState,
    GenomeState,
    Machine,
    RuntimeState,
    Subscriber,
)
from neurula.brain.running import carried_over, load_image
from neurula.brain.snapshots import Snapshot, SnapshotStore
from neurula.compiler import lower, write_image
from neurula.development.stages import Cancelled, Progress
from neurula.errors import OutOfBounds, StateError
from neurula.genome import Genome, parse_genome, read_genome
from neurula_npu import Brain

T = TypeVar("T")


class StateManager:
    """One living brain with its three machines. Every method that changes something holds the same lock, so that bursts,
    edits and snapshots never cut into each other. An operation in the wrong state raises StateError and changes nothing.
    """

    def __init__(
        self, manager: ConnectomeManager | None = None, snapshots: SnapshotStore | str | os.PathLike[str] | None = None
    ) -> None:
        """snapshots: where they are kept; a folder, or a store; None: nowhere."""
        self.manager = ConnectomeManager() if manager is None else manager
        self.store = SnapshotStore(DiskFiles(snapshots)) if isinstance(snapshots, (str, os.PathLike)) else snapshots
        empty = len(self.manager.brain.connectome.areas) == CORE_AREAS
        self.genome = Machine("genome", GENOME_TRANSITIONS, GenomeState.MISSING if empty else GenomeState.LOADED)
        self.connectome = Machine("connectome", CONNECTOME_TRANSITIONS, ConnectomeState.EMPTY if empty else ConnectomeState.READY)
        self.runtime = Machine("runtime", RUNTIME_TRANSITIONS, RuntimeState.UNLOADED)
        self._lock = RLock()
        self._running: Brain | None = None
        self._built = -1  # revision of the brain that the image was built of

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Hears of every transition of all three machines; returns what ends that."""
        ends = [machine.subscribe(subscriber) for machine in (self.genome, self.connectome, self.runtime)]

        def unsubscribe() -> None:
            for end in ends:
                end()

        return unsubscribe

    # genome and connectome

    def load(
        self, source: Genome | str | os.PathLike[str], *, progress: Progress | None = None, cancelled: Cancelled | None = None
    ) -> DevelopmentProgress:
        """Loads a genome or its file and grows the brain; a runtime is unloaded first. If that fails, or is stopped, the brain
        before is still there, the error is raised, and the machines have been in `failed`. Illegal while the runtime runs.
        progress and cancelled: as develop takes them."""
        with self._lock:
            self._require_still("load a genome")
            before = self.genome.state, self.connectome.state
            self.genome.move(GenomeState.LOADING)
            try:
                genome = source if isinstance(source, Genome) else read_genome(source)
                self.connectome.move(ConnectomeState.DEVELOPING)
                done = self.manager.load_from_genome(genome, progress=progress, cancelled=cancelled)
            except BaseException as failure:  # also an interrupt leaves no machine halfway
                self.genome.move(GenomeState.FAILED, str(failure))
                self.genome.move(before[0], "the genome before is still there")
                if self.connectome.state == ConnectomeState.DEVELOPING:
                    self.connectome.move(ConnectomeState.FAILED, str(failure))
                    self.connectome.move(before[1], "the brain before is still there")
                raise
            self.connectome.move(ConnectomeState.READY, f"{done.neurons_created} neurons")
            self.genome.move(GenomeState.LOADED, genome.title)
            self.unload()
            return done

    def edit(self, change: Callable[[ConnectomeManager], T]) -> T:
        """Runs a change of the brain; returns what it returns. The running image stays as it is until `build`."""
        with self._lock:
            revision, before = self.manager.brain.revision, self.connectome.state
            self.connectome.move(ConnectomeState.EDITING)
            try:
                return change(self.manager)
            finally:
                changed = self.manager.brain.revision != revision
                self.connectome.move(ConnectomeState.READY if changed else before)
                if changed and self.genome.state == GenomeState.MISSING:  # a brain that was made by hand
                    self.genome.move(GenomeState.LOADING)
                    self.genome.move(GenomeState.LOADED)
                if changed and self.genome.state == GenomeState.LOADED:
                    self.genome.move(GenomeState.CHANGED)

    def save(self, genome_id: str | None = None, title: str | None = None) -> str:
        """The text of the genome's file; after it the genome counts as unchanged."""
        with self._lock:
            self.genome.require(GenomeState.LOADED, GenomeState.CHANGED)
            text = self.manager.save_to_json(genome_id, title)
            if self.genome.state == GenomeState.CHANGED:
                self.genome.move(GenomeState.LOADED, "saved")
            return text

    # runtime

    @property
    def brain(self) -> Brain | None:
        """The brain that runs, for looking at it; None while no image is loaded."""
        return self._running

    @property
    def image_is_current(self) -> bool:
        """Whether the loaded image was built of the brain as it is now."""
        return self._running is not None and self._built == self.manager.brain.revision

    def build(self) -> bool:
        """Compiles the brain and loads the image. A loaded one is replaced between two bursts, whether it runs or not;
        its state is carried over if both images keep it alike, as after a change of most parameters. Returns whether it
        was. Raises CompileError, and leaves the old image, if that cannot be."""
        with self._lock:
            self.connectome.require(ConnectomeState.READY)
            living = self.manager.brain
            fresh = load_image(write_image(lower(living.connectome)))
            carried = self._running is not None and carried_over(self._running, fresh)
            self._running, self._built = fresh, living.revision
            if self.runtime.state in (RuntimeState.UNLOADED, RuntimeState.FAILED):
                self.runtime.move(RuntimeState.READY, "image loaded")
            return carried

    def start(self) -> None:
        """From ready or paused to running: bursts may come."""
        with self._lock:
            self.runtime.require(RuntimeState.READY, RuntimeState.PAUSED)
            self.runtime.move(RuntimeState.RUNNING)

    def pause(self) -> None:
        """From running to paused: the state stays."""
        with self._lock:
            self.runtime.require(RuntimeState.RUNNING)
            self.runtime.move(RuntimeState.PAUSED)

    def resume(self) -> None:
        """From paused to running."""
        with self._lock:
            self.runtime.require(RuntimeState.PAUSED)
            self.runtime.move(RuntimeState.RUNNING)

    def stop(self) -> None:
        """From running or paused to ready: the brain is again as before its first burst."""
        with self._lock:
            self.runtime.require(RuntimeState.RUNNING, RuntimeState.PAUSED)
            self._running = load_image(self._loaded().image.data)
            self.runtime.move(RuntimeState.READY)

    def unload(self) -> None:
        """Gives the image back; nothing to do where there is none. Illegal while it runs."""
        with self._lock:
            self._require_still("unload the image")
            if self.runtime.state != RuntimeState.UNLOADED:
                self.runtime.move(RuntimeState.UNLOADED)
            self._running = None

    def run(
        self, bursts: int = 1, forced: Sequence[tuple[int, int]] = (), inject: Sequence[tuple[int, int, int]] = ()
    ) -> list[tuple[int, list[int]]]:
        """So many bursts, the stimulus in the first; returns the spikes of the last. Areas and neurons are the image's.
        Running: they count as its own; paused: single steps; ready: it is paused after them. Raises OutOfBounds for a
        stimulus to a neuron that the image has not; the bursts before it stay."""
        with self._lock:
            self.runtime.require(RuntimeState.RUNNING, RuntimeState.PAUSED, RuntimeState.READY)
            brain = self._loaded()
            try:
                for number in range(bursts):
                    brain.step(forced if number == 0 else (), inject if number == 0 else ())
            except IndexError as failure:
                raise OutOfBounds("H108", f"the stimulus cannot be: {failure}", remedy="Use areas and neurons of the image.") from None
            except Exception as failure:
                self.runtime.move(RuntimeState.FAILED, str(failure))
                raise
            if self.runtime.state == RuntimeState.READY:
                self.runtime.move(RuntimeState.PAUSED, "stepped")
            return brain.fired()

    # snapshots

    def snapshot(self) -> int:
        """Keeps genome, image and state as they are between two bursts; returns the number. Raises SnapshotError."""
        with self._lock:
            self.runtime.require(RuntimeState.READY, RuntimeState.RUNNING, RuntimeState.PAUSED)
            brain = self._loaded()
            kept = Snapshot(self.manager.save_to_json(), bytes(brain.image.data), brain.state())
            return self._kept().write(kept)

    def restore(self) -> int:
        """Brings back the newest whole snapshot; the runtime is paused then. Returns its number. Everything is verified
        before anything is replaced. Raises SnapshotError, VerificationFailed; illegal while the runtime runs."""
        with self._lock:
            self._require_still("restore a snapshot")
            number, kept = self._kept().newest()
            document: dict[str, Any] = json.loads(kept.genome)
            genome = parse_genome(document)
            brain = load_image(kept.image, kept.state)
            self.load(genome)
            current = write_image(lower(self.manager.brain.connectome)) == kept.image
            self._running, self._built = brain, self.manager.brain.revision if current else -1
            self.runtime.move(RuntimeState.PAUSED, f"snapshot {number}")
            return number

    def _require_still(self, what: str) -> None:
        if self.runtime.state == RuntimeState.RUNNING:
            raise StateError("H201", f"the runtime is running; it has to pause before it can {what}", remedy="Pause it.")

    def _loaded(self) -> Brain:
        if self._running is None:
            raise StateError("H201", "no image is loaded", remedy="Build one first.")
        return self._running

    def _kept(self) -> SnapshotStore:
        if self.store is None:
            raise StateError("H206", "this brain has no place for snapshots", remedy="Give StateManager a folder.")
        return self.store
