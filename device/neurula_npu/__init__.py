"""The runtime of a grown brain on Linux: image loader, reference, compiled kernels. Runs without NumPy."""

from neurula_npu.brain import Brain
from neurula_npu.image import Image, ImageError
from neurula_npu.reference import ReferenceBrain

__all__ = ["Brain", "Image", "ImageError", "ReferenceBrain"]
