/* Products and quotients that an ESP8266 has in its ROM, and that Debian's compiler for it therefore does not bring. In the runtime
 * only the loader needs them. */

#include <stdint.h>

extern int64_t __divmoddi4(int64_t a, int64_t b, int64_t *rest);
extern uint64_t __udivmoddi4(uint64_t a, uint64_t b, uint64_t *rest);

/* a / b, bit by bit; the remainder to *rest */
static uint32_t divided(uint32_t a, uint32_t b, uint32_t *rest)
{
    uint32_t quotient = 0, r = 0;
    for (int bit = 31; bit >= 0; bit--) {
        uint32_t carry = r >> 31;
        r = r << 1 | (a >> bit & 1u);
        if (carry || r >= b) {
            r -= b;
            quotient |= 1u << bit;
        }
    }
    *rest = r;
    return quotient;
}

uint32_t __udivsi3(uint32_t a, uint32_t b)
{
    uint32_t rest;
    return divided(a, b, &rest);
}

uint32_t __umodsi3(uint32_t a, uint32_t b)
{
    uint32_t rest;
    divided(a, b, &rest);
    return rest;
}

uint64_t __umulsidi3(uint32_t a, uint32_t b)
{
    uint32_t ah = a >> 16, al = a & 65535u, bh = b >> 16, bl = b & 65535u;
    uint32_t low = al * bl, middle = ah * bl + (low >> 16), other = al * bh + (middle & 65535u);
    uint32_t high = ah * bh + (middle >> 16) + (other >> 16);
    return (uint64_t)high << 32 | (other << 16 | (low & 65535u));
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
    uint32_t ah = (uint32_t)(a >> 32), al = (uint32_t)a, bh = (uint32_t)(b >> 32), bl = (uint32_t)b;
    return __umulsidi3(al, bl) + ((uint64_t)(ah * bl + al * bh) << 32);
}

int64_t __divdi3(int64_t a, int64_t b)
{
    int64_t rest;
    return __divmoddi4(a, b, &rest);
}

uint64_t __udivdi3(uint64_t a, uint64_t b)
{
    uint64_t rest;
    return __udivmoddi4(a, b, &rest);
}

uint64_t __umoddi3(uint64_t a, uint64_t b)
{
    uint64_t rest;
    __udivmoddi4(a, b, &rest);
    return rest;
}
