"""Imports point one way, and the light parts stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# what each part may import of ours; a part may always import itself
HOST = {
    "neurula.errors": set(),
    "neurula.error_codes": set(),
    "neurula.genome": {"neurula.errors", "neurula.error_codes"},
    "neurula.drawing": {"neurula.errors", "neurula.genome"},
    "neurula.development": {"neurula.errors", "neurula.genome"},
    "neurula.compiler": {"neurula.errors", "neurula.genome", "neurula.development", "neurula.boards", "neurula_npu"},
    "neurula.brain": {"neurula.errors", "neurula.genome", "neurula.development", "neurula.compiler", "neurula_npu"},
    "neurula.boards": {"neurula.errors"},
    "neurula.link": {"neurula.errors", "neurula.error_codes"},
    "neurula.sim": {"neurula.errors"},
    "neurula.device": {"neurula.errors", "neurula.error_codes", "neurula.boards", "neurula.sim", "neurula.runtimes", "neurula.link"},
    "neurula.robot": {
        "neurula.errors", "neurula.error_codes", "neurula.genome", "neurula.development", "neurula.compiler", "neurula.runtimes",
        "neurula.link", "neurula_npu",
    },
    "neurula.bridge": {
        "neurula.errors", "neurula.robot", "neurula.link", "neurula.runtimes", "neurula.device", "neurula.sim", "neurula_npu",
    },
    "neurula.runtimes": {"neurula.errors", "neurula.genome", "neurula.sim", "neurula_npu"},
}


def imports_of(path: Path) -> set[str]:
    """Full names of the modules of ours that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name for name in names if name.split(".")[0] in ("neurula", "neurula_npu", "neurula_mcu", "neurula_codegen")}


def part_of(module: str) -> str:
    return ".".join(module.split(".")[:2]) if module.startswith("neurula.") else module.split(".")[0]


@pytest.mark.parametrize("part", sorted(HOST))
def test_host_parts_import_only_what_lies_below_them(part: str) -> None:
    place = ROOT / "host" / Path(*part.split("."))
    files = [place.with_suffix(".py")] if place.with_suffix(".py").exists() else sorted(place.rglob("*.py"))
    assert files, part
    for path in files:
        wrong = {part_of(name) for name in imports_of(path)} - HOST[part] - {part}
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


@pytest.mark.parametrize("root", ["device/neurula_npu", "firmware_py/neurula_mcu", "codegen/neurula_codegen"])
def test_runtimes_and_code_generation_import_nothing_else_of_ours(root: str) -> None:
    own = root.split("/")[1]
    for path in (ROOT / root).rglob("*.py"):
        wrong = {name for name in imports_of(path) if name.split(".")[0] != own}
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


@pytest.mark.parametrize("root", ["host/neurula", "device/neurula_npu", "firmware_py/neurula_mcu", "codegen/neurula_codegen"])
def test_no_files_import_each_other(root: str) -> None:
    base = (ROOT / root).parent
    files = {".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__"): path
             for path in (ROOT / root).rglob("*.py*") if path.suffix in (".py", ".pyx")}
    assert files

    def imported(path: Path) -> set[str]:
        """Files of ours, `from package import file` among them."""
        found = imports_of(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                inside = {f"{node.module}.{alias.name}" for alias in node.names}
                found = found - {node.module} | inside & files.keys() | ({node.module} if inside - files.keys() else set())
        return found & files.keys()

    arrows = {name: imported(path) for name, path in files.items() if path.suffix == ".py"}
    tuple(TopologicalSorter(arrows).static_order())  # a CycleError names the circle


def modules_after(code: str) -> set[str]:
    """Names of all modules that a fresh interpreter has loaded after running the code."""
    program = f"import sys\n{code}\nprint(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())


def test_the_runtime_runs_without_numpy() -> None:
    assert "numpy" not in modules_after("import neurula_npu; import neurula_npu.reference")


def test_importing_neurula_loads_nothing_heavy() -> None:
    loaded = modules_after("import neurula")
    assert not loaded & {"numpy", "rich", "typer", "unicorn", "asyncio"}


def test_help_loads_nothing_heavy() -> None:
    code = "from neurula.cli.app import main\ntry:\n    sys.argv = ['neurula', '--help']\n    main()\nexcept SystemExit:\n    pass"
    assert not modules_after(code) & {"numpy", "unicorn", "asyncio", "neurula_npu"}
