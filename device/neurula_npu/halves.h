/* The input words in two halves, one for each of two threads: where the border lies, and what of each row lies on either side.
 * Names in capitals with an underscore (SEGMENT_FLAG_LIST, GROUP_delay) are the schema's, defined by compiled.pyx. Only for verified images
 * without learning or driven synapses. Exact whatever is found here: a hint that does not fit is not taken. */
#ifndef NEURULA_HALVES_H
#define NEURULA_HALVES_H

#include <stdlib.h>
#include "primitives.h"

enum { BUCKETS = 4096, NEURON_WEIGHT = 32 /* synapses that cost as much as the update of a neuron */, NO_LIMIT = 65535 };

/* kinds of segments that plain groups do not have; an image may keep them in rows that nobody uses */
#define FOREIGN (SEGMENT_FLAG_DRIVEN | SEGMENT_FLAG_PLASTIC)

/* what one half needs of a row: its first segment (0: none), words up to the end of the last, where the list that crosses is cut */
typedef struct {
    int at;
    unsigned short words, split;
} half_row;

typedef struct {
    int border; /* RAM offset of the upper half's first input word: 16 neurons and a word of the bitmap end there */
    int clear;  /* where that word of the bitmap begins in a slot */
    half_row *rows[2];
} halves;

static inline int segment_words(const int *segment)
{
    const int size = segment[0] >> 8;
    return 3 + (segment[0] & FOREIGN ? 2 : 0) + (segment[0] & SEGMENT_FLAG_LIST ? (size + 1) >> 1 : 0) + (segment[0] & SEGMENT_FLAG_WEIGHTED ? (size + 3) >> 2 : 0);
}

/* how many of an ascending list are below `bound`; `hint` is tried first */
static inline int cut(const unsigned short *list, int size, int bound, int hint)
{
    int first = 0;
    if (list[size - 1] < bound)
        return size;
    if (list[0] >= bound)
        return 0;
    if (hint < size && hint && list[hint - 1] < bound && list[hint] >= bound)
        return hint;
    while (size > 0) {
        const int middle = size >> 1;
        if (list[first + middle] < bound) {
            first += middle + 1;
            size -= middle + 1;
        } else {
            size = middle;
        }
    }
    return first;
}

static int ascends(const unsigned short *list, int size)
{
    int falls = 0;
    for (int i = 1; i < size; i++)
        falls |= list[i] < list[i - 1];
    return !falls;
}

/* how many neurons use each row */
static void count_users(const int *I32, const int *R32, int *users)
{
    const int *group = I32 + (R32[RAM_groups_at >> 2] >> 2);
    for (int g = R32[RAM_groups >> 2]; g > 0; g--, group += GROUP_bytes >> 2) {
        const int count = I32[(group[GROUP_area_at >> 2] + AREA_neurons) >> 2];
        const int kind = group[GROUP_rows_kind >> 2], rows = group[GROUP_rows_at >> 2];
        for (int i = 0; i < count; i++)
            users[row_number((const unsigned short *)I32, I32, kind, rows, i)]++;
    }
}

/* adds up the work on each stretch of input words; 0 where a list does not ascend */
static int weigh_targets(const int *I32, const int *R32, const int *users, double *work)
{
    const int *directory = I32 + (R32[RAM_rows_at >> 2] >> 2);
    const double per_byte = (double)BUCKETS / (R32[RAM_input_end >> 2] - RAM_bytes + 1);
    for (int r = 1; r < R32[RAM_rows >> 2]; r++) {
        const int *segment = directory[r] ? I32 + (directory[r] >> 2) : NULL;
        const int shift = segment && segment[0] & SEGMENT_FLAG_RELATIVE ? 2 * (segment[-2] + segment[-1]) : 0;
        while (segment) {
            const int size = segment[0] >> 8, base = segment[1] + (segment[0] & SEGMENT_FLAG_RELATIVE ? shift : 0) - RAM_bytes;
            const unsigned short *list = (const unsigned short *)(segment + 3);
            if (segment[0] & FOREIGN)
                return 0;
            if (segment[0] & SEGMENT_FLAG_LIST) {
                if (!ascends(list, size))
                    return 0;
                for (int i = 0; i < size; i++)
                    work[(int)((base + 4.0 * list[i]) * per_byte)] += users[r];
            } else { /* a run: as if half of it were at either end */
                work[(int)(base * per_byte)] += 0.5 * size * users[r];
                work[(int)((base + 4.0 * (size - 1)) * per_byte)] += 0.5 * size * users[r];
            }
            segment = segment[0] & SEGMENT_FLAG_LAST ? NULL : segment + segment_words(segment);
        }
    }
    return 1;
}

/* the border nearest to `middle` (RAM offset) that areas allow; 0 where there is none */
static int place_border(const int *I32, const int *R32, int middle, halves *h)
{
    const int *area = I32 + (R32[RAM_areas_at >> 2] >> 2);
    for (int n = R32[RAM_areas >> 2]; n > 0; n--, area += AREA_bytes >> 2) {
        const int first = area[AREA_input_at >> 2], neurons = area[AREA_neurons >> 2], bits = area[AREA_bits_at >> 2];
        if (middle >= first + 4 * neurons)
            continue;
        int neuron = ((middle - first) >> 2) & ~15;
        neuron += (bits + neuron / 8) & 2 ? 16 : 0;
        if (neuron >= neurons)
            neuron -= 32;
        h->border = first + 4 * neuron;
        h->clear = bits + neuron / 8;
        return neuron > 0;
    }
    return 0;
}

