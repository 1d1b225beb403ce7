"""The board's half of authenticated UDP (authenticated, not encrypted); the layouts are in host/neurula/link/udp_auth.py."""

from hashlib import sha256
from os import urandom

OPEN, ACCEPT, DATA = 0x11, 0x12, 0x13
KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 16, 8
HEAD_BYTES = 9  # of data: kind and counter
PAYLOAD_MAX = 1024
DATAGRAM_MAX = HEAD_BYTES + PAYLOAD_MAX + TAG_BYTES
WINDOW = 64


class Tagger:
    """HMAC-SHA-256 with a key of 32 bytes."""

    def __init__(self, key):
        if len(key) != KEY_BYTES:
            raise ValueError("key")
        self.inner = bytes([byte ^ 0x36 for byte in key]) + b"\x36" * 32
        self.outer = bytes([byte ^ 0x5C for byte in key]) + b"\x5c" * 32

    def digest(self, data):
        inner = sha256(self.inner)
        inner.update(data)
        outer = sha256(self.outer)
        outer.update(inner.digest())
        return outer.digest()

    def signed(self, data):
        return data + self.digest(data)[:TAG_BYTES]

    def holds(self, datagram, size):
        """Whether the last bytes are the tag of those before; takes as long for every wrong tag."""
        digest = self.digest(memoryview(datagram)[: size - TAG_BYTES])
        difference = 0
        for i in range(TAG_BYTES):
            difference |= digest[i] ^ datagram[size - TAG_BYTES + i]
        return difference == 0


class Channel:
    """One session: each counter of the host once, and none that is WINDOW or more behind the highest."""

    def __init__(self, tagger, nonces):
        self.nonces = nonces
        self.forth = Tagger(tagger.digest(b"host" + nonces))
        self.back = Tagger(tagger.digest(b"board" + nonces))
        self.highest = self.sent = 0
        self.seen = bytearray(WINDOW)  # by the counter's last bits
        self.seen[0] = 1

    def open(self, datagram, size):
        """Whether a datagram is to be believed."""
        if size < HEAD_BYTES + TAG_BYTES or size > DATAGRAM_MAX or datagram[0] != DATA:
            return False
        counter = int.from_bytes(datagram[1:HEAD_BYTES], "little")
        age = self.highest - counter
        if age >= WINDOW or age >= 0 and self.seen[counter % WINDOW] or not self.forth.holds(datagram, size):
            return False
        if age < 0:
            for passed in range(self.highest + 1, min(counter, self.highest + WINDOW) + 1):
                self.seen[passed % WINDOW] = 0
            if -age > WINDOW:
                for i in range(WINDOW):
                    self.seen[i] = 0
            self.highest = counter
        self.seen[counter % WINDOW] = 1
        return True

    def seal(self, payload):
        self.sent += 1
        return self.back.signed(b"\x13" + self.sent.to_bytes(8, "little") + payload)


class BoardAuth:
    """A session takes the place of the one before it when its first datagram has proven fresh. random: n -> n bytes."""

    def __init__(self, key, random=urandom):
        self.tagger = Tagger(key)
        self.random = random
        self.asked = self.channel = None
        self.refused = 0

    def take(self, datagram, size):
        """True: bytes HEAD_BYTES to size - TAG_BYTES are the payload. False: not to be believed. Else: bytes to answer with."""
        if size and datagram[0] == OPEN:
            return self.opened(datagram, size)
        if self.channel is not None and self.channel.open(datagram, size):
            return True
        if self.asked is not None and self.asked.open(datagram, size):
            self.channel, self.asked = self.asked, None
            return True
        self.refused += 1
        return False

    def opened(self, datagram, size):
        if size != 1 + NONCE_BYTES + TAG_BYTES or not self.tagger.holds(datagram, size):
            self.refused += 1
            return False
        nonce = bytes(datagram[1 : 1 + NONCE_BYTES])
        for known in (self.asked, self.channel):
            if known is not None and known.nonces[:NONCE_BYTES] == nonce:
                break
        else:
            known = self.asked = Channel(self.tagger, nonce + self.random(NONCE_BYTES))
        return self.tagger.signed(b"\x12" + known.nonces)
