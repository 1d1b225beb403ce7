/* The primitives of the burst kernels, as the compiled NPU spells them. Offsets are bytes; see codegen/neurula_codegen/kernels.py.
 * Loops are written so that the compiler turns them into vector instructions, chosen at load where the platform can. */
#ifndef NEURULA_PRIMITIVES_H
#define NEURULA_PRIMITIVES_H

#include <stdint.h>
#include <string.h>

#define POTENTIAL_MAX 0x3fffffff
#define RETENTION_ONE 0x400000
#define ROWS_AHEAD 6    /* rows that are fetched before they are added */
#define BYTES_AHEAD 640 /* of each at most */
#define LINE_BYTES 64

#if defined(__GNUC__)
#define PREFETCH(at) __builtin_prefetch(at)
#else
#define PREFETCH(at) ((void)(at))
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

static inline void add_weighted(
    int *restrict R32, const unsigned short *restrict I16, const unsigned char *restrict I8, int base, int at, int size, int step)
{
    int *to = R32 + (base >> 2), bias = 1 - step * 128;
    const unsigned short *list = I16 + (at >> 1);
    const unsigned char *weight = I8 + at + (((size + 1) >> 1) << 2);
    for (int i = 0; i < size; i++)
        to[list[i]] += weight[i] * step + bias;
}

/* the first word from x on, before stop, with a bit of mask */
static inline int next_hit(const int *R32, int x, int stop, int mask)
{
    const int *at = R32 + (x >> 2), *end = R32 + (stop >> 2);
    while (at < end && !(*at & mask))
        at++;
    return (int)(at - R32) << 2;
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

/* asks for the beginning of neuron j's row; the directory ascends, so the next entry bounds the row */
static inline void fetch_row(const int *I32, const unsigned short *I16, int kind, int rows, int directory, int j)
{
    int r = kind == 1 ? rows + j : kind == 2 ? I16[(rows >> 1) + j] : kind == 3 ? I32[(rows >> 2) + j] : 0;
    int row = I32[(directory >> 2) + r], bytes = I32[(directory >> 2) + r + 1] - row;
    const char *at = (const char *)I32 + row, *end = at + (bytes > 0 && bytes < BYTES_AHEAD ? bytes : BYTES_AHEAD);
    if (r)
        for (; at < end; at += LINE_BYTES)
            PREFETCH(at);
}

/* clears the words with a bit of mask, and marks in the bitmap those within low..high; x..stop is a whole area */
VECTORS static void sweep(int *restrict R32, unsigned short *restrict R16, int x, int stop, int mask, int low, int high, int fired)
{
    int *restrict in = R32 + (x >> 2);
    unsigned short *restrict bits = R16 + (fired >> 1);
    int neurons = (stop - x) >> 2, first = 0;
    for (; first + 16 <= neurons; first += 16, in += 16, bits++) {
        int any = 0;
        unsigned spikes = 0;
        for (int i = 0; i < 16; i++)
            any |= in[i];
        if (!(any & mask))
            continue;
        for (int i = 0; i < 16; i++) {
            int a = in[i], hit = (a & mask) != 0;
            spikes |= (unsigned)(hit & (a >= low) & (a <= high)) << i;
            in[i] = hit ? 0 : a;
        }
        *bits |= (unsigned short)spikes;
    }
    for (int i = 0; first + i < neurons; i++) {
        int a = in[i];
        if (a & mask) {
            in[i] = 0;
            if (a >= low && a <= high)
                *bits |= (unsigned short)(1u << i);
        }
    }
}

/* one neuron that keeps a potential: what becomes of it, and whether it fires */
static inline int integrated(int v, int c, int gain, int threshold, int limit, int leaks, int retention, int sign, int shift, int *spike)
{
    int most = POTENTIAL_MAX >> shift, leaked;
    v += (c > 0 ? c : 0) * gain;
    v = v > POTENTIAL_MAX ? POTENTIAL_MAX : v;
    *spike = (v >= threshold) & (v <= limit);
    leaked = mulq22(sign ? -v : v, retention);
    leaked = leaked > most ? most : leaked < -most ? -most : leaked;
    leaked = (int)((unsigned)leaked << shift);
    return *spike ? 0 : leaks ? leaked : v;
}

VECTORS static void integrate(
    int *restrict R32, unsigned short *restrict R16, int x, int stop, int mask, int k, int gain, int threshold, int limit,
    int retention, int shift, int potentials, int inputs, int fired)
{
    int *restrict in = R32 + (x >> 2), *restrict kept = R32 + (potentials >> 2);
    unsigned short *restrict bits = R16 + (fired >> 1);
    int neurons = (stop - inputs) >> 2, first = 0, leaks = retention != RETENTION_ONE;
    int sign = retention < 0, factor = sign ? -retention : retention;
    for (; first + 16 <= neurons; first += 16, in += 16, kept += 16, bits++) {
        int any = 0;
        unsigned spikes = 0;
        for (int i = 0; i < 16; i++)
            any |= in[i];
        if (!(any & mask))
            continue;
        for (int i = 0; i < 16; i++) {
            int a = in[i], v = kept[i], hit = (a & mask) != 0, spike;
            int next = integrated(v, a >> k, gain, threshold, limit, leaks, factor, sign, shift, &spike);
            kept[i] = hit ? next : v;
            spikes |= (unsigned)(hit & spike) << i;
            in[i] = hit ? 0 : a;
        }
        *bits |= (unsigned short)spikes;
    }
    for (int i = 0; first + i < neurons; i++) {
        int a = in[i], spike;
        if (a & mask) {
            in[i] = 0;
            kept[i] = integrated(kept[i], a >> k, gain, threshold, limit, leaks, factor, sign, shift, &spike);
            *bits |= (unsigned short)(spike << i);
        }
    }
}

#endif
