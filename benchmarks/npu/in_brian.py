"""The workload in Brian2, as a C++ program of its own: python in_brian.py FOLDER writes and compiles it into FOLDER/brian.

The program answers `run N` like runner.py; N is rounded up to whole turns of the pacemakers. Single precision, Brian's own compiler
options. bytes_per_synapse: all that is resident when it is ready, by synapses.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import brian2
import numpy as np

LEAK = 0.25
READY = """
long pages = 0;
FILE *statm = fopen("/proc/self/statm", "r");
if (!statm || fscanf(statm, "%*d %ld", &pages) != 1) pages = 0;
printf("{\\"bytes_per_synapse\\": %.2f}\\n", (double) pages * sysconf(_SC_PAGESIZE) / SYNAPSES); fflush(stdout);
"""
LOOP = """
char word[32]; long wanted;
while (scanf("%31s", word) == 1) {
    if (word[0] == 's') { printf("{\\"spikes\\": %ld}\\n", (long) _array_spikes_N[0]); fflush(stdout); continue; }
    if (word[0] != 'r' || scanf("%ld", &wanted) != 1) { printf("{}\\n"); fflush(stdout); continue; }
    const clock_t begun = clock(); long ran = 0;
    for (; ran < wanted; ran += TURNS) {
"""
ANSWER = """
    }
    printf("{\\"seconds\\": %.9f, \\"bursts\\": %ld}\\n", (double)(clock() - begun) / CLOCKS_PER_SEC, ran); fflush(stdout);
}
_exit(0);
"""


def main() -> None:
    folder = Path(sys.argv[1])
    about = json.loads((folder / "about.json").read_text())
    cells, fan_out, turns, drive = (about[name] for name in ("cells", "fan_out", "turns", "drive_plain"))
    brian2.set_device("cpp_standalone", build_on_run=False)
    brian2.prefs.core.default_float_dtype = np.float32
    brian2.prefs.codegen.cpp.headers = ["<cstdio>", "<ctime>", "<unistd.h>"]
    brian2.defaultclock.dt = 1 * brian2.ms
    names = {"leak": LEAK / brian2.ms, "high": drive / 2, "turns": turns, "drive": float(drive)}
    group = brian2.NeuronGroup(
        cells, "dv/dt = -v * leak : 1", threshold="v > high", reset="v = 0", method="euler", namespace=names, name="cells"
    )
    pacers = brian2.NeuronGroup(turns, "x : 1", threshold="i == (t_in_timesteps % turns)", reset="", namespace=names, name="pacers")
    rows = brian2.Synapses(group, group, "weight : 1 (constant)", on_pre="v_post += weight", name="rows")
    rows.connect(i=np.repeat(np.arange(cells), fan_out), j=np.fromfile(folder / "targets.i4", np.int32))
    rows.weight = np.fromfile(folder / "weights.i1", np.int8).astype(np.float32)
    drives = brian2.Synapses(pacers, group, on_pre="v_post += drive", namespace=names, name="drives")
    drives.connect(i=np.fromfile(folder / "groups.i4", np.int32), j=np.arange(cells))
    spikes = brian2.SpikeMonitor(group, record=False, name="spikes")
    network = brian2.Network(group, pacers, rows, drives, spikes)
    device = brian2.get_device()
    device.insert_code("main", (READY + LOOP).replace("TURNS", str(turns)).replace("SYNAPSES", str(about["synapses"])))
    network.run(turns * brian2.ms)
    device.insert_code("main", ANSWER)
    device.build(directory=str(folder / "brian"), run=False, compile=True)


if __name__ == "__main__":
    main()
