/* `integrate` in the vectors of x86-64: the arithmetic of `integrate_lanes` (primitives.h), eight or sixteen neurons in one register.
 * The product with the retention is taken in 64 bits, even and odd lanes apart: (v * r + 2^21) >> 22 is what the kernels compute.
 * NEURULA_VECTORS in the environment caps the width in bits (0, 256, 512), to compare them on one machine. */
#ifndef NEURULA_VECTORS_X86_H
#define NEURULA_VECTORS_X86_H

#include <immintrin.h>
#include <stdlib.h>

static int vector_bits;

__attribute__((constructor)) static void choose_vectors(void)
{
    const char *told = getenv("NEURULA_VECTORS");
    const int most = told ? atoi(told) : 512;
    __builtin_cpu_init();
    vector_bits = most >= 512 && __builtin_cpu_supports("avx512f") ? 512 : most >= 256 && __builtin_cpu_supports("avx2") ? 256 : 0;
}

/* increments of a stretch first, then its additions: these wait for stores less often than one by one */
__attribute__((target("avx2"))) static void add_weighted_256(
    int *restrict to, const uint16_t *restrict list, const uint8_t *restrict weight, int size, int step, int bias)
{
    enum { STRETCH = 128 };
    const __m256i steps = _mm256_set1_epi32(step), biases = _mm256_set1_epi32(bias);
    int add[STRETCH];
    for (; size > 0; size -= STRETCH, list += STRETCH, weight += STRETCH) {
        const int count = size < STRETCH ? size : STRETCH, whole = count & ~7;
        int i = 0;
        for (; i < whole; i += 8) {
            const __m256i w = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(weight + i)));
            _mm256_storeu_si256((__m256i *)(add + i), _mm256_add_epi32(_mm256_mullo_epi32(w, steps), biases));
        }
        __asm__ volatile("" : : : "memory");
        for (i = 0; i < whole; i += 4) {
            uint64_t places;
            memcpy(&places, list + i, 8);
            to[places & 65535] += add[i];
            to[places >> 16 & 65535] += add[i + 1];
            to[places >> 32 & 65535] += add[i + 2];
            to[places >> 48] += add[i + 3];
        }
        for (; i < count; i++)
            to[list[i]] += weight[i] * step + bias;
    }
}

/* how many words from `in` on have none of the bits, a multiple of 64. Asked behind sixteen (eight) silent ones only, so that it costs
 * nothing where most are touched */
__attribute__((target("avx512f"))) static inline int silence_512(const int *in, int count, __m512i hits)
{
    int silent = 0;
    for (; count - silent >= 64; silent += 64) {
        const int *at = in + silent;
        const __m512i one = _mm512_or_si512(_mm512_loadu_si512(at), _mm512_loadu_si512(at + 16)),
                      two = _mm512_or_si512(_mm512_loadu_si512(at + 32), _mm512_loadu_si512(at + 48));
        if (_mm512_test_epi32_mask(_mm512_or_si512(one, two), hits))
            break;
    }
    return silent;
}

__attribute__((target("avx2"))) static inline int silence_256(const int *in, int count, __m256i hits)
{
    int silent = 0;
    for (; count - silent >= 64; silent += 64) {
        const __m256i *at = (const __m256i *)(in + silent);
        __m256i any = _mm256_loadu_si256(at);
        for (int i = 1; i < 8; i++)
            any = _mm256_or_si256(any, _mm256_loadu_si256(at + i));
        if (!_mm256_testz_si256(any, hits))
            break;
    }
    return silent;
}

/* without a branch: whether one of sixteen fired is hard to foresee */
static inline void mark_512(unsigned char *bits, __mmask16 fire)
{
    uint16_t word;
    memcpy(&word, bits, 2);
    word |= fire;
    memcpy(bits, &word, 2);
}