static void cut_row(const int *I32, int at, int border, half_row *low, half_row *high)
{
    const int *segment = I32 + (at >> 2), *low_end = NULL, *high_start = NULL;
    int split = NO_LIMIT, relative = 0;
    for (int last = 0; !last; segment += segment_words(segment)) {
        const int size = segment[0] >> 8, bound = (border - segment[1]) >> 2;
        const unsigned short *list = (const unsigned short *)(segment + 3);
        const int listed = segment[0] & SEGMENT_FLAG_LIST;
        const int below = (listed ? list[0] : 0) < bound, above = (listed ? list[size - 1] : size - 1) >= bound;
        last = segment[0] & SEGMENT_FLAG_LAST;
        relative |= segment[0] & SEGMENT_FLAG_RELATIVE;
        low_end = below ? segment + segment_words(segment) : low_end;
        high_start = above && !high_start ? segment : high_start;
        if (below && above && listed && split == NO_LIMIT && size < NO_LIMIT)
            split = cut(list, size, bound, 0);
    }
    if (relative) /* where its targets lie depends on who fires */
        low_end = segment, high_start = I32 + (at >> 2);
    const long low_words = low_end ? low_end - (I32 + (at >> 2)) : 0, high_words = high_start ? segment - high_start : 0;
    *low = (half_row){low_end ? at : 0, (unsigned short)(low_words < NO_LIMIT ? low_words : NO_LIMIT), (unsigned short)split};
    *high = (half_row){high_start ? (int)(high_start - I32) << 2 : 0, (unsigned short)(high_words < NO_LIMIT ? high_words : NO_LIMIT),
                       (unsigned short)split};
}

static void halves_free(halves *h)
{
    free(h->rows[0]);
    free(h->rows[1]);
    h->rows[0] = h->rows[1] = NULL;
}

/* 1 when the brain can be halved. Takes 16 bytes a row, and a look at every synapse. */
static int halve(const int *I32, const int *R32, halves *h)
{
    const int rows = R32[RAM_rows >> 2], *directory = I32 + (R32[RAM_rows_at >> 2] >> 2);
    const double words = (R32[RAM_input_end >> 2] - RAM_bytes) / 4.0;
    int *users = calloc((size_t)rows, sizeof *users), middle = 0, fits = 0;
    double *work = calloc(BUCKETS, sizeof *work), total = 0, sum = 0;
    h->rows[0] = calloc((size_t)rows, sizeof(half_row));
    h->rows[1] = calloc((size_t)rows, sizeof(half_row));
    if (users && work && h->rows[0] && h->rows[1]) {
        count_users(I32, R32, users);
        fits = weigh_targets(I32, R32, users, work);
        for (int b = 0; b < BUCKETS; b++)
            total += work[b] += NEURON_WEIGHT * words / BUCKETS;
        while (middle < BUCKETS && sum + work[middle] < total / 2)
            sum += work[middle++];
        fits = fits && place_border(I32, R32, RAM_bytes + (int)(4 * words / BUCKETS * middle), h);
    }
    for (int r = 1; fits && r < rows; r++)
        if (directory[r])
            cut_row(I32, directory[r], h->border, &h->rows[0][r], &h->rows[1][r]);
    free(users);
    free(work);
    if (!fits)
        halves_free(h);
    return fits;
}

/* where the rows of spikes begin and end for one half */
static inline void find_half_rows(
    const int *I32, const unsigned short *I16, int kind, int rows, const half_row *half, const int *found, int spikes, row_place *places)
{
    for (int i = 0; i < spikes; i++) {
        const half_row row = half[row_number(I16, I32, kind, rows, found[i])];
        const int bytes = 4 * row.words;
        places[i].at = row.at;
        places[i].bytes = bytes < BYTES_AHEAD ? bytes : BYTES_AHEAD;
        places[i].end = row.words == NO_LIMIT ? INT_MAX : row.at + bytes;
        places[i].split = row.split;
    }
}

/* the additions of a segment that belong to one half: upper 0 or 1 */
static inline void add_half_run(int *R32, int base, int size, int step, int border, int upper)
{
    int below = (border - base) >> 2;
    below = below < 0 ? 0 : below > size ? size : below;
    if (upper)
        add_run(R32, base + 4 * below, size - below, step);
    else
        add_run(R32, base, below, step);
}

static inline void add_half_list(
    int *R32, const unsigned short *I16, int base, int at, int size, int step, int border, int upper, int split)
{
    const int below = cut(I16 + (at >> 1), size, (border - base) >> 2, split);
    if (upper)
        add_list(R32, I16, base, at + 2 * below, size - below, step);
    else
        add_list(R32, I16, base, at, below, step);
}

static inline void add_half_weighted(
    int *R32, const unsigned short *I16, const unsigned char *I8, int base, int at, int size, int step, int border, int upper, int split)
{
    const unsigned short *list = I16 + (at >> 1);
    const unsigned char *weight = I8 + at + (((size + 1) >> 1) << 2);
    const int below = cut(list, size, (border - base) >> 2, split);
    if (upper)
        add_weights(R32 + (base >> 2), list + below, weight + below, size - below, step);
    else
        add_weights(R32 + (base >> 2), list, weight, below, step);
}

#endif
