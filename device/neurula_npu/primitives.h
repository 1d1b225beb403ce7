/* The primitives of the burst kernels, as the compiled NPU spells them. Offsets are bytes; see codegen/neurula_codegen/kernels.py.
 * On Linux for x86-64 the widest vectors that the processor has are chosen at load. */
#ifndef NEURULA_PRIMITIVES_H
#define NEURULA_PRIMITIVES_H

#include <limits.h>
#include <stdint.h>
#include <string.h>

#define POTENTIAL_MAX 0x3fffffff
#define RETENTION_ONE 0x400000
#define ROWS_AHEAD 12   /* rows that are fetched into the second cache before they are added; the next one into the first */
#define BYTES_AHEAD 640 /* of each at most */
#define LINE_BYTES 64
#define LONG_LIST 128   /* synapses from which on it pays to compute increments in vectors first */

#if defined(__GNUC__)
/* the empty statement keeps compilers from dropping a function that only fetches, because it changes nothing */
#define PREFETCH(at, level) do { __builtin_prefetch(at, 0, level); __asm__ volatile(""); } while (0)
#else
#define PREFETCH(at, level) ((void)(at))
#endif

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VECTORS
#endif

static inline int mulq22(int v, int r)
{
    return (int)((uint64_t)((int64_t)v * r + (1 << 21)) >> 22);
}

static inline int hash_below(unsigned neuron, unsigned burst, unsigned chance)
{
    uint32_t state = (neuron * 2654435761u + burst * 1597334677u) * 747796405u + 2891336453u;
    uint32_t hash = ((state >> ((state >> 28) + 4u)) ^ state) * 277803737u;
    return ((hash >> 22) ^ hash) < chance;
}

static inline void add_run(int *restrict R32, int base, int size, int step)
{
    int *at = R32 + (base >> 2), *end = at + size;
    while (at != end)
        *at++ += step;
}

static inline void add_list(int *restrict R32, const unsigned short *restrict I16, int base, int at, int size, int step)
{
    int *to = R32 + (base >> 2);
    const unsigned short *list = I16 + (at >> 1);
    for (int i = 0; i < size; i++)
        to[list[i]] += step;
}

static inline void clear(int *R32, int x, int stop)
{
    memset(R32 + (x >> 2), 0, (size_t)(stop - x));
}

/* the first word from x on, before stop, with a bit of mask */
static inline int next_hit(const int *R32, int x, int stop, int mask)
{
    const int *at = R32 + (x >> 2), *end = R32 + (stop >> 2);
    while (at < end && !(*at & mask))
        at++;
    return (int)(at - R32) << 2;
}

/* set bits of `words` words from R32[at] on */
static inline int count_bits(const int *R32, int at, int words)
{
    int bits = 0;
    for (int i = 0; i < words; i++) {
        unsigned w = (unsigned)R32[(at >> 2) + i];
        w -= w >> 1 & 0x55555555u;
        w = (w & 0x33333333u) + (w >> 2 & 0x33333333u);
        bits += (int)(((w + (w >> 4)) & 0x0f0f0f0fu) * 0x01010101u >> 24);
    }
    return bits;
}

/* the numbers of the set bits among `count` bits from half-word `word` on; returns how many */
static inline int collect(const unsigned short *R16, int word, int count, int *restrict found)
{
    const unsigned short *at = R16 + (word >> 1);
    int n = 0, i = 0;
    while (i < count) {
        uint64_t bits = 0;
        if (count - i >= 64) {
            memcpy(&bits, at, 8);
            at += 4;
            while (bits) {
                found[n++] = i + __builtin_ctzll(bits);
                bits &= bits - 1;
            }
            i += 64;
        } else {
            bits = *at++;
            while (bits) {
                found[n++] = i + __builtin_ctzll(bits);
                bits &= bits - 1;
            }
            i += 16;
        }
    }
    return n;
}

/* where the row of a spike starts in the image, and how many of its bytes are worth fetching ahead; the rest: see halves.h */
typedef struct {
    int at, bytes, end, split;
} row_place;

static inline int row_number(const unsigned short *I16, const int *I32, int kind, int rows, int j)
{
    return kind == 1 ? rows + j : kind == 2 ? I16[(rows >> 1) + j] : kind == 3 ? I32[(rows >> 2) + j] : rows;
}

