/* The runtime as one blob for an emulated core: a single entry at its first byte, calls by number, arguments in memory. */

#include "../neurula.c"

#define BRAIN ((nrl_brain *)(uintptr_t)a[1])
#define AT(type, index) ((type)(uintptr_t)a[index])

__attribute__((section(".entry"), used)) int32_t entry(const uint32_t *a)
{
    switch (a[0]) {
    case 0: return (int32_t)nrl_ram_bytes(AT(const void *, 1), a[2]);
    case 1: return nrl_open(BRAIN, AT(const void *, 2), a[3], AT(void *, 4), a[5], AT(uint32_t *, 6));
    case 2: return nrl_step(BRAIN, AT(const int32_t *, 2), a[3], AT(const int32_t *, 4), a[5]);
    case 3: return (int32_t)nrl_state_hash(BRAIN);
    case 4: return (int32_t)(uintptr_t)nrl_fired_bits(BRAIN, a[2]);
    /* the parts of a burst, for counting */
    case 5: begin(BRAIN->image, BRAIN->ram, AT(const nrl_byte *, 2), a[3]); return 0;
    case 6: deliver(BRAIN->image, BRAIN->ram); return 0;
    case 7: deliver_valued(BRAIN->image, BRAIN->ram); return 0;
    case 8: update(BRAIN->image, BRAIN->ram, AT(const nrl_byte *, 2), 0, a[3]); return 0;
    case 9: learn(BRAIN->image, BRAIN->ram); return 0;
    default: return -1;
    }
}

/* a compiler may call these for loops and initialisers; there is no libc here */
void *memset(void *to, int value, __SIZE_TYPE__ size)
{
    volatile unsigned char *at = to;
    while (size--)
        *at++ = (unsigned char)value;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, __SIZE_TYPE__ size)
{
    volatile unsigned char *at = to;
    const unsigned char *source = from;
    while (size--)
        *at++ = *source++;
    return to;
}
