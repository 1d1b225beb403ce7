"""The board's end of the wire: takes frames, carries out each request once, keeps sensor values, sends what was subscribed.

See docs/WIRE.md. Nothing that happens in every burst takes memory."""

import struct
from array import array

try:
    import micropython
    from micropython import const
except ImportError:
    from neurula_mcu.pointers import const, micropython

from neurula_mcu.image import ImageError as Refusal
from neurula_mcu.requests import Requests, put_text
from neurula_mcu.ticks import sleep_us, ticks_diff, ticks_ms
from neurula_mcu.wire import (
    _HERE, _TABLE_AT, _accept, ANSWERS, crc_wrong, FrameDecoder, FrameWriter, LAYOUTS, MORE, NAMES, PAYLOAD_AT, PAYLOAD_OUT,
)

# <wire WIRE_FINGERPRINT REMEMBERED BREAK_MS GREET PING CHUNK ESTOP ERROR STEPPED SENSE INJECT EXCITE>
_WIRE_FINGERPRINT = const(0x0ab10ec8)
_REMEMBERED = const(8)
_BREAK_MS = const(100)
_GREET = const(1)
_PING = const(2)
_CHUNK = const(8)
_ESTOP = const(25)
_ERROR = const(65)
_STEPPED = const(74)
_SENSE = const(128)
_INJECT = const(129)
_EXCITE = const(130)
# </wire>
_CHUNK_BYTES = const(256)
_SILENCE_MS = const(1000)  # nothing is sent unasked to a host that has said nothing for so long
_BLOCKED_MS = const(100)  # a host that lets the board wait so long does not read
_FLUSH_US = const(50000)  # the last answer leaves before the board resets
_TEXT_BYTES = const(120)  # of an error
_KEPT_BYTES = const(48)  # of an answer that is kept: its type, its length, payload
_BEGUN = b"\1"  # the version: what follows a 3 in SENSE, and in no Ctrl-C that more than Ctrl-A follows
_READING = (3, 4, 5, 6, 20, 21)  # requests that only look: they may be carried out again


def nothing(_loop=None, _at=0, _end=0):
    """What a board without channels does with them."""


def no_stimulus(count):
    return count


def quick_serve(link, read_into, decoder, accept, table):
    """Link.serve as a closure: on a microcontroller looking names up costs more than most frames do."""
    chunk = bytearray(_CHUNK_BYTES)
    buffer, body_at = decoder.buffer, decoder.body_at
    size = 0  # of the unfinished frame in the buffer
    now = ticks_ms

    @micropython.native
    def serve(loop):
        """Takes in what has arrived, a chunk at most, and does what it says; whether anything had, or is about to.
        KeyboardInterrupt at Ctrl-C."""
        nonlocal size
        got = read_into(chunk)
        if got <= 0:
            if not size:
                return False
            if link.ended(size):
                size = 0
            return True  # the rest of a frame is on its way: nobody shall sleep now
        link.got_ms = moment = now()
        at = 0
        heard = False
        while at < got:
            found = accept(buffer, size, chunk, at, got, table)
            at = found & 511
            end = (found >> 9 & 511) - 4
            if found < 262144:
                size = end + 4
                continue
            size = 0
            if found >= 524288 or crc_wrong and crc_wrong(body_at, end - 1, _TABLE_AT):
                link.rejected += 1
                continue
            heard = True
            if buffer[2] == _SENSE:
                last = link.last_sense
                sequence = buffer[4] | buffer[5] << 8
                if last < 0 or 0 < (sequence - last) & 0xFFFF < 0x8000:
                    link.last_sense = sequence
                    link.take(buffer, PAYLOAD_AT, end)
                else:
                    link.dropped += 1
            else:
                link.handle(loop, end)
        if heard:
            loop.failsafe.command(moment)
        return True

    return serve