/* The rows of all spikes of a group, before the first is added: loads that wait for memory then wait together.
 * The directory ascends, so the next entry bounds a row. */
static inline void find_rows(
    const int *I32, const unsigned short *I16, int kind, int rows, int directory, const int *found, int spikes, row_place *places)
{
    const int *entry = I32 + (directory >> 2);
    for (int i = 0; i < spikes; i++) {
        const int r = row_number(I16, I32, kind, rows, found[i]), at = entry[r], bytes = entry[r + 1] - at;
        places[i].at = at;
        places[i].bytes = at && (unsigned)bytes > BYTES_AHEAD ? BYTES_AHEAD : at ? bytes : 0;
    }
}

static inline void fetch_far(const int *I32, row_place place)
{
    const char *at = (const char *)I32 + place.at, *end = at + place.bytes;
    for (; at < end; at += LINE_BYTES)
        PREFETCH(at, 2);
}

static inline void fetch_near(const int *I32, row_place place)
{
    const char *at = (const char *)I32 + place.at, *end = at + place.bytes;
    for (; at < end; at += LINE_BYTES)
        PREFETCH(at, 3);
}

/* ---- sixteen neurons at a time -------------------------------------------------------------------------------------
 * Plain loops over sixteen lanes without a branch, which compilers turn into vector instructions. */

enum { LANES = 16, LANES_BYTES = 64 };

static inline int any_lane(const int *words)
{
    uint64_t parts[8];
    memcpy(parts, words, LANES_BYTES);
    return (parts[0] | parts[1] | parts[2] | parts[3] | parts[4] | parts[5] | parts[6] | parts[7]) != 0;
}

/* sets the bits of the lanes that are 1; every area has whole half-words of bits. Few blocks have one */
static inline void mark(unsigned char *bits, const int *lanes)
{
    unsigned found = 0;
    if (!any_lane(lanes))
        return;
    for (int i = 0; i < LANES; i++)
        found |= (unsigned)lanes[i] << i;
    bits[0] |= (unsigned char)found;
    bits[1] |= (unsigned char)(found >> 8);
}

static inline void sweep_lanes(int *restrict a, int *restrict fires, int mask, int low, int high)
{
    for (int i = 0; i < LANES; i++) {
        int word = a[i], hit = (word & mask) != 0;
        fires[i] = hit & (word >= low) & (word <= high);
        a[i] = hit ? 0 : word;
    }
}

VECTORS static void sweep_plain(int *in, int count, unsigned char *bits, int mask, int low, int high)
{
    int a[LANES], fires[LANES];
    for (; count >= LANES; count -= LANES, in += LANES, bits += LANES / 8) {
        if (!any_lane(in))
            continue;
        memcpy(a, in, LANES_BYTES);
        sweep_lanes(a, fires, mask, low, high);
        memcpy(in, a, LANES_BYTES);
        mark(bits, fires);
    }
    if (count > 0) {
        memset(a, 0, LANES_BYTES);
        memcpy(a, in, 4 * (size_t)count);
        sweep_lanes(a, fires, mask, low, high);
        memcpy(in, a, 4 * (size_t)count);
        mark(bits, fires);
    }
}

/* what the neurons of an area share; sign: -1 where the retention is negative, else 0 */
typedef struct {
    int k, mask, gain, threshold, limit, sign, factor, shift;
} law;

static inline void integrate_lanes(int *restrict a, int *restrict v, int *restrict fires, law l)
{
    const int most = POTENTIAL_MAX >> l.shift, high = l.factor >> 11, low = l.factor & 2047;
    for (int i = 0; i < LANES; i++) {
        int word = a[i], hit = (word & l.mask) != 0, c = word >> l.k, sum, w, vh, vl, fire;
        sum = v[i] + (c > 0 ? c : 0) * l.gain;
        sum = sum > POTENTIAL_MAX ? POTENTIAL_MAX : sum;
        fire = hit & (sum >= l.threshold) & (sum <= l.limit);
        w = (sum ^ l.sign) - l.sign;
        vh = w >> 15;
        vl = w & 32767;
        w = vh * high * 16 + ((vh * low * 16 + vl * high + ((vl * low) >> 11) + 1024) >> 11);
        w = w > most ? most : w;
        w = w < -most ? -most : w;
        w = fire ? 0 : w << l.shift;
        fires[i] = fire;
        v[i] = hit ? w : v[i];
        a[i] = hit ? 0 : word;
    }
}

