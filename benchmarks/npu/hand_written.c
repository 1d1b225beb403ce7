/* The workload of networks.py by hand: everything that a program written for it alone may know is a constant or an argument in a
 * register. Same semantics, integer for integer: a cell that received nothing is not touched; charge accumulates and leaks.
 * Layouts of a row: three bytes a synapse (16-bit target, 8-bit weight, in windows of 65,536 targets), four bytes (target and
 * weight in one word), six bytes (16-bit target, 32-bit increment). Each with and without rows fetched ahead. What our NPU found to be
 * fast is here too: its vectors for the update, rows fetched in two steps, increments of long rows before their additions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../device/neurula_npu/primitives.h"

typedef struct {
    int32_t cells, fan_out, turns;
    const int32_t *targets;  /* cells x fan_out, ascending in each row */
    const int8_t *weights;   /* the same shape */
    const int32_t *members;  /* cells, sorted by the pacemaker that fires them */
    const int32_t *starts;   /* turns + 1: where each pacemaker's cells begin */
    int32_t count_bits, unit, drive, gain, threshold, retention;
} network;

typedef struct {
    network n;
    int32_t layout, ahead;
    int32_t *input, *potential, *fired;
    uint16_t *bits;
    row_place *places;
    int32_t fired_count, pacer, awake;
    uint32_t *offsets;  /* of each row, bytes; cells + 1 entries */
    unsigned char *rows;
} machine;

enum { THREE_BYTES, FOUR_BYTES, SIX_BYTES, LAYOUTS };

static int step_of(const network *n, int weight) { return (weight * n->unit << n->count_bits) + 1; }

/* a row of THREE_BYTES: per window a 32-bit count, then the targets, then the weights, each padded to four bytes */
static size_t pack_row(const machine *m, int cell, unsigned char *to)
{
    const network *n = &m->n;
    const int32_t *target = n->targets + (size_t)cell * n->fan_out;
    const int8_t *weight = n->weights + (size_t)cell * n->fan_out;
    size_t at = 0;
    if (m->layout == THREE_BYTES) {
        int first = 0;
        for (int window = 0; window <= (n->cells - 1) >> 16; window++) {
            int end = first;
            while (end < n->fan_out && target[end] >> 16 == window)
                end++;
            int count = end - first;
            if (to) {
                memcpy(to + at, &count, 4);
                uint16_t *list = (uint16_t *)(to + at + 4);
                for (int i = 0; i < count; i++)
                    list[i] = (uint16_t)target[first + i];
                for (int i = 0; i < count; i++)
                    to[at + 4 + ((count + 1) / 2) * 4 + i] = (unsigned char)(weight[first + i] + 128);
            }
            at += 4 + ((count + 1) / 2) * 4 + ((count + 3) / 4) * 4;
            first = end;
        }
        return at;
    }
    for (int i = 0; i < n->fan_out; i++) {
        if (to && m->layout == FOUR_BYTES)
            ((uint32_t *)to)[i] = (uint32_t)target[i] << 8 | (uint8_t)weight[i];
        if (to && m->layout == SIX_BYTES) {
            ((uint16_t *)to)[i] = (uint16_t)target[i];
            ((int32_t *)(to + (n->fan_out + 1) / 2 * 4))[i] = step_of(n, weight[i]);
        }
    }
    return m->layout == FOUR_BYTES ? 4u * n->fan_out : (n->fan_out + 1) / 2 * 4 + 4u * n->fan_out;
}

machine *machine_new(const network *n, int layout, int ahead)
{
    machine *m = calloc(1, sizeof *m);
    m->n = *n, m->layout = layout, m->ahead = ahead;
    m->input = calloc(n->cells + 64, 4), m->potential = calloc(n->cells + 64, 4), m->fired = calloc(n->cells + 64, 4);
    m->bits = calloc(n->cells / 16 + 8, 2), m->places = calloc(n->cells + 64, sizeof *m->places);
    m->offsets = malloc(4 * (size_t)(n->cells + 1));
    size_t at = 0;
    for (int cell = 0; cell < n->cells; cell++) {
        m->offsets[cell] = (uint32_t)at;
        at += pack_row(m, cell, NULL);
    }
    m->offsets[n->cells] = (uint32_t)at;
    m->rows = malloc(at + 64);
    for (int cell = 0; cell < n->cells; cell++)
        pack_row(m, cell, m->rows + m->offsets[cell]);
    return m;
}

void machine_free(machine *m)
{
    free(m->input), free(m->potential), free(m->fired), free(m->bits), free(m->places), free(m->offsets), free(m->rows), free(m);
}

