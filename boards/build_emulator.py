"""Compiles the RP2040 emulator for this Python, into the user's cache; `make boards` calls it after the firmware.

The wheel on PyPI holds the C source of its inner loops and a build of them for many Python versions at once. A build
for one version runs three to four times as fast. Optional: without it the simulator takes the wheel as it is."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from neurula.errors import NeurulaError
from neurula.sim.emulator import PACKAGE, compiled_folder
from neurula.sim.packages import locate


def main() -> int:
    """Compile what is not there yet; the exit status."""
    target = compiled_folder()
    if target is None:
        print(f"Not compiled: {PACKAGE} is not installed (pip install 'neurula[sim]').")
        return 0
    if target.is_dir():
        print(f"The compiled emulator is already there: {target}")
        return 0
    compiler = shlex.split(str(sysconfig.get_config_var("CC") or "cc"))
    headers = Path(sysconfig.get_paths()["include"])
    lacking = [] if shutil.which(compiler[0]) else [f"a C compiler ({compiler[0]})"]
    if not (headers / "Python.h").is_file():
        lacking.append(f"Python's headers ({headers}/Python.h, Debian's package python3-dev)")
    if lacking:
        print(f"The emulator stays as PyPI has it, slower: missing {' and '.join(lacking)}.")
        return 0
    print("Compiling the emulator for this Python ...", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=target.parent) as scratch:
        copy = Path(scratch) / "done" / PACKAGE
        try:
            shutil.copytree(locate(PACKAGE, PACKAGE).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
            compile_modules(copy / "native", [*compiler[:1], f"-I{headers}"])
            check_imports(copy)
        except (NeurulaError, subprocess.CalledProcessError, OSError) as problem:
            print(f"error: the emulator does not compile, PyPI's build stays in use: {problem}", file=sys.stderr)
            return 1
        copy.parent.rename(target)
    print(f"Done: {target}")
    return 0


def compile_modules(folder: Path, compiler: list[str]) -> None:
    """Replace every compiled module in the folder by one built from the C file beside it."""
    sources = sorted(folder.glob("*.c"))
    if not sources:
        raise OSError(f"{folder} holds no C source")
    suffix = str(sysconfig.get_config_var("EXT_SUFFIX"))
    for old in folder.glob("*.so"):
        old.unlink()

    def build(source: Path) -> None:
        output = source.with_name(source.stem + suffix)
        subprocess.run([*compiler, "-O2", "-fPIC", "-shared", "-fno-strict-aliasing", "-w", str(source),
                        "-o", str(output)], check=True, capture_output=True)

    with ThreadPoolExecutor() as pool:
        list(pool.map(build, sources))


def check_imports(package: Path) -> None:
    """The copy must load its compiled loop; CalledProcessError when it does not."""
    check = f"import sys; sys.path.insert(0, {str(package.parent)!r}); import {PACKAGE}.native._simulator as module; " \
            f"sys.exit(not module.__file__.startswith({str(package)!r}))"
    subprocess.run([sys.executable, "-c", check], check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
