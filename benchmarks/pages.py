"""The counted tables of docs/BUDGETS.md, docs/NPU.md and runtime_c/README.md: `python benchmarks/pages.py` counts all and writes them anew.

`python benchmarks/pages.py npu scaling` does that for tables of these names alone. A table stands between <!-- name --> and <!-- end -->.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

Tables = Iterator[tuple[str, str]]  # name -> what shall stand between the marks
ROOT = Path(__file__).resolve().parent.parent
PAGES = {"kernels": "docs/BUDGETS.md", "cores": "docs/BUDGETS.md", "brains": "docs/BUDGETS.md", "claims": "docs/BUDGETS.md",
         "c": "runtime_c/README.md", "npu": "docs/NPU.md", "speed": "docs/NPU.md", "genomes": "docs/NPU.md",
         "pace": "docs/NPU.md", "scaling": "docs/NPU.md", "real": "docs/GENOMES.md", "development": "docs/DEVELOPMENT.md",
         "events": "docs/BUDGETS.md", "footprint": "docs/NPU.md"}
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


def count_npu() -> Tables:
    import npu.instructions

    yield "npu", npu.instructions.table(npu.instructions.measured())


def weigh_npu() -> Tables:
    import npu.footprint

    yield "footprint", npu.footprint.table(npu.footprint.measured())


def count_scaling() -> Tables:
    """Draws the picture, too."""
    import npu.scaling

    found = npu.scaling.measured()
    npu.scaling.PICTURE.write_text(npu.scaling.picture(found), encoding="utf-8")
    yield "scaling", npu.scaling.table(found)


def count_cores() -> Tables:
    import core_instructions

    yield "cores", core_instructions.table([])


def count_c() -> Tables:
    import c_cost

    yield "c", c_cost.table(c_cost.measured())


def count_kernels() -> Tables:
    import rp2040_cycles

    yield "kernels", rp2040_cycles.table()


def count_brains() -> Tables:
    import rp2040_brains

    yield from zip(("brains", "claims"), rp2040_brains.tables([rp2040_brains.run(*size) for size in rp2040_brains.SIZES]), strict=True)


def sum_up() -> Tables:
    """A table made of the others, so that it comes last."""
    from npu.event_costs import table
    from npu.results import RESULTS, newest

    yield "events", table(newest(RESULTS.read_text(encoding="utf-8")))


COUNTED = {"npu": count_npu, "footprint": weigh_npu, "scaling": count_scaling, "cores": count_cores, "c": count_c, "kernels": count_kernels,
           "brains": count_brains}


def main(names: list[str]) -> None:
    for name in [*(names or COUNTED), "events"]:  # the last is made of the others
        for table, text in COUNTED.get(name, sum_up)():
            print("unchanged" if text == block(table) else "new", table)
            write(table, text)


if __name__ == "__main__":
    main(sys.argv[1:])