__attribute__((target("avx512f"))) static void sweep_512(int *in, int count, unsigned char *bits, int mask, int low, int high)
{
    const __m512i hits = _mm512_set1_epi32(mask), least = _mm512_set1_epi32(low), most = _mm512_set1_epi32(high);
    for (; count > 0; count -= 16, in += 16, bits += 2) {
        const __mmask16 live = count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1);
        const __m512i a = _mm512_maskz_loadu_epi32(live, in);
        const __mmask16 hit = _mm512_test_epi32_mask(a, hits);
        if (!hit) {
            const int silent = silence_512(in + 16, count - 16, hits);
            in += silent, bits += silent / 8, count -= silent;
            continue;
        }
        _mm512_mask_storeu_epi32(in, hit, _mm512_setzero_si512());
        mark_512(bits, _mm512_mask_cmple_epi32_mask(_mm512_mask_cmpge_epi32_mask(hit, a, least), a, most));
    }
}

/* plain: the retention is not negative and has no shift, so nothing can leave the range */
__attribute__((target("avx512f"), always_inline)) static inline void integrate_some_512(
    int *in, int *kept, int count, unsigned char *bits, law l, const int plain)
{
    const __m512i mask = _mm512_set1_epi32(l.mask), gain = _mm512_set1_epi32(l.gain), threshold = _mm512_set1_epi32(l.threshold),
                  limit = _mm512_set1_epi32(l.limit), sign = _mm512_set1_epi32(l.sign), factor = _mm512_set1_epi32(l.factor),
                  top = _mm512_set1_epi32(POTENTIAL_MAX), most = _mm512_set1_epi32(POTENTIAL_MAX >> l.shift),
                  least = _mm512_set1_epi32(-(POTENTIAL_MAX >> l.shift)), half = _mm512_set1_epi64(1 << 21),
                  zero = _mm512_setzero_si512();
    const __m128i k = _mm_cvtsi32_si128(l.k), shift = _mm_cvtsi32_si128(l.shift);
    for (; count > 0; count -= 16, in += 16, kept += 16, bits += 2) {
        const __mmask16 live = count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1);
        const __m512i a = _mm512_maskz_loadu_epi32(live, in);
        const __mmask16 hit = _mm512_test_epi32_mask(a, mask);
        if (!hit) {
            const int silent = silence_512(in + 16, count - 16, mask);
            in += silent, kept += silent, bits += silent / 8, count -= silent;
            continue;
        }
        const __m512i v = _mm512_maskz_loadu_epi32(live, kept), c = _mm512_max_epi32(_mm512_sra_epi32(a, k), zero);
        const __m512i sum = _mm512_min_epi32(_mm512_add_epi32(v, _mm512_mullo_epi32(c, gain)), top);
        const __mmask16 fire = _mm512_mask_cmple_epi32_mask(_mm512_mask_cmpge_epi32_mask(hit, sum, threshold), sum, limit);
        const __m512i w = plain ? sum : _mm512_sub_epi32(_mm512_xor_si512(sum, sign), sign);
        const __m512i even = _mm512_srli_epi64(_mm512_add_epi64(_mm512_mul_epi32(w, factor), half), 22);
        const __m512i odd = _mm512_slli_epi64(_mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(w, 32), factor), half), 10);
        __m512i leaked = _mm512_mask_mov_epi32(even, 0xaaaa, odd);
        if (!plain)
            leaked = _mm512_sll_epi32(_mm512_max_epi32(_mm512_min_epi32(leaked, most), least), shift);
        _mm512_mask_storeu_epi32(kept, hit, _mm512_maskz_mov_epi32((__mmask16)~fire, leaked));
        _mm512_mask_storeu_epi32(in, hit, zero);
        mark_512(bits, fire);
    }
}

__attribute__((target("avx512f"))) static void integrate_512(int *in, int *kept, int count, unsigned char *bits, law l)
{
    if (l.sign == 0 && l.shift == 0)
        integrate_some_512(in, kept, count, bits, l, 1);
    else
        integrate_some_512(in, kept, count, bits, l, 0);
}

