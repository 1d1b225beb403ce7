/* ---- CRC-32 (IEEE 802.3) and SHA-256 (FIPS 180-4), small rather than fast ------------------------------------------ */

static uint32_t crc32(const nrl_byte *data, uint32_t bytes)
{
    static const uint32_t TABLE[16] = {
        0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u, 0x4db26158u, 0x5005713cu,
        0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu, 0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu,
    };
    uint32_t crc = 0xffffffffu, i;
    for (i = 0; i < bytes; i++) {
        crc ^= data[i];
        crc = (crc >> 4) ^ TABLE[crc & 15u];
        crc = (crc >> 4) ^ TABLE[crc & 15u];
    }
    return ~crc;
}

static const uint32_t SHA256_K[64] = {
@sha256_k@
};

static uint32_t turn(uint32_t value, uint32_t bits) { return (value >> bits) | (value << (32u - bits)); }

static uint32_t big_endian(const nrl_byte *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void sha256_block(uint32_t state[8], const nrl_byte *block)
{
    uint32_t w[64], v[8], i;
    for (i = 0; i < 16; i++)
        w[i] = big_endian(block + 4 * i);
    for (i = 16; i < 64; i++) {
        uint32_t low = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3);
        uint32_t high = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + low + w[i - 7] + high;
    }
    for (i = 0; i < 8; i++)
        v[i] = state[i];
    /* V(0) to V(7) are the working variables a to h; instead of moving them, their names move */
#define V(name) v[((name) - i) & 7u]
    for (i = 0; i < 64; i++) {
        uint32_t choice = (V(4) & V(5)) ^ (~V(4) & V(6)), majority = (V(0) & V(1)) ^ (V(0) & V(2)) ^ (V(1) & V(2));
        uint32_t one = V(7) + (turn(V(4), 6) ^ turn(V(4), 11) ^ turn(V(4), 25)) + choice + SHA256_K[i] + w[i];
        V(3) += one;
        V(7) = one + (turn(V(0), 2) ^ turn(V(0), 13) ^ turn(V(0), 22)) + majority;
    }
#undef V
    for (i = 0; i < 8; i++)
        state[i] += v[i];
}

/* 1 if `digest` is the SHA-256 of the bytes */
static int sha256_matches(const nrl_byte *data, uint32_t bytes, const nrl_byte *digest)
{
    uint32_t state[8] = {
@sha256_h@
    };
    nrl_byte tail[128];
    uint32_t whole = bytes & ~63u, rest = bytes & 63u, size = rest < 56 ? 64 : 128, i;
    for (i = 0; i < whole; i += 64)
        sha256_block(state, data + i);
    for (i = 0; i < size; i++)
        tail[i] = i < rest ? data[whole + i] : i == rest ? 128 : 0;
    for (i = 0; i < 4; i++)
        tail[size - 1 - i] = (nrl_byte)(bytes << 3 >> (8 * i));
    tail[size - 5] = (nrl_byte)(bytes >> 29);
    for (i = 0; i < size; i += 64)
        sha256_block(state, tail + i);
    for (i = 0; i < 8; i++)
        if (big_endian(digest + 4 * i) != state[i])
            return 0;
    return 1;
}
