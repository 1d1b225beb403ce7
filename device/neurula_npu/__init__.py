"""The runtime of a grown brain on Linux: image loader, reference, compiled kernels. Runs without NumPy."""

from typing import TYPE_CHECKING, Any

from neurula_npu.brain import Brain
from neurula_npu.image import Image, ImageError
from neurula_npu.stimulus import Stimulus
from neurula_npu.verdicts import Verdicts

if TYPE_CHECKING:
    from neurula_npu.reference import ReferenceBrain

__all__ = ["Brain", "Image", "ImageError", "ReferenceBrain", "Stimulus", "Verdicts"]


def __getattr__(name: str) -> Any:
    """The reference is loaded when somebody asks for it: a brain that runs does not."""
    if name != "ReferenceBrain":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from neurula_npu.reference import ReferenceBrain

    return ReferenceBrain