/* whole groups of eight neurons; returns how many neurons that were */
__attribute__((target("avx2"), always_inline)) static inline int integrate_some_256(
    int *in, int *kept, int count, unsigned char *bits, law l, const int plain)
{
    const __m256i mask = _mm256_set1_epi32(l.mask), gain = _mm256_set1_epi32(l.gain), threshold = _mm256_set1_epi32(l.threshold),
                  limit = _mm256_set1_epi32(l.limit), sign = _mm256_set1_epi32(l.sign), factor = _mm256_set1_epi32(l.factor),
                  top = _mm256_set1_epi32(POTENTIAL_MAX), most = _mm256_set1_epi32(POTENTIAL_MAX >> l.shift),
                  least = _mm256_set1_epi32(-(POTENTIAL_MAX >> l.shift)), half = _mm256_set1_epi64x(1 << 21),
                  zero = _mm256_setzero_si256();
    const __m128i k = _mm_cvtsi32_si128(l.k), shift = _mm_cvtsi32_si128(l.shift);
    const int whole = count & ~7;
    for (int i = 0; i < whole; i += 8, in += 8, kept += 8, bits++) {
        const __m256i a = _mm256_loadu_si256((const __m256i *)in);
        if (_mm256_testz_si256(a, mask)) {
            if (!(i & 63)) {
                const int silent = silence_256(in + 8, whole - i - 8, mask);
                in += silent, kept += silent, bits += silent / 8, i += silent;
            }
            continue;
        }
        const __m256i v = _mm256_loadu_si256((const __m256i *)kept), miss = _mm256_cmpeq_epi32(_mm256_and_si256(a, mask), zero);
        const __m256i c = _mm256_max_epi32(_mm256_sra_epi32(a, k), zero);
        const __m256i sum = _mm256_min_epi32(_mm256_add_epi32(v, _mm256_mullo_epi32(c, gain)), top);
        const __m256i outside = _mm256_or_si256(_mm256_cmpgt_epi32(threshold, sum), _mm256_cmpgt_epi32(sum, limit));
        const __m256i stays = _mm256_or_si256(outside, miss);
        const __m256i w = plain ? sum : _mm256_sub_epi32(_mm256_xor_si256(sum, sign), sign);
        const __m256i even = _mm256_srli_epi64(_mm256_add_epi64(_mm256_mul_epi32(w, factor), half), 22);
        const __m256i odd = _mm256_slli_epi64(_mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(w, 32), factor), half), 10);
        __m256i leaked = _mm256_blend_epi32(even, odd, 0xaa);
        if (!plain)
            leaked = _mm256_sll_epi32(_mm256_max_epi32(_mm256_min_epi32(leaked, most), least), shift);
        const __m256i next = _mm256_and_si256(stays, leaked);
        _mm256_storeu_si256((__m256i *)kept, _mm256_blendv_epi8(next, v, miss));
        _mm256_storeu_si256((__m256i *)in, _mm256_and_si256(a, miss));
        *bits |= (unsigned char)~_mm256_movemask_ps(_mm256_castsi256_ps(stays));
    }
    return whole;
}

__attribute__((target("avx2"))) static int integrate_256(int *in, int *kept, int count, unsigned char *bits, law l)
{
    if (l.sign == 0 && l.shift == 0)
        return integrate_some_256(in, kept, count, bits, l, 1);
    return integrate_some_256(in, kept, count, bits, l, 0);
}

/* whole groups of eight words; returns how many words that were */
__attribute__((target("avx2"))) static int sweep_256(int *in, int count, unsigned char *bits, int mask, int low, int high)
{
    const __m256i hits = _mm256_set1_epi32(mask), least = _mm256_set1_epi32(low), most = _mm256_set1_epi32(high);
    const int whole = count & ~7;
    for (int i = 0; i < whole; i += 8, in += 8, bits++) {
        const __m256i a = _mm256_loadu_si256((const __m256i *)in);
        if (_mm256_testz_si256(a, hits)) {
            if (!(i & 63)) {
                const int silent = silence_256(in + 8, whole - i - 8, hits);
                in += silent, bits += silent / 8, i += silent;
            }
            continue;
        }
        const __m256i miss = _mm256_cmpeq_epi32(_mm256_and_si256(a, hits), _mm256_setzero_si256());
        const __m256i outside = _mm256_or_si256(_mm256_cmpgt_epi32(least, a), _mm256_cmpgt_epi32(a, most));
        _mm256_storeu_si256((__m256i *)in, _mm256_and_si256(a, miss));
        *bits |= (unsigned char)~_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_or_si256(outside, miss)));
    }
    return whole;
}

#endif
