"""The boot ROM of an ESP32 or ESP32-C3 behind a TCP port, and the flasher stub once it was loaded: as much as esptool uses.

Its flash can be compared afterwards. Frames are SLIP, commands and answers as esptool's documentation of the serial protocol says.
"""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

FLASH_BYTES = 4 << 20
FLASH_ID = 0x1640EF  # 4 MB
MAGIC_REGISTER, ESP32_MAGIC = 0x40001000, 0x00F01D83
FLASH_ID_REGISTERS = (0x3FF42080, 0x60002058)
ROM_GREETING = 0x20120707  # a stub greets with 0
OK, UNKNOWN, BAD_SUM = b"\0\0", b"\1\5", b"\1\7"
MEM_END, READ_REGISTER, WRITE_REGISTER, SYNC, SECURITY = 0x06, 0x0A, 0x09, 0x08, 0x14
BEGIN, DATA, PACKED_BEGIN, PACKED_DATA, MD5, ERASE_ALL = 0x02, 0x03, 0x10, 0x11, 0x13, 0xD0


class FakeEsp:
    """chip_id: 0 = ESP32, which older ROMs do not tell; 5 = ESP32-C3. spoil: flip a bit of what is written."""

    def __init__(self, chip_id: int, *, spoil: bool = False) -> None:
        self.flash = bytearray(range(256)) * (FLASH_BYTES // 256)  # something was on it before
        self.chip_id = chip_id
        self.spoil = spoil
        self.stub = False
        self.commands: list[int] = []
        self._at = 0
        self._unpacker = zlib.decompressobj()

    def answer(self, op: int, data: bytes, checksum: int) -> Iterator[bytes]:
        """The packets that follow a command."""
        self.commands.append(op)
        value, body, status = 0, b"", OK
        if op == SYNC:
            value = 0 if self.stub else ROM_GREETING
        if op == SECURITY and self.chip_id:
            body = struct.pack("<IB7xII", 0, 0, self.chip_id, 0)
        elif op == SECURITY:
            status = UNKNOWN
        elif op == READ_REGISTER:
            value = self.register(int.from_bytes(data[:4], "little"))
        elif op in (BEGIN, PACKED_BEGIN):
            size, _, _, self._at = struct.unpack("<4I", data[:16])
            self._unpacker = zlib.decompressobj()
            end = -(-(self._at + size) // 4096) * 4096
            self.flash[self._at : end] = b"\xff" * (end - self._at)
        elif op in (DATA, PACKED_DATA):
            status = self.write(data[16:], checksum, packed=op == PACKED_DATA)
        elif op == ERASE_ALL:
            self.flash[:] = b"\xff" * FLASH_BYTES
        elif op == MD5:
            start, size = struct.unpack("<2I", data[:8])
            digest = hashlib.md5(self.flash[start : start + size])
            body = digest.digest() if self.stub else digest.hexdigest().encode()
        tail = status if self.stub else status + OK
        for _ in range(8 if op == SYNC else 1):
            yield struct.pack("<BBHI", 1, op, len(body) + len(tail), value) + body + tail
        if op == MEM_END:
            self.stub = True
            yield b"OHAI"

    def register(self, address: int) -> int:
        if address in FLASH_ID_REGISTERS:
            return FLASH_ID
        return ESP32_MAGIC if address == MAGIC_REGISTER and not self.chip_id else 0

    def write(self, block: bytes, checksum: int, *, packed: bool) -> bytes:
        total = 0xEF
        for byte in block:
            total ^= byte
        if total != checksum & 255:
            return BAD_SUM
        plain = bytearray(self._unpacker.decompress(block) if packed else block)
        if self.spoil:
            plain[0] ^= 1
        self.flash[self._at : self._at + len(plain)] = plain
        self._at += len(plain)
        return OK


def serve(esp: FakeEsp, listener: socket.socket) -> None:
    """One client, until it hangs up."""
    client, _ = listener.accept()
    received = b""
    with client:
        while data := client.recv(1 << 16):
            *frames, received = (received + data).split(b"\xc0")
            for frame in frames:
                packet = frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
                if len(packet) < 8 or packet[0]:
                    continue
                for out in esp.answer(packet[1], packet[8:], int.from_bytes(packet[4:8], "little")):
                    client.sendall(b"\xc0" + out.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0")


@contextmanager
def served(esp: FakeEsp) -> Iterator[str]:
    """The port's URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(esp, listener))
        thread.start()
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)
