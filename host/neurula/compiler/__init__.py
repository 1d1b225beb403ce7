"""Connectome -> Program -> image: integers only, and a report of what that cost."""

from neurula.compiler.image import write_image
from neurula.compiler.lower import lower
from neurula.compiler.program import Program

__all__ = ["Program", "lower", "write_image"]
