"""Builds MicroPython for the simulated boards from Debian's source packages; `make boards` calls it.

    rp2.uf2, rp2.bin   Raspberry Pi Pico (RP2040): runs in the emulator, and on the real board
    micropython32      the unix port with 32-bit integers, as wide as a board's
    qemu-m3.elf        the Cortex-M3 board of qemu (mps2-an385)

The mirror is the one that this machine's apt uses; nothing is installed and no root is needed. The results appear in
the user's cache all at once when they are finished. Running it again does nothing."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from neurula.sim.firmware import FIRMWARE_VERSION, firmware_folder, pack_uf2, read_flash_image

RELEASE = "trixie"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
RESULTS = ("rp2.uf2", "rp2.bin", "micropython32", "qemu-m3.elf")


class BuildError(Exception):
    """The build cannot go on; the message says why and what to try."""


def main() -> int:
    """Build what is not there yet; the exit status."""
    target = firmware_folder()
    if all((target / name).is_file() for name in RESULTS):
        print(f"The firmware is already there: {target}")
        return 0
    log = target.parent / f"build-{FIRMWARE_VERSION}.log"
    try:
        check_machine()
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target, so that the last step is a rename.
        with tempfile.TemporaryDirectory(prefix=".building-", dir=target.parent) as scratch:
            with log.open("w") as log_file:
                build(Path(scratch), Steps(log_file.fileno(), log))
            publish(Path(scratch) / "done", target)
    except BuildError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    print(f"Done: {target}")
    return 0


# ---- what the machine must have -------------------------------------------------------------------------------------

def check_machine() -> None:
    """BuildError that names every missing package at once."""
    if shutil.which("apt-get") is None:
        raise BuildError("the firmware is built from Debian source packages, and this machine has no apt-get")
    tests: dict[str, Callable[[], bool]] = {
        "make": lambda: has("make"),
        "gcc": lambda: has("gcc"),
        "g++": lambda: has("g++"),
        "python3": lambda: has("python3"),
        "cmake": lambda: has("cmake"),
        "xz-utils": lambda: has("xz"),
        "gcc-multilib": compiles_for_32_bits,
        "gcc-arm-none-eabi": lambda: has("arm-none-eabi-gcc"),
        "libnewlib-arm-none-eabi": lambda: arm_library("nano.specs"),
        "libstdc++-arm-none-eabi-newlib": lambda: arm_library("libstdc++.a"),
        "debian-archive-keyring": KEYRING.is_file,
    }
    missing = [package for package, present in tests.items() if not present()]
    if missing:
        raise BuildError("some packages are missing; install them with\n    sudo apt-get install " + " ".join(missing))


def has(command: str) -> bool:
    return shutil.which(command) is not None


def compiles_for_32_bits() -> bool:
    if not has("gcc"):
        return False
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text("#include <stdio.h>\nint main(void) { return puts(\"\") < 0; }\n")
        probe = subprocess.run(["gcc", "-m32", str(source), "-o", str(source.with_suffix(""))], capture_output=True)
        return probe.returncode == 0


def arm_library(name: str) -> bool:
    """Whether the ARM compiler finds a file among its libraries; it answers with the bare name when it does not."""
    if not has("arm-none-eabi-gcc"):
        return False
    answer = subprocess.run(["arm-none-eabi-gcc", f"-print-file-name={name}"], capture_output=True, text=True)
    return os.path.isabs(answer.stdout.strip())


# ---- the steps ------------------------------------------------------------------------------------------------------

class Steps:
    """Runs the commands of the build, says which step it is at, and keeps everything they print in a log."""

    def __init__(self, log_descriptor: int, log: Path) -> None:
        self._descriptor = log_descriptor
        self._log = log

    def begin(self, what: str) -> None:
        print(f"{what} ...", flush=True)
        os.write(self._descriptor, f"\n==== {what}\n".encode())

    def run(self, *command: str | Path, cwd: Path | None = None) -> None:
        words = [str(word) for word in command]
        os.write(self._descriptor, ("$ " + " ".join(words) + "\n").encode())
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "CFLAGS_EXTRA": ""}
        ended = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, stdout=self._descriptor,
                               stderr=self._descriptor, env=environment)
        if ended.returncode != 0:
            tail = "\n".join("    " + line for line in self._log.read_text(errors="replace").splitlines()[-12:])
            raise BuildError(f"a command failed: {' '.join(words)[:200]}\n{tail}\nThe whole log: {self._log}")


def build(scratch: Path, steps: Steps) -> None:
    """Everything from nothing to scratch/done."""
    done = scratch / "done"
    done.mkdir()
    jobs = f"-j{os.cpu_count() or 1}"
    fetch_sources(scratch, steps)
    tree, sdk = scratch / "micropython", scratch / "sdk"

    steps.begin("Building the cross compiler")
    steps.run("make", jobs, "-C", tree / "mpy-cross")

    steps.begin("Building MicroPython for qemu's Cortex-M3")
    steps.run("make", jobs, "-C", tree / "ports/qemu", "BOARD=MPS2_AN385", "FROZEN_MANIFEST=", "MICROPY_PY_BTREE=0")
    shutil.copy(tree / "ports/qemu/build-MPS2_AN385/firmware.elf", done / "qemu-m3.elf")

    steps.begin("Building MicroPython with 32-bit integers for this machine")
    steps.run("make", jobs, "-C", tree / "ports/unix", "BUILD=build-32", "MICROPY_FORCE_32BIT=1", "FROZEN_MANIFEST=",
              "MICROPY_PY_BTREE=0", "MICROPY_PY_FFI=0", "MICROPY_PY_SSL=0", "MICROPY_SSL_AXTLS=0",
              "MICROPY_SSL_MBEDTLS=0")
    shutil.copy(tree / "ports/unix/build-32/micropython", done / "micropython32")

    steps.begin("Building MicroPython for the Raspberry Pi Pico")
    prepare_pico_port(tree, sdk)
    port = tree / "ports/rp2"
    manifest = scratch / "manifest.py"
    manifest.write_text('freeze("$(PORT_DIR)/modules")\ninclude("$(MPY_DIR)/extmod/asyncio")\n')
    steps.run("cmake", "-S", port, "-B", port / "build", "-DPICO_BUILD_DOCS=0", "-DPICO_NO_PICOTOOL=1",
              "-DMICROPY_BOARD=RPI_PICO", f"-DMICROPY_BOARD_DIR={port}/boards/RPI_PICO",
              f"-DMICROPY_FROZEN_MANIFEST={manifest}")
    steps.run("make", jobs, "-C", port / "build")
    image = read_flash_image(port / "build/firmware.bin")
    (done / "rp2.bin").write_bytes(image)
    (done / "rp2.uf2").write_bytes(pack_uf2(image))


def fetch_sources(scratch: Path, steps: Steps) -> None:
    """MicroPython's source, the Pico SDK and TinyUSB, each checked by apt against Debian's signatures."""
    steps.begin(f"Fetching the sources of Debian {RELEASE}")
    mirror = debian_mirror()
    state, cache, downloads = scratch / "lists", scratch / "cache", scratch / "downloads"
    for folder in (state / "partial", cache / "archives/partial", downloads):
        folder.mkdir(parents=True)
    sources = scratch / "sources.list"
    sources.write_text("".join(f"{kind} [signed-by={KEYRING}] {mirror} {RELEASE} main\n" for kind in ("deb", "deb-src")))
    apt = ["apt-get", "-qq", "-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=/dev/null",
           "-o", f"Dir::State::lists={state}", "-o", f"Dir::Cache={cache}", "-o", f"APT::Sandbox::User={getpass.getuser()}"]
    steps.run(*apt, "update")
    steps.run(*apt, "source", "--download-only", f"micropython/{RELEASE}", cwd=downloads)
    steps.run(*apt, "download", f"pico-sdk-source/{RELEASE}", f"tinyusb-source/{RELEASE}", cwd=downloads)
    archives = list(downloads.glob("micropython_*.orig.tar.*"))
    if len(archives) != 1 or not archives[0].name.startswith(f"micropython_{FIRMWARE_VERSION}"):
        found = ", ".join(archive.name for archive in archives) or "nothing"
        raise BuildError(f"the mirror was to give MicroPython {FIRMWARE_VERSION}, it gave {found}")
    tree = scratch / "micropython"
    tree.mkdir()
    steps.run("tar", "-xf", archives[0], "-C", tree, "--strip-components=1")
    for package in downloads.glob("*.deb"):
        steps.run("dpkg-deb", "-x", package, scratch / "sdk")


def debian_mirror() -> str:
    """The base address of the Debian archive that this machine's apt is set up with, whatever the form of its list."""
    # Before the first `apt-get update` there are no labels, only what is configured.
    for options in (["--format", "$(LABEL)|$(REPO_URI)"], ["--no-release-info", "--format", "|$(REPO_URI)"]):
        answer = subprocess.run(["apt-get", "indextargets", *options], capture_output=True, text=True)
        for line in answer.stdout.splitlines():
            label, _, address = line.partition("|")
            if label == "Debian" or (not label and address.rstrip("/").endswith("/debian")):
                return address
    raise BuildError("apt on this machine is not set up with a Debian archive; the sources come from one")


