"""Mutations of images: with checksums broken, or made good again as somebody with bad intentions would."""

from __future__ import annotations

import hashlib
import random
import struct
from zlib import crc32

from neurula_npu.schema import RECORDS
from tests.conformance.brains import image_of, random_connectome

HEADER = 4 * len(RECORDS["HEADER"])
SECTIONS_AT = 4 * RECORDS["HEADER"].index("sections")


def sample_images() -> list[bytes]:
    """Small images that together use every feature."""
    images = [image_of(random_connectome(seed)) for seed in range(60)]
    return sorted((image for image in images if len(image) < 6000), key=len)


def mutate(image: bytes, rng: random.Random) -> bytes:
    """One to four random changes; never the image itself."""
    data = bytearray(image)
    for _ in range(rng.randint(1, 4)):
        kind = rng.randrange(6)
        at = rng.randrange(len(data)) if data else 0
        if kind <= 1 and data:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2 and len(data) > 4:
            at &= -4
            word = rng.choice([0, 1, 2, 4, 64, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, len(data), rng.getrandbits(32), rng.getrandbits(12)])
            data[at : at + 4] = struct.pack("<I", word)
        elif kind == 3:
            del data[at:]
        elif kind == 4:
            data[at:at] = rng.randbytes(rng.randint(1, 8))
        else:
            other = rng.randrange(len(data) + 1)
            data[at : at + 8] = data[other : other + 8]
    return bytes(data) if bytes(data) != image else mutate(image, rng)


def sign(data: bytes) -> bytes:
    """Corrects length, CRCs and hash, so that only the loader's other checks stand in the way."""
    image = bytearray(data)
    size = len(image) & -4
    del image[size:]
    if size < HEADER + 40:
        return bytes(image)
    struct.pack_into("<I", image, 12, size)
    count = min(struct.unpack_from("<I", image, SECTIONS_AT)[0], 16)
    for index in range(count):
        entry = HEADER + 16 * index
        if entry + 16 > size:
            break
        _, offset, length, _ = struct.unpack_from("<4sIII", image, entry)
        struct.pack_into("<I", image, entry + 12, crc32(image[offset : offset + length]))
    end = HEADER + 16 * count
    if end + 4 <= size:
        struct.pack_into("<I", image, end, crc32(image[:end]))
    image[-32:] = hashlib.sha256(image[:-32]).digest()
    return bytes(image)
