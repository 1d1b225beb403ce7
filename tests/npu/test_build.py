"""The same kernels compiled and pure; a missing build is one line, or an error where it is required."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from neurula_npu import Brain
from tests.conformance.brains import extreme_connectome, image_of

ROOT = Path(__file__).parent.parent.parent
PURE = (
    "import sys; sys.path.insert(0, {folder!r})\n"
    "import neurula_npu, neurula_npu.brain\n"
    "brain = neurula_npu.Brain(open({image!r}, 'rb').read())\n"
    "for _ in range(20): brain.step()\n"
    "print(neurula_npu.brain.COMPILED, 'numpy' in sys.modules, 'cython' in sys.modules, brain.state_hash())"
)


def test_the_source_runs_without_its_compiled_form_numpy_or_cython(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "device" / "neurula_npu", tmp_path / "neurula_npu", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    image = image_of(extreme_connectome("all_fire"))
    (tmp_path / "brain.nrl").write_bytes(image)
    code = PURE.format(folder=str(tmp_path), image=str(tmp_path / "brain.nrl"))
    result = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    brain = Brain(image)
    for _ in range(20):
        brain.step()
    assert result.stdout.split() == ["False", "False", "False", str(brain.state_hash())]


def build(tmp_path: Path, mode: str) -> subprocess.CompletedProcess[str]:
    """Builds the extension in a copy of the tree, with a compiler that always fails."""
    for name in ("device", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("*.so", "__pycache__", "*.c"))
        else:
            shutil.copy(source, tmp_path / name)
    environment = {**os.environ, "CC": "false", "NEURULA_BUILD": mode}
    command = [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", str(tmp_path / "lib"), "--build-temp", str(tmp_path / "temp")]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


def test_without_a_compiler_the_build_says_so_in_one_line_and_goes_on(tmp_path: Path) -> None:
    result = build(tmp_path, "try")
    assert result.returncode == 0
    said = [line for line in result.stderr.splitlines() if line.startswith("neurula:")]
    assert len(said) == 1
    assert "not compiled" in said[0]


def test_a_required_build_that_fails_is_an_error(tmp_path: Path) -> None:
    assert build(tmp_path, "require").returncode != 0
