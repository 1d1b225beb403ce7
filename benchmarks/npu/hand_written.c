/* The workload of networks.py by hand: everything that a program written for it alone may know is a constant or an argument in a
 * register. Same semantics, integer for integer: a cell that received nothing is not touched; charge accumulates and leaks.
 * Layouts of a row: three bytes a synapse (16-bit target, 8-bit weight, in windows of 65,536 targets), four bytes (target and
 * weight in one word), six bytes (16-bit target, 32-bit increment). Each with and without rows fetched ahead. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define POTENTIAL_MAX 0x3fffffff
#define AHEAD 6

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
                memcpy(to + at + 4 + ((count + 1) / 2) * 4, weight + first, count);
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
    free(m->input), free(m->potential), free(m->fired), free(m->offsets), free(m->rows), free(m);
}

size_t machine_bytes(const machine *m) { return m->offsets[m->n.cells] + 4 * (size_t)(m->n.cells + 1); }
const int32_t *machine_potentials(const machine *m) { return m->potential; }

static inline void fetch(const machine *m, int cell)
{
    const unsigned char *at = m->rows + m->offsets[cell], *end = m->rows + m->offsets[cell + 1];
    for (; at < end; at += 64)
        __builtin_prefetch(at);
}

static inline void deliver_three(int32_t *restrict input, const unsigned char *row, const unsigned char *end, int unit)
{
    while (row < end) {
        int32_t count;
        memcpy(&count, row, 4);
        const uint16_t *list = (const uint16_t *)(row + 4);
        const int8_t *weight = (const int8_t *)(row + 4 + ((count + 1) / 2) * 4);
        for (int i = 0; i < count; i++)
            input[list[i]] += weight[i] * unit + 1;
        row = (const unsigned char *)weight + ((count + 3) / 4) * 4;
        input += 65536;
    }
}

static inline void deliver_row(const machine *m, int cell)
{
    const network *n = &m->n;
    int32_t *restrict input = m->input;
    const unsigned char *row = m->rows + m->offsets[cell];
    const int unit = n->unit << n->count_bits;
    if (m->layout == THREE_BYTES) {
        deliver_three(input, row, m->rows + m->offsets[cell + 1], unit);
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

static inline int any_lane(const int *words)
{
    uint64_t parts[8];
    memcpy(parts, words, 64);
    return (parts[0] | parts[1] | parts[2] | parts[3] | parts[4] | parts[5] | parts[6] | parts[7]) != 0;
}

static void update(machine *m)
{
    const int k = m->n.count_bits, mask = (1 << k) - 1, gain = m->n.gain, threshold = m->n.threshold;
    const int high = m->n.retention >> 11, low = m->n.retention & 2047;
    int count = 0;
    for (int first = 0; first < m->n.cells; first += 16) {
        int a[16], v[16], fires[16];
        if (!any_lane(m->input + first))
            continue;
        memcpy(a, m->input + first, 64);
        memcpy(v, m->potential + first, 64);
        for (int i = 0; i < 16; i++) {
            int word = a[i], c = word >> k, hit = (word & mask) != 0, w = v[i] + (c > 0 ? c : 0) * gain, vh, vl, fire;
            w = w > POTENTIAL_MAX ? POTENTIAL_MAX : w;
            fire = hit & (w >= threshold);
            vh = w >> 15;
            vl = w & 32767;
            w = vh * high * 16 + ((vh * low * 16 + vl * high + ((vl * low) >> 11) + 1024) >> 11);
            v[i] = hit ? (fire ? 0 : w) : v[i];
            a[i] = hit ? 0 : word;
            fires[i] = fire;
        }
        memcpy(m->input + first, a, 64);
        memcpy(m->potential + first, v, 64);
        if (any_lane(fires))
            for (int i = 0; i < 16; i++)
                if (fires[i])
                    m->fired[count++] = first + i;
    }
    m->fired_count = count;
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
        for (int i = 0; i < (m->ahead ? AHEAD : 0) && i < m->fired_count; i++)
            fetch(m, m->fired[i]);
        for (int i = 0; i < m->fired_count; i++) {
            if (m->ahead && i + AHEAD < m->fired_count)
                fetch(m, m->fired[i + AHEAD]);
            deliver_row(m, m->fired[i]);
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
