"""Synapses grouped by source neuron: rows of segments, equal rows stored once.

A row that is told relative to its source (target = source + constant) is the same for many sources, so each group is
tried both ways and the smaller one is kept. All steps are array operations over synapses, rows and segments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurula.compiler.layout import RAM_HEADER
from neurula.compiler.weighted import weigh_rows
from neurula_npu.schema import (
    ROWS_EACH,
    ROWS_SAME,
    ROWS_U16,
    ROWS_U32,
    SEGMENT_FLAG_LAST,
    SEGMENT_FLAG_LIST,
    SEGMENT_FLAG_RELATIVE,
    SEGMENT_FLAG_WEIGHTED,
)

Ints = NDArray[np.int64]
SEGMENT_BYTES = 12
RUN_MIN = 6  # a run this long is cheaper as a segment of its own than as entries of a list
WINDOW = 65536  # targets that a list's 16-bit offsets reach
SPAN = 1 << 19  # longest segment, targets


@dataclass(frozen=True, slots=True)
class Keys:
    """What a segment says beside its targets, one entry per key: step and, for driven or plastic ones, two extra words.

    For plastic keys extra0 is filled in with the place of the weights when the segments are written.
    """

    step: Ints
    extra0: Ints
    extra1: Ints
    flags: Ints  # 0, SEGMENT_FLAG_DRIVEN or SEGMENT_FLAG_PLASTIC


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one group. table: number of each neuron's row, counted from 1 inside the group (0 = empty)."""

    table: Ints
    starts: Ints  # byte offset of each row's first segment inside `words`
    words: NDArray[np.uint32]
    order: Ints  # for a plastic group: the synapse behind each weight, in the order of the weights


def build_rows(neurons: int, source: Ints, target: Ints, key: Ints, keys: Keys, plastic: bool, weights_at: int) -> Rows:
    """Packs one group. source: neuron inside its area; target: index of the input word; key: index into keys."""
    order = np.lexsort((target, key, source))
    source, target, key = source[order], target[order], key[order]
    first = np.flatnonzero(np.r_[True, source[1:] != source[:-1]]) if len(source) else np.zeros(0, np.int64)
    owners = source[first]
    lengths = np.diff(np.r_[first, len(source)])
    if plastic:
        numbers, kept = np.arange(len(first)), np.arange(len(first))
        relative = False
    else:
        numbers, kept = share_rows(first, lengths, target, key)
        moved = target - source
        numbers_moved, kept_moved = share_rows(first, lengths, moved, key)
        relative = len(kept_moved) < len(kept)
        if relative:
            target, numbers, kept = moved, numbers_moved, kept_moved
    taken = np.zeros(len(first), bool)
    taken[kept] = True
    mask = np.repeat(taken, lengths)
    row_of = np.repeat(np.cumsum(taken) - 1, lengths)[mask]
    extents = extent_of(owners, numbers, len(kept)) if relative else None
    words, starts = write_segments(row_of, target[mask], key[mask], keys, len(kept), extents, plastic, weights_at)
    table = np.zeros(neurons, np.int64)
    table[owners] = numbers + 1
    return Rows(table, starts, words, order if plastic else np.zeros(0, np.int64))


def share_rows(first: Ints, lengths: Ints, target: Ints, key: Ints) -> tuple[Ints, Ints]:
    """Finds equal rows. Returns per row the number of its content, and per content the first row that has it."""
    if not len(first):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    place = np.arange(len(target)) - np.repeat(first, lengths)
    mixed = mix(target.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + key.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
                + mix(place.astype(np.uint64)))
    digest = np.add.reduceat(mixed, first) + lengths.astype(np.uint64)
    _, kept, numbers = np.unique(digest, return_index=True, return_inverse=True)
    ranks = np.argsort(np.argsort(kept, kind="stable"), kind="stable")
    kept, numbers = np.sort(kept), ranks[numbers]
    model = np.repeat(first[kept][numbers], lengths) + place  # equal digests must be equal rows, not just probably
    same = (lengths == lengths[kept][numbers]).all() and bool(
        ((target == target[np.minimum(model, len(target) - 1)]) & (key == key[np.minimum(model, len(key) - 1)])).all()
    )
    if not same:
        return np.arange(len(first)), np.arange(len(first))
    return numbers.astype(np.int64), kept.astype(np.int64)


