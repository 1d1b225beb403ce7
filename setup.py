"""Builds the compiled kernels where there is a compiler; without one the same source runs pure.

NEURULA_BUILD=require makes a missing build an error, NEURULA_BUILD=skip leaves it out.
"""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

FLAGS = ["-O3", "-fwrapv", "-fno-strict-overflow", "-funroll-loops", "-g0"]
MODE = os.environ.get("NEURULA_BUILD", "try")


class OptionalBuild(build_ext):
    """A failed build is one line, not an error, unless it is required."""

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:
            self.give_up(error)

    def build_extension(self, ext: Extension) -> None:
        try:
            super().build_extension(ext)
        except Exception as error:
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        if MODE == "require":
            raise error
        print(f"neurula: the kernels were not compiled and will run as plain Python, slower ({error})", file=sys.stderr)


class BuildWithBoards(build_py):
    """Ships boards/*.toml as neurula/board_files; an editable install reads them where they are."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            folder = Path(self.build_lib) / "neurula" / "board_files"
            folder.mkdir(parents=True, exist_ok=True)
            for path in Path("boards").glob("*.toml"):
                self.copy_file(str(path), str(folder / path.name))


def extensions() -> list[Extension]:
    if MODE == "skip":
        return []
    try:
        from Cython.Build import cythonize
    except ImportError:
        if MODE == "require":
            raise
        return []
    kernels = Extension(
        "neurula_npu.compiled", ["device/neurula_npu/compiled.pyx"], include_dirs=["device/neurula_npu"],
        depends=[f"device/neurula_npu/{name}.h" for name in ("primitives", "vectors_x86", "halves", "worker")], extra_compile_args=FLAGS,
        extra_link_args=[] if os.name == "nt" else ["-pthread"],
    )
    modules: list[Extension] = cythonize([kernels], quiet=True, build_dir="build")
    return modules


setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuild, "build_py": BuildWithBoards})
