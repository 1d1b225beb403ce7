"""python image_header.py brain.nrl > brain.h: an image as a C array, and the RAM block that it asks for.

The array is one of 32-bit words, because an image must lie at an address that is a multiple of 4. Include it in one file.
"""

from __future__ import annotations

import struct
import sys

RAM_BYTES_AT = 20  # field ram_bytes of the header, see docs/SPEC.md
PER_LINE = 8


def header_of(image: bytes) -> str:
    """The text of the header. Raises ValueError for bytes that are no image."""
    if len(image) < 64 or len(image) % 4 or image[:4] != b"NRLB":
        raise ValueError("this is no image of a brain")
    (ram_bytes,) = struct.unpack_from("<I", image, RAM_BYTES_AT)
    words = [f"0x{word:08x}u," for (word,) in struct.iter_unpack("<I", image)]
    lines = [" ".join(words[at : at + PER_LINE]) for at in range(0, len(words), PER_LINE)]
    return "\n".join([
        "#include <stdint.h>", "", f"#define BRAIN_BYTES {len(image)}u", f"#define BRAIN_RAM_WORDS {ram_bytes // 4}u", "",
        "static const uint32_t brain_image[] = {", *("    " + line for line in lines), "};", "",
    ])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        with open(sys.argv[1], "rb") as file:
            sys.stdout.write(header_of(file.read()))
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