size_t machine_bytes(const machine *m) { return m->offsets[m->n.cells] + 4 * (size_t)(m->n.cells + 1); }
const int32_t *machine_potentials(const machine *m) { return m->potential; }

static inline void deliver_three(int32_t *restrict input, const unsigned char *row, const unsigned char *end, int unit)
{
    while (row < end) {
        int32_t count;
        memcpy(&count, row, 4);
        const uint16_t *restrict list = (const uint16_t *)(row + 4);
        const uint8_t *restrict weight = row + 4 + ((count + 1) / 2) * 4;
        add_weights(input, list, weight, count, unit);
        row = weight + ((count + 3) / 4) * 4;
        input += 65536;
    }
}

static inline void deliver_row(const machine *m, row_place place)
{
    const network *n = &m->n;
    int32_t *restrict input = m->input;
    const unsigned char *row = m->rows + place.at;
    const int unit = n->unit << n->count_bits;
    if (m->layout == THREE_BYTES) {
        deliver_three(input, row, m->rows + place.end, unit);
    } else if (m->layout == FOUR_BYTES) {
        const uint32_t *word = (const uint32_t *)row;
        for (int i = 0; i < n->fan_out; i++)
            input[word[i] >> 8] += (int8_t)word[i] * unit + 1;
    } else {
        const uint16_t *list = (const uint16_t *)row;
        const int32_t *step = (const int32_t *)(row + (n->fan_out + 1) / 2 * 4);
        for (int i = 0; i < n->fan_out; i++)
            input[list[i]] += step[i];
    }
}

static void update(machine *m)
{
    const network *n = &m->n;
    const law l = {n->count_bits, (1 << n->count_bits) - 1, n->gain, n->threshold, POTENTIAL_MAX, 0, n->retention, 0};
    unsigned char *bits = (unsigned char *)m->bits;
    int done = 0;
    memset(bits, 0, (size_t)(n->cells + 15) / 16 * 2);
#ifdef NEURULA_VECTORS_X86_H
    if (vector_bits == 512) {
        integrate_512(m->input, m->potential, n->cells, bits, l);
        done = n->cells;
    } else if (vector_bits == 256) {
        done = integrate_256(m->input, m->potential, n->cells, bits, l);
    }
#endif
    if (done < n->cells)
        integrate_plain(m->input + done, m->potential + done, n->cells - done, bits + done / 8, l);
    m->fired_count = collect(m->bits, 0, n->cells, m->fired);
}

/* `bursts` bursts; returns the spikes of the cells. The first pacemaker fires in burst 1 of the machine's life. */
int64_t machine_run(machine *m, int bursts)
{
    const network *n = &m->n;
    int64_t spikes = 0;
    while (bursts--) {
        if (m->awake) {
            const int32_t step = (n->drive << n->count_bits) + 1;
            for (int i = n->starts[m->pacer]; i < n->starts[m->pacer + 1]; i++)
                m->input[n->members[i]] += step;
            m->pacer = m->pacer + 1 == n->turns ? 0 : m->pacer + 1;
        }
        m->awake = 1;
        const int now = m->fired_count;
        for (int i = 0; i < now; i++) {
            const uint32_t at = m->offsets[m->fired[i]], end = m->offsets[m->fired[i] + 1];
            m->places[i] = (row_place){(int)at, (int)(end - at), (int)end, 0};
        }
        for (int i = 0; i < (m->ahead ? ROWS_AHEAD : 0) && i < now; i++)
            fetch_far((const int *)m->rows, m->places[i]);
        for (int i = 0; i < now; i++) {
            if (m->ahead && i + 1 < now)
                fetch_near((const int *)m->rows, m->places[i + 1]);
            if (m->ahead && i + ROWS_AHEAD < now)
                fetch_far((const int *)m->rows, m->places[i + ROWS_AHEAD]);
            deliver_row(m, m->places[i]);
        }
        update(m);
        spikes += m->fired_count;
    }
    return spikes;
}

/* The roofline: adds of a constant to random places of an array, nothing else. Returns the last sum. */
int32_t scatter(int32_t *restrict input, const uint32_t *restrict places, int count)
{
    for (int i = 0; i < count; i++)
        input[places[i]] += 3;
    return input[0];
}

/* How fast the processor runs: `count` times sixteen additions, each of which waits for the one before; a cycle each. */
int64_t chain(int64_t count, int64_t step)
{
    int64_t sum = 0;
    while (count--)
        for (int i = 0; i < 16; i++) {
            sum += step;
            __asm__ volatile("" : "+r"(sum));
        }
    return sum;
}
