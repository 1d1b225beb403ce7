/* ---- Memory --------------------------------------------------------------------------------------------------------
 * Words and half-words lie over the same bytes, which C allows through types that may alias (GCC, Clang) or memcpy. */

#if defined(__BYTE_ORDER__) && defined(__ORDER_LITTLE_ENDIAN__)
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "an image is little-endian, and so must be the machine that runs it"
#endif
#endif

/* implementation-defined in C99, the same on every compiler that matters: refused at compile time where it is not */
typedef char nrl_shifts_keep_the_sign[(-4 >> 1) == -2 ? 1 : -1];
typedef char nrl_conversions_wrap[(int32_t)4294967295u == -1 ? 1 : -1];

typedef unsigned char nrl_byte;

#if defined(__GNUC__) && !defined(NRL_PORTABLE)

typedef uint32_t __attribute__((__may_alias__)) nrl_word_at;
typedef uint16_t __attribute__((__may_alias__)) nrl_half_at;

static inline uint32_t load32(const nrl_byte *at) { return *(const nrl_word_at *)(const void *)at; }
static inline uint32_t load16(const nrl_byte *at) { return *(const nrl_half_at *)(const void *)at; }
static inline void store32(nrl_byte *at, uint32_t value) { *(nrl_word_at *)(void *)at = value; }
static inline void store16(nrl_byte *at, uint32_t value) { *(nrl_half_at *)(void *)at = (uint16_t)value; }

#else

#include <string.h>

static inline uint32_t load32(const nrl_byte *at) { uint32_t value; memcpy(&value, at, 4); return value; }
static inline uint32_t load16(const nrl_byte *at) { uint16_t value; memcpy(&value, at, 2); return value; }
static inline void store32(nrl_byte *at, uint32_t value) { memcpy(at, &value, 4); }
static inline void store16(nrl_byte *at, uint32_t value) { uint16_t half = (uint16_t)value; memcpy(at, &half, 2); }

#endif

/* ---- Primitives ----------------------------------------------------------------------------------------------------
 * A register is a uint32_t, so that arithmetic wraps; its sign matters to comparisons and to shifts to the right. */

static inline int32_t s32(uint32_t value) { return (int32_t)value; }
static inline uint32_t sar(uint32_t value, uint32_t bits) { return (uint32_t)((int32_t)value >> bits); }

/* round(v * r / 2^22) for |v| < 2^30 and 0 <= r <= 2^22, without leaving 32 bits */
static inline uint32_t mulq22(uint32_t v, uint32_t r)
{
    uint32_t vh = sar(v, 15), vl = v & 32767u, r1 = sar(r, 11), r0 = r & 2047u;
    return vh * r1 * 16u + sar(vh * r0 * 16u + vl * r1 + sar(vl * r0, 11) + 1024u, 11);
}

/* 1 if the counter hash of (neuron, burst) is below `chance`; the hash is that of FEAGI's burst engine */
static inline uint32_t hash_below(uint32_t neuron, uint32_t burst, uint32_t chance)
{
    uint32_t state = (neuron * 2654435761u + burst * 1597334677u) * 747796405u + 2891336453u;
    uint32_t hash = ((state >> ((state >> 28) + 4u)) ^ state) * 277803737u;
    return ((hash >> 22) ^ hash) < chance ? 1u : 0u;
}

static inline void add32(nrl_byte *at, uint32_t step) { store32(at, load32(at) + step); }

/* adds `step` to `size` input words that follow each other */
static inline void add_run(nrl_byte *restrict ram, uint32_t base, uint32_t size, uint32_t step)
{
    nrl_byte *at = ram + base, *end = at + ((size >> 3) << 5);
    while (at != end) {
@add_run@
        at += 32;
    }
    end += (size & 7u) << 2;
    while (at != end) {
        add32(at, step);
        at += 4;
    }
}

/* adds `step` to the `size` input words whose numbers, counted from `base`, stand in a list of half-words */
static inline void add_list(
    const nrl_byte *restrict img, nrl_byte *restrict ram, uint32_t base, uint32_t list, uint32_t size, uint32_t step)
{
    nrl_byte *to = ram + base;
    const nrl_byte *at = img + list, *end = at + ((size >> 3) << 4);
    while (at != end) {
@add_list@
        at += 16;
    }
    end += (size & 7u) << 1;
    while (at != end) {
        add32(to + (load16(at) << 2), step);
        at += 2;
    }
}

/* the same with a byte of weight per target, which lie behind the list: byte b adds (b - 128) * step + 1 */
static inline void add_weighted(
    const nrl_byte *restrict img, nrl_byte *restrict ram, uint32_t base, uint32_t list, uint32_t size, uint32_t step)
{
    nrl_byte *to = ram + base;
    const nrl_byte *at = img + list, *end = at + ((size >> 3) << 4), *weight = at + (((size + 1u) >> 1) << 2);
    uint32_t bias = 1u - (step << 7);
    while (at != end) {
@add_weighted@
        at += 16;
        weight += 8;
    }
    end += (size & 7u) << 1;
    while (at != end) {
        add32(to + (load16(at) << 2), *weight * step + bias);
        at += 2;
        weight++;
    }
}

/* the first word from `at` on, before `stop`, with a bit of `mask`; silent words are skipped four at a time */
static inline uint32_t next_hit(const nrl_byte *restrict ram, uint32_t at, uint32_t stop, uint32_t mask)
{
    while (s32(at) < s32(stop)) {
        if (load32(ram + at) & mask)
            break;
        at += 4u;
        while (s32(at) < s32(stop - 12u)) {
            if ((load32(ram + at) | load32(ram + at + 4) | load32(ram + at + 8) | load32(ram + at + 12)) & mask)
                break;
            at += 16u;
        }
    }
    return at;
}

/* clears the words from `from` to `stop` that have a bit of `mask`, and marks in the bitmap `fired` those within low..high */
static inline void sweep(
    nrl_byte *restrict ram, uint32_t from, uint32_t stop, uint32_t mask, uint32_t low, uint32_t high, uint32_t fired)
{
    uint32_t at;
    for (at = next_hit(ram, from, stop, mask); s32(at) < s32(stop); at = next_hit(ram, at + 4u, stop, mask)) {
        uint32_t word = load32(ram + at);
        store32(ram + at, 0);
        if (s32(word) >= s32(low) && s32(word) <= s32(high)) {
            uint32_t i = (at - from) >> 2;
            nrl_byte *bits = ram + fired + ((i >> 4) << 1);
            store16(bits, load16(bits) | 1u << (i & 15u));
        }
    }
}
