"""The one tree of errors that a person can cause: each has a stable code, a sentence and a thing to try.

The codes and their meaning are listed in docs/ERRORS.md (generated from codegen/neurula_codegen/errors/*.toml).
Whatever is not in this tree and still escapes is a bug of ours (exit code 1).
"""

from __future__ import annotations


class NeurulaError(Exception):
    """An expected failure. `exit_code` is what the command ends with (DESIGN: documented exit codes)."""

    exit_code = 1

    def __init__(self, code: str, message: str, *, where: str = "", remedy: str = "") -> None:
        """code: stable, e.g. "G101"; message: one sentence; where: JSON pointer, file or offset; remedy: what to try."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f" (at {self.where})" if self.where else ""
        return f"{self.code}: {self.message}{place}"


class UsageError(NeurulaError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class DeviceNotFound(NeurulaError):
    """No device, or several and no choice."""

    exit_code = 3


class InvalidInput(NeurulaError):
    """A file that a person gave cannot be used as it is."""

    exit_code = 4


class GenomeError(InvalidInput):
    """The genome cannot be read."""


class DevelopmentError(InvalidInput):
    """The genome was read, but nothing sensible can grow from it."""


class DevelopmentCancelled(NeurulaError):
    """Whoever watched the development of a brain stopped it; nothing was kept."""

    exit_code = 130


class CompileError(InvalidInput):
    """The connectome cannot be expressed in the integers of a Program."""


class StimulusError(InvalidInput):
    """The stimulus file names what the brain does not have, or is not of its form."""


class DoesNotFit(NeurulaError):
    """The brain is larger than the board."""

    exit_code = 5


class VerificationFailed(NeurulaError):
    """An image is damaged or foreign, or two runtimes disagree."""

    exit_code = 6


class LinkLost(NeurulaError):
    """A runtime or a board stopped answering."""

    exit_code = 7


class BrainError(InvalidInput):
    """A living brain was asked for what it has not, or to become what it cannot be. Nothing was changed."""


class AreaNotFound(BrainError):
    """No cortical area has this id."""


class AreaAlreadyExists(BrainError):
    """A cortical area with this id is there."""


class InvalidArea(BrainError):
    """Such a cortical area cannot be, or this one may not be changed so."""


class InvalidProperty(BrainError):
    """A property has no such name, or cannot have such a value."""


class InvalidNeuron(BrainError):
    """No neuron has this id, or it cannot be as it is asked for."""


class InvalidSynapse(BrainError):
    """No synapse joins the two neurons, or one does where none may be."""


class InvalidMorphology(BrainError):
    """A mapping names a morphology that nobody knows."""


class OutOfBounds(BrainError):
    """A voxel lies outside its area, or has no place left."""


class InvalidRegion(BrainError):
    """No such region, one too many, or a region inside itself."""


class CapacityExceeded(BrainError):
    """The brain would have more neurons or synapses than it may."""


class StateError(BrainError):
    """A state does not lead to the one that is asked for."""


class SnapshotError(VerificationFailed):
    """A snapshot cannot be written, or none can be read whole."""