class Link:
    """One host. port: see neurula_mcu.port.

    What the loop calls in every burst: serve(loop), whether anything arrives; sense(count): adds the host's stimulus to the
    `count` injections of the pins, how many there are then; decode(): looks at the burst for what motors want; publish(loop)."""

    def __init__(self, port):
        self.port = port
        self.decoder = FrameDecoder()
        self.writer = FrameWriter()
        self.kept = bytearray(_REMEMBERED * _KEPT_BYTES)
        self.numbers = array("i", bytes(4 * _REMEMBERED))  # of the requests whose answers are kept
        self.requests = None
        self.channels = None
        self.session = 0
        self.floor = 0  # the oldest number of a request that may still be carried out
        self.rejected = self.dropped = 0
        self.got_ms = 0
        self.sent = 0
        self.take, self.sense, self.decode = nothing, no_stimulus, nothing
        self.serve = quick_serve(self, port.read_into, self.decoder, _accept, _HERE)
        self.forget()

    def forget(self):
        """What belongs to a session only."""
        for place in range(_REMEMBERED):
            self.numbers[place] = -1
        self.last_sense = self.last_inject = -1
        self.streams = self.frames = self.logged = 0
        self.publish = nothing
        if self.channels is not None:
            self.channels.clear()

    # ---- what arrives ----------------------------------------------------------------------------------------------

    def ended(self, size):
        """Whether an unfinished frame of that size is not going to end. KeyboardInterrupt when it is Ctrl-C."""
        if 0 <= ticks_diff(ticks_ms(), self.got_ms) <= _BREAK_MS:
            return False
        begun = bytes(self.decoder.buffer[: min(size, 16)])
        if begun[:2] == b"\r\3" or (begun[0] == 3 and (begun[1:2] != _BEGUN or size == 2)):
            self.port.leave(begun.lstrip(b"\r\3"))
            raise KeyboardInterrupt
        return True

    def handle(self, loop, end):
        """Does what a frame says whose payload ends there."""
        buffer = self.decoder.buffer
        type, sequence = buffer[2], buffer[4] | buffer[5] << 8
        self.decoder.end = end
        if type < 128:
            self.request(loop, type, sequence)
        elif self.channels is not None and (type == _INJECT or type == _EXCITE):
            if self.last_inject < 0 or 0 < (sequence - self.last_inject) & 0xFFFF < 0x8000:
                self.last_inject = sequence
                take = self.channels.inject if type == _INJECT else self.channels.excite
                take(buffer, PAYLOAD_AT, end)
            else:
                self.dropped += 1

    def request(self, loop, type, sequence):
        """Answers a request, and carries it out unless that was done before."""
        if self.requests is None:
            self.requests = Requests(loop, self)
        known = type < len(NAMES) and ANSWERS[type]  # what is no request shall not move the memory of requests
        if type == _GREET or type == _PING or type == _ESTOP or not known or not self.session:
            self.carry_out(loop, type, sequence, -1)
            return
        place = sequence % _REMEMBERED
        if self.numbers[place] == sequence:
            self.dropped += 1
            self.answer_again(place, sequence)
            return
        ahead = (sequence - self.floor) & 0xFFFF
        if ahead >= 0x8000:
            self.dropped += 1
            return
        self.numbers[place] = -1
        if type in _READING:
            self.carry_out(loop, type, sequence, -1)
        else:
            self.carry_out(loop, type, sequence, place)
            self.numbers[place] = sequence
        if ahead >= _REMEMBERED:
            self.floor = (sequence + 1 - _REMEMBERED) & 0xFFFF
        then, self.requests.then = self.requests.then, None
        if then:
            sleep_us(_FLUSH_US)
            then()

    def carry_out(self, loop, type, sequence, place):
        """Does what a request says, answers whatever comes of it, and keeps the answer at a place, unless that is -1."""
        decoder, out = self.decoder, self.writer.buffer
        try:
            if type >= len(NAMES) or not ANSWERS[type]:
                raise Refusal("F131", "the board knows no such request", type)
            if not self.session and type not in (_GREET, _PING, _ESTOP):
                raise Refusal("F138", "there is no session: the board has restarted, or another host has greeted it")
            kind = ANSWERS[type]
            if type == _CHUNK:
                end = self.requests.chunk(out, decoder.buffer, decoder.end)
            else:
                end = self.call(out, type) or PAYLOAD_OUT
        except Exception as error:
            kind = _ERROR
            end = self.put_error(loop, out, error)
        if place >= 0:
            self.keep(place, kind, out, end)
        self.port.write(out, self.writer.finish(kind, 0, sequence, end))

    def call(self, out, type):
        """Calls the method of a request with its fields; where the answer ends."""
        decoder = self.decoder
        layout = LAYOUTS[type]
        at = PAYLOAD_AT + struct.calcsize(layout)
        if at > decoder.end or (at < decoder.end and not MORE[type]):
            raise Refusal("F133", "the payload of %s has not the length that it should" % NAMES[type])
        fields = struct.unpack_from(layout, decoder.buffer, PAYLOAD_AT)
        if MORE[type]:
            fields += (memoryview(decoder.buffer)[at : decoder.end],)
        return getattr(self.requests, NAMES[type])(out, *fields)

    def keep(self, place, kind, out, end):
        """Remembers an answer: the beginning of it, where it is long."""
        kept = self.kept
        at = place * _KEPT_BYTES
        size = min(end - PAYLOAD_OUT, _KEPT_BYTES - 2)
        if kind == _STEPPED:
            size = 12
        kept[at] = kind
        kept[at + 1] = size
        for i in range(size):
            kept[at + 2 + i] = out[PAYLOAD_OUT + i]
        if kind == _ERROR:
            kept[at + 2 + 8] = size - 9

    def answer_again(self, place, sequence):
        at = place * _KEPT_BYTES
        size = self.kept[at + 1]
        out = self.writer.buffer
        out[PAYLOAD_OUT : PAYLOAD_OUT + size] = self.kept[at + 2 : at + 2 + size]
        self.port.write(out, self.writer.finish(self.kept[at], 0, sequence, PAYLOAD_OUT + size))

    def put_error(self, loop, out, error):
        """The payload of an ERROR; where it ends."""
        code = getattr(error, "code", None)
        if not isinstance(code, str):
            code = "R101" if isinstance(error, MemoryError) else "F133" if isinstance(error, (TypeError, ValueError)) else "F136"
            loop.log.add("F136", loop.last_burst())
        text = (getattr(error, "message", None) or repr(error))[:_TEXT_BYTES]
        struct.pack_into("<4sI", out, PAYLOAD_OUT, code.encode(), max(0, getattr(error, "at", 0)))
        return put_text(out, PAYLOAD_OUT + 8, text)

    def greet(self, session, fingerprint):
        """A new session number makes all forgotten that belonged to another one."""
        if fingerprint != _WIRE_FINGERPRINT:
            raise Refusal("L121", "the board speaks the wire %08x, its host %08x" % (_WIRE_FINGERPRINT, fingerprint))
        if session == 0:
            raise Refusal("F133", "0 is no number of a session")
        if session != self.session:
            self.session = session
            self.floor = self.decoder.sequence()
            self.forget()

    def open_channels(self, loop):
        """The channels of the brain that runs."""
        if self.channels is None:
            from neurula_mcu.channels import Channels  # a board that needs none keeps its memory

            self.channels = Channels(self, loop.brain, len(loop.brain.words) // 3 if loop.pins is not None else 0)
        return self.channels

    # ---- every burst -----------------------------------------------------------------------------------------------

    def subscribe(self, loop, streams, frames, every):
        """From now on what the bits of `streams` name is sent after every so many bursts."""
        self.streams, self.frames = streams, frames
        self.logged = loop.log.added
        self.publish = quick_publish(self, self.requests.publish, streams, every) if streams and every else nothing

    @micropython.native
    def send(self, type, flags, end):
        """Sends a value whose payload ends at `end` of the writer's buffer."""
        self.sent = sequence = (self.sent + 1) & 0xFFFF
        writer = self.writer
        self.port.write(writer.buffer, writer.finish(type, flags, sequence, end))


def quick_publish(link, send, streams, every):
    """Link.publish as a closure: sends what was subscribed when it is its turn, and the host is there and reads."""
    until = 0
    now, diff = ticks_ms, ticks_diff

    @micropython.native
    def publish(loop):
        nonlocal until
        until -= 1
        if until > 0:
            return
        until = every
        begun = now()
        if not 0 <= diff(begun, link.got_ms) < _SILENCE_MS:
            return
        send(streams)
        if diff(now(), begun) > _BLOCKED_MS:  # it is connected and does not read
            link.publish = nothing

    return publish


def standard_link():
    """The link on standard input and output."""
    from neurula_mcu.port import standard_port

    return Link(standard_port())
