"""The programs of runtime_c/README.md compile against declarations of the vendors' functions that they call, and its table holds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import c_cost
import pages
from neurula.errors import DeviceNotFound
from tests.c.compiling import RUNTIME, STRICT, compiler_of
from tests.conftest import ROOT, missing
from tests.examples.example_runs import BUILDER, read_json

TEXT = (RUNTIME / "README.md").read_text(encoding="utf-8")
ARDUINO = """
#include <stdint.h>
#define A0 14
struct Port { void begin(long); void println(const char *); };
extern Port Serial;
void delay(unsigned long);
int analogRead(uint8_t);
void digitalWrite(uint8_t, uint8_t);
void setup();
void loop();
"""
HEADERS = {
    "pico/stdlib.h": "#include <stddef.h>\n#include <stdint.h>\n#include <stdbool.h>\n#define GPIO_OUT true\nvoid gpio_init(unsigned);\n"
    "void gpio_set_dir(unsigned, bool);\nvoid gpio_put(unsigned, bool);\nvoid sleep_ms(uint32_t);\n",
    "driver/gpio.h": "#include <stddef.h>\n#include <stdint.h>\ntypedef enum { GPIO_NUM_2 = 2 } gpio_num_t;\n"
    "int gpio_set_level(gpio_num_t, uint32_t);\n",
    "freertos/FreeRTOS.h": "#include <stdint.h>\n#define pdMS_TO_TICKS(ms) ((uint32_t)(ms))\n",
    "freertos/task.h": "void vTaskDelay(uint32_t);\nvoid app_main(void);\n",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def prepare(folder: Path) -> None:
    """The vendors' headers, and brain.h of the example."""
    sys.path.insert(0, str(RUNTIME))
    try:
        from image_header import header_of
    finally:
        sys.path.remove(str(RUNTIME))
    (folder / "brain.h").write_text(header_of(BUILDER.build_image(read_json("reflex", "genome.json"))))
    for name, text in HEADERS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def check(command: list[str]) -> None:
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_programs_in_c_compile(tmp_path: Path) -> None:
    prepare(tmp_path)
    assert len(blocks("c")) == 2
    for number, program in enumerate(blocks("c")):
        source = tmp_path / f"program{number}.c"
        source.write_text(program)
        check([*compiler_of("host"), *STRICT, f"-I{tmp_path}", f"-I{RUNTIME}", "-fsyntax-only", str(source)])


def test_the_sketch_compiles(tmp_path: Path) -> None:
    prepare(tmp_path)
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        missing("no C++ compiler")
    (sketch,) = blocks("cpp")
    source = tmp_path / "sketch.cpp"
    source.write_text(ARDUINO + sketch)
    check([str(compiler), "-std=c++11", "-Wall", "-Wextra", "-Werror", f"-I{tmp_path}", f"-I{RUNTIME}", "-fsyntax-only", str(source)])


def test_the_commands_are_those_of_the_example() -> None:
    (commands,) = blocks("sh")
    head = (ROOT / "examples" / "c" / "main.c").read_text().split("*/")[0]
    written = [part.strip(" *") for line in head.splitlines() for part in line.split("&&")]
    assert [line for line in commands.splitlines() if line not in written] == []


@pytest.mark.parametrize("core", c_cost.CORES)
def test_costs_on_a_core_are_those_of_the_table(core: str) -> None:
    """Exactly, with the compiler that the page names; another one makes other code."""
    try:
        costs = c_cost.costs(core)
    except DeviceNotFound as error:
        missing(str(error))
    told = {what: figures[c_cost.CORES[core]] for what, figures in pages.figures("c").items()}
    compiler = compiler_of("m0" if core == "rp2040" else core)[0]
    same = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True, check=True).stdout.startswith("12.2")
    assert costs == (told if same else pytest.approx(told, rel=0.25)), "if the new figures are meant, write them down: make budgets"
    assert core != "rp2040" or costs["an event, list of 64"] < 12.5