def prepare_pico_port(tree: Path, sdk: Path) -> None:
    """Put the SDK where the port looks for it, and take TLS out: Debian's source package has no mbedtls."""
    for name in ("pico-sdk", "tinyusb"):
        place = tree / "lib" / name
        with contextlib.suppress(FileNotFoundError):
            place.rmdir()
        place.symlink_to(sdk / "usr/src" / name)
    micropython_lib = tree / "lib/micropython-lib"
    micropython_lib.mkdir(exist_ok=True)
    (micropython_lib / "README.md").touch()  # its absence would start a git checkout
    port = tree / "ports/rp2"
    edit(port / "CMakeLists.txt", {
        r"^set\(MICROPY_SSL_MBEDTLS ON\)$": "set(MICROPY_SSL_MBEDTLS OFF)",
        r"^.*mbedtls/mbedtls_port\.c.*\n": "",
        r"^.*target_link_libraries\(\$\{MICROPY_TARGET\} micropy_lib_mbedtls\).*\n": "",
    })
    edit(port / "mpconfigport.h", {
        rf"^(#define {name})\s.*$": r"\1 (0)"
        for name in ("MICROPY_SSL_MBEDTLS", "MICROPY_PY_CRYPTOLIB", "MICROPY_PY_HASHLIB_SHA1")
    })


def edit(path: Path, replacements: dict[str, str]) -> None:
    """Replace whole lines by pattern; BuildError when one is not there, for then the source is not what we know."""
    text = path.read_text()
    for pattern, replacement in replacements.items():
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if count == 0:
            raise BuildError(f"{path.name} of MicroPython {FIRMWARE_VERSION} has no line {pattern!r}")
    path.write_text(text)


def publish(done: Path, target: Path) -> None:
    """Move the finished folder into place in one step; an incomplete one that was there makes room."""
    if target.exists():
        target.rename(done.parent / "replaced")
    done.rename(target)


if __name__ == "__main__":
    sys.exit(main())