def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A 64-bit finaliser (splitmix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def extent_of(owners: Ints, numbers: Ints, rows: int) -> tuple[Ints, Ints]:
    """Lowest and highest source neuron of each row."""
    low = np.full(rows, 1 << 40, np.int64)
    high = np.zeros(rows, np.int64)
    np.minimum.at(low, numbers, owners)
    np.maximum.at(high, numbers, owners)
    return low, high


def write_segments(
    row: Ints, target: Ints, key: Ints, keys: Keys, rows: int, extents: tuple[Ints, Ints] | None, plastic: bool, weights_at: int
) -> tuple[NDArray[np.uint32], Ints]:
    """Cuts sorted synapses into segments and writes their words. Returns (words, byte offset of each row)."""
    if not len(row):
        return np.zeros(0, np.uint32), np.zeros(0, np.int64)
    step, flag = keys.step[key], keys.flags[key]
    in_run = np.zeros(len(row), bool)
    weight = np.zeros(len(row), np.uint8)
    if not plastic:
        in_run, long, share = choose_runs(row, target, key)
        if not keys.flags.any():
            unit, weight = weigh_rows(row, step, long, share)
            mixed = unit > 0
            key, step, in_run = np.where(mixed, -1, key), np.where(mixed, unit, step), in_run & ~mixed
            flag = np.where(mixed, SEGMENT_FLAG_WEIGHTED, flag)
    order = np.lexsort((target, in_run, key, row))
    row, target, key, in_run, weight = row[order], target[order], key[order], in_run[order], weight[order]
    begins = segment_begins(row, target, key, in_run)
    starts = np.flatnonzero(begins)
    counts = np.diff(np.r_[starts, len(row)])
    seg_row, seg_key, listed, flags = row[starts], key[starts], ~in_run[starts], flag[order][starts]
    weighted, extra = flags == SEGMENT_FLAG_WEIGHTED, (flags & ~SEGMENT_FLAG_WEIGHTED) != 0
    last = np.r_[seg_row[1:] != seg_row[:-1], True]
    opens = np.r_[True, seg_row[1:] != seg_row[:-1]]
    sizes = 3 + 2 * extra + np.where(listed, (counts + 1) // 2, 0) + np.where(weighted, (counts + 3) // 4, 0)
    front = 2 * opens if extents is not None else np.zeros(len(starts), np.int64)
    at = np.cumsum(sizes + front) - sizes
    words = np.zeros(int((sizes + front).sum()), np.uint32)
    head = flags | (counts << 8) | listed * SEGMENT_FLAG_LIST | last * SEGMENT_FLAG_LAST
    if extents is not None:
        head = head | SEGMENT_FLAG_RELATIVE
        words[at[opens] - 2] = extents[0][seg_row[opens]]
        words[at[opens] - 1] = extents[1][seg_row[opens]]
    words[at] = head
    words[at + 1] = as_words(RAM_HEADER + 4 * target[starts])
    words[at + 2] = as_words(step[order][starts])
    words[at[extra] + 3] = as_words(keys.extra0[seg_key[extra]])
    words[at[extra] + 4] = as_words(keys.extra1[seg_key[extra]])
    if plastic:
        words[at + 3] = as_words(weights_at + 4 * starts)
    halves = words.view(np.uint16)
    segment = np.cumsum(begins) - 1
    member = ~in_run
    where = (2 * (at + 3 + 2 * extra))[segment] + np.arange(len(row)) - starts[segment]
    halves[where[member]] = (target - target[starts][segment])[member]
    first_byte = 4 * (at + 3 + (counts + 1) // 2)
    member = weighted[segment]
    where = first_byte[segment] + np.arange(len(row)) - starts[segment]
    words.view(np.uint8)[where[member]] = weight[member]
    row_starts = np.zeros(rows, np.int64)
    row_starts[seg_row[opens]] = 4 * at[opens]
    return words, row_starts


def choose_runs(row: Ints, target: Ints, key: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """Marks the synapses that belong to runs of consecutive targets worth a segment of their own, and of these the long ones.

    Third, each synapse's share of the bytes that its row and key take beside long runs.
    """
    joint = (row[1:] == row[:-1]) & (key[1:] == key[:-1])
    breaks = np.r_[True, ~(joint & (target[1:] == target[:-1] + 1))]
    starts = np.flatnonzero(breaks)
    lengths = np.diff(np.r_[starts, len(row)])
    pair = np.cumsum(np.r_[True, ~joint]) - 1  # number of the (row, key) pair
    runs_of_pair = np.bincount(pair[starts])
    long = lengths >= RUN_MIN
    worth = long | (runs_of_pair[pair[starts]] == 1)
    listed = np.bincount(pair[starts], weights=np.where(long, 0, lengths)).astype(np.int64)
    apart = SEGMENT_BYTES + np.where(runs_of_pair > 1, (listed + 1) // 2 * 4, 0)
    share = (apart / np.maximum(listed, 1))[pair]
    return np.repeat(worth, lengths), np.repeat(long, lengths), share


def segment_begins(row: Ints, target: Ints, key: Ints, in_run: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True where a new segment starts: another row, key or kind, a broken run, or a list that leaves its window."""
    changed = np.r_[True, (row[1:] != row[:-1]) | (key[1:] != key[:-1]) | (in_run[1:] != in_run[:-1])]
    broken = np.r_[False, in_run[1:] & (target[1:] != target[:-1] + 1)]
    begins = changed | broken
    head = np.maximum.accumulate(np.where(begins, np.arange(len(row)), 0))
    window = np.where(in_run, 0, (target - target[head]) // WINDOW)
    window += (np.arange(len(row)) - head) // SPAN
    return np.asarray(begins | np.r_[False, window[1:] != window[:-1]])


def as_words(values: Ints) -> NDArray[np.uint32]:
    return values.astype(np.int64).astype(np.uint32)


def table_of(rows: Rows, base: int, plastic: bool) -> tuple[int, int | NDArray[np.uint16] | NDArray[np.uint32], Ints]:
    """How the group's neurons find their rows: (kind, number or table, directory entries); base: first free number."""
    used = rows.table > 0
    distinct = len(rows.starts)
    if distinct == 1 and used.all() and not plastic:
        return ROWS_SAME, base, rows.starts
    wide = base + distinct >= 65536
    shared = distinct != int(used.sum())
    width = 4 if wide else 2
    if plastic or (not shared and 4 * (len(used) - distinct) <= width * len(used)):
        entries = np.full(len(used), -1, np.int64)
        entries[used] = rows.starts[rows.table[used] - 1]
        return ROWS_EACH, base, entries
    numbers = np.where(used, rows.table + base - 1, 0)
    if wide:
        return ROWS_U32, numbers.astype(np.uint32), rows.starts
    return ROWS_U16, numbers.astype(np.uint16), rows.starts
