"""The measured tables of docs/BUDGETS.md and runtime_c/README.md: `python benchmarks/pages.py` measures all and writes them anew.

A table stands between <!-- name --> and <!-- end -->.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"kernels": "docs/BUDGETS.md", "cores": "docs/BUDGETS.md", "brains": "docs/BUDGETS.md", "claims": "docs/BUDGETS.md",
         "c": "runtime_c/README.md", "npu": "docs/NPU.md", "speed": "docs/NPU.md", "genomes": "docs/NPU.md",
         "pace": "docs/NPU.md"}
END = "\n<!-- end -->"


def block(name: str) -> str:
    """What the page says between the marks."""
    return _parts(name)[1]


def write(name: str, text: str) -> None:
    before, _, after = _parts(name)
    (ROOT / PAGES[name]).write_text(before + text + after, encoding="utf-8")


def figures(name: str) -> dict[str, dict[str, float]]:
    """Row -> column -> figure of a table that holds nothing else."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in block(name).splitlines() if line.startswith("|")]
    heads = lines[0][1:]
    return {row: {head: float(cell.replace(",", "")) for head, cell in zip(heads, cells, strict=True)} for row, *cells in lines[2:]}


def _parts(name: str) -> tuple[str, str, str]:
    text = (ROOT / PAGES[name]).read_text(encoding="utf-8")
    mark = f"<!-- {name} -->\n"
    start = text.index(mark) + len(mark)
    end = text.index(END, start)
    return text[:start], text[start:end], text[end:]


def measured() -> Iterator[tuple[str, str]]:
    """Every table, measured now."""
    import c_cost
    import core_instructions
    import npu.instructions
    import rp2040_brains
    import rp2040_cycles

    yield "npu", npu.instructions.table(npu.instructions.measured())
    yield "cores", core_instructions.table([])
    yield "c", c_cost.table(c_cost.measured())
    yield "kernels", rp2040_cycles.table()
    yield from zip(("brains", "claims"), rp2040_brains.tables([rp2040_brains.run(*size) for size in rp2040_brains.SIZES]), strict=True)


if __name__ == "__main__":
    for table, text in measured():
        print("unchanged" if text == block(table) else "new", table)
        write(table, text)
