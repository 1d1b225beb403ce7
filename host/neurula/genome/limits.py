"""Every cap of the genome reader, each with its reason: files of strangers must not cost more than they pay for."""

from __future__ import annotations

# 40 times the largest genome known (187 KB). Parsed JSON takes up to 30 bytes of memory for a byte of file.
FILE_BYTES_MAX = 8 * 1024 * 1024

# Lines are looked for in files that people read; the largest genome known is a tenth of this.
LINES_TEXT_MAX = 2_000_000

# Keys that an object has twice: more of them nobody reads.
REPEATED_MAX = 100

# Real genomes nest 8 deep; the JSON parser, and whoever walks or prints the document later, recurses.
NESTING_MAX = 64

# 2**63 has 19 digits. Longer literals cost quadratic time to convert and no gene needs them.
INTEGER_DIGITS_MAX = 20

# A number written as text, e.g. "-12.5e3"; anything longer is not a number that a person wrote.
NUMBER_TEXT_MAX = 32

# Potentials, weights and counts beyond this say "never" or "no limit"; they are cut to it, with a warning.
MAGNITUDE_MAX = 1_000_000_000

# The engine's neuron ids from 50,000,000 on belong to memory neurons.
NEURONS_MAX = 50_000_000

# The largest genome known has 68 areas.
AREAS_MAX = 10_000

# A region groups areas, so more of them than areas say nothing.
REGIONS_MAX = AREAS_MAX

# A repair looks at so many at once; a genome with more of them is not mended, it is written anew.
REPAIRED_MAX = 20_000

# More than this nobody reads, and a hostile file would make millions.
PROBLEMS_MAX = 1_000

# A message quotes what was written, up to here.
QUOTE_CHARS_MAX = 60