VECTORS static void integrate_plain(int *in, int *kept, int count, unsigned char *bits, law l)
{
    int a[LANES], v[LANES], fires[LANES];
    for (; count >= LANES; count -= LANES, in += LANES, kept += LANES, bits += LANES / 8) {
        if (!any_lane(in))
            continue;
        memcpy(a, in, LANES_BYTES);
        memcpy(v, kept, LANES_BYTES);
        integrate_lanes(a, v, fires, l);
        memcpy(in, a, LANES_BYTES);
        memcpy(kept, v, LANES_BYTES);
        mark(bits, fires);
    }
    if (count > 0) {
        const size_t bytes = 4 * (size_t)count;
        memset(a, 0, LANES_BYTES);
        memset(v, 0, LANES_BYTES);
        memcpy(a, in, bytes);
        memcpy(v, kept, bytes);
        integrate_lanes(a, v, fires, l);
        memcpy(in, a, bytes);
        memcpy(kept, v, bytes);
        mark(bits, fires);
    }
}

#if defined(__x86_64__) && defined(__GNUC__)
#include "vectors_x86.h"
#endif

static inline void add_weights(int *restrict to, const unsigned short *restrict list, const unsigned char *restrict weight, int size, int step)
{
    const int bias = 1 - step * 128;
#ifdef NEURULA_VECTORS_X86_H
    if (size >= LONG_LIST && vector_bits >= 256) {
        add_weighted_256(to, list, weight, size, step, bias);
        return;
    }
#endif
    for (int i = 0; i < size; i++)
        to[list[i]] += weight[i] * step + bias;
}

static inline void add_weighted(
    int *R32, const unsigned short *I16, const unsigned char *I8, int base, int at, int size, int step)
{
    add_weights(R32 + (base >> 2), I16 + (at >> 1), I8 + at + (((size + 1) >> 1) << 2), size, step);
}

/* clears the words with a bit of mask, and marks in the bitmap those within low..high; the area's inputs start at `inputs` */
static void sweep(int *R32, unsigned short *R16, int x, int stop, int mask, int low, int high, int fired, int inputs)
{
    int *in = R32 + (x >> 2), count = (stop - x) >> 2;
    unsigned char *bits = (unsigned char *)R16 + fired + ((x - inputs) >> 5);
#ifdef NEURULA_VECTORS_X86_H
    if (vector_bits == 512) {
        sweep_512(in, count, bits, mask, low, high);
        return;
    }
    if (vector_bits == 256) {
        const int done = sweep_256(in, count, bits, mask, low, high);
        in += done, bits += done / 8, count -= done;
    }
#endif
    sweep_plain(in, count, bits, mask, low, high);
}

/* updates the neurons from x on, a multiple of sixteen after the area's first */
static void integrate(
    int *R32, unsigned short *R16, int x, int stop, int mask, int k, int gain, int threshold, int limit,
    int retention, int shift, int potentials, int inputs, int fired)
{
    int *in = R32 + (x >> 2), *kept = R32 + ((potentials + x - inputs) >> 2), count = (stop - x) >> 2;
    unsigned char *bits = (unsigned char *)R16 + fired + ((x - inputs) >> 5);
    const int sign = retention >> 31, factor = (retention ^ sign) - sign;
    /* a retention of 1 takes nothing whatever its shift: without one the formula gives back what it gets */
    const law l = {k, mask, gain, threshold, limit, sign, factor, retention == RETENTION_ONE ? 0 : shift};
#ifdef NEURULA_VECTORS_X86_H
    if (vector_bits == 512) {
        integrate_512(in, kept, count, bits, l);
        return;
    }
    if (vector_bits == 256) {
        const int done = integrate_256(in, kept, count, bits, l);
        in += done, kept += done, bits += done / 8, count -= done;
    }
#endif
    integrate_plain(in, kept, count, bits, l);
}

#endif
