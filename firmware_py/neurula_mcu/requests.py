"""What a host can ask of a board: one method a request, named as in docs/WIRE.md.

Each gets the buffer of the answer, the request's fields and what follows them, puts the answer's payload from PAYLOAD_OUT on,
and returns where it ends (None: there is none). It refuses with an error that has a code."""

import gc
import struct
from binascii import crc32

try:
    import micropython
    from micropython import const
except ImportError:
    from neurula_mcu.pointers import const, micropython

from neurula_mcu.image import FINGERPRINT, ImageError as Refusal
from neurula_mcu.loop import RATE_MAX_HZ, RATE_MIN_HZ
from neurula_mcu.wire import PAYLOAD_AT, PAYLOAD_OUT

# <wire WIRE_FINGERPRINT PAYLOAD_BYTES CHUNK_BYTES BRAIN_STATES SLOT_STATES OUTPUT_STATES>
_WIRE_FINGERPRINT = const(0x0ab10ec8)
_PAYLOAD_BYTES = const(240)
_CHUNK_BYTES = const(236)
_BRAIN_STATES = const(("safe", "pending", "confirmed"))
_SLOT_STATES = const(("empty", "upload", "pending", "confirmed", "rejected"))
_OUTPUT_STATES = const(("neutral", "live", "stopped"))
# </wire>
# <wire STREAM_MOTOR STREAM_FIRED STREAM_STATS STREAM_LOG>
_STREAM_MOTOR = const(1)
_STREAM_FIRED = const(2)
_STREAM_STATS = const(4)
_STREAM_LOG = const(8)
# </wire>
# <wire STATS MOTOR LOG HELLO_LAYOUT STATS_LAYOUT SLOTS_LAYOUT SLOT_LAYOUT LOGS_LAYOUT COMMITTED_LAYOUT>
_STATS = const(68)
_MOTOR = const(160)
_LOG = const(162)
_HELLO_LAYOUT = const("<IIIIIIHHBBBB8s")
_STATS_LAYOUT = const("<IIIIIIIIH")
_SLOTS_LAYOUT = const("<I")
_SLOT_LAYOUT = const("<IBI8s")
_LOGS_LAYOUT = const("<II")
_COMMITTED_LAYOUT = const("<BI")
# </wire>
# <wire STEPPED_LAYOUT STATE_LAYOUT INJECTION_LAYOUT FORCED_LAYOUT>
_STEPPED_LAYOUT = const("<III")
_STATE_LAYOUT = const("<II")
_INJECTION_LAYOUT = const("<HIi")
_FORCED_LAYOUT = const("<HI")
# </wire>
_STEPS_MAX = const(100000)
_MEASURE_US = const(40000)  # bursts further apart leave time to look at the heap
_NO_SLOT = const(255)
_TEXT_BYTES = const(130)
_OUT_END = const(247)  # of a payload in the buffer


def put(layout, out, *fields):
    """Packs the fixed fields of an answer; where they end."""
    struct.pack_into(layout, out, PAYLOAD_OUT, *fields)
    return PAYLOAD_OUT + struct.calcsize(layout)


def put_text(out, at, text):
    data = text.encode()[:_TEXT_BYTES]
    out[at] = len(data)
    out[at + 1 : at + 1 + len(data)] = data
    return at + 1 + len(data)


def put_part(out, at, data, offset):
    """As much of some bytes as fits, from an offset on."""
    need(0 <= offset <= len(data), "the offset lies behind the end")
    part = memoryview(data)[offset : offset + _OUT_END - at]
    out[at : at + len(part)] = part
    return at + len(part)


def need(condition, text):
    if not condition:
        raise Refusal("F133", text)


class Requests:
    """then: what is done after the answer has gone, or None."""

    def __init__(self, loop, link):
        self.loop = loop
        self.link = link
        self.writer = None
        self.then = None
        self.forced = []
        self.inject = []
        self.free_bytes = self.used_bytes = 0
        self.measure()

    def need_brain(self):
        if self.loop.brain is None:
            raise Refusal("F135", "no brain runs: " + self.why())
        return self.loop.brain

    def need_stopped(self):
        if self.loop.running:
            raise Refusal("F134", "the brain runs: send STOP first")
        return self.need_brain()

    def need_slots(self):
        if self.loop.slots is None:
            raise Refusal("F147", "this board has no place to keep brains")
        return self.loop.slots

    def need_writer(self):
        if self.writer is None:
            raise Refusal("F139", "no upload is open: send PUT first")
        return self.writer

    def why(self):
        """Why no brain runs."""
        slots = self.loop.slots
        return self.loop.refusal or (slots.safe_reason if slots is not None else "no place to keep brains")

    def measure(self):
        """Looks at the whole heap: some 20 ms on an RP2040, more than a burst has at 100 Hz."""
        if hasattr(gc, "mem_free"):
            self.free_bytes = gc.mem_free()
            self.used_bytes = gc.mem_alloc()

    # ---- what there is ---------------------------------------------------------------------------------------------

    def greet(self, out, session, fingerprint):
        self.link.greet(session, fingerprint)
        loop = self.loop
        gc.collect()
        self.measure()
        slots = loop.slots
        choice = slots.running if slots is not None else None
        record = slots.record(choice.slot) if choice else None
        state = "safe" if loop.brain is None else choice.state if choice else "confirmed"
        at = put(
            _HELLO_LAYOUT, out, session, _WIRE_FINGERPRINT, FINGERPRINT, self.free_bytes,
            slots.slot_bytes if slots is not None else 0, loop.last_burst(), loop.rate_hz, loop.failsafe.failsafe_ms,
            choice.slot if choice else _NO_SLOT, _BRAIN_STATES.index(state), loop.running, loop.failsafe.stopped,
            record.sha8 if record else bytes(8),
        )
        at = put_text(out, put_text(out, at, loop.board[:40]), loop.hardware.reason[:20])
        return put_text(out, at, self.why() if loop.brain is None else "")

    def ping(self, out, data):
        return put_part(out, PAYLOAD_OUT, data, 0)

    def get_stats(self, out):
        """The heap as it is now where there is time for it, else as it was when the host greeted."""
        loop, link = self.loop, self.link
        if not loop.running or loop.period_us > _MEASURE_US:
            self.measure()
        return put(
            _STATS_LAYOUT, out, loop.last_burst(), loop.overruns, loop.worst_us, loop.mean_us(), self.free_bytes, self.used_bytes,
            link.rejected, link.dropped, min(65535, loop.failsafe.trips),
        )

    def get_slots(self, out):
        slots = self.need_slots()
        at = put(_SLOTS_LAYOUT, out, slots.slot_bytes)
        for sequence, state, size, sha8 in slots.describe():
            digest = bytes(8) if sha8 == "-" else bytes.fromhex(sha8)
            struct.pack_into(_SLOT_LAYOUT, out, at, sequence, _SLOT_STATES.index(state), size, digest)
            at += struct.calcsize(_SLOT_LAYOUT)
        return at

    def get_logs(self, out, first):
        log = self.loop.log
        at = PAYLOAD_OUT + 8
        first, end = log.put(first, out, at, _OUT_END - at)
        put(_LOGS_LAYOUT, out, first, log.added)
        return end

    def get_outputs(self, out):
        failsafe = self.loop.failsafe
        state = "stopped" if failsafe.stopped else "live" if failsafe.armed() else "neutral"
        at = put("<B", out, _OUTPUT_STATES.index(state))
        for output in failsafe.outputs:
            if at + 4 > _OUT_END:
                break
            struct.pack_into("<i", out, at, output.target)
            at += 4
        return at

    # ---- brains ----------------------------------------------------------------------------------------------------

    def put(self, out, size, sha256):
        self.writer = self.need_slots().begin(size, sha256)
        return put("<I", out, self.writer.written)

    @micropython.native
    def chunk(self, out, frame, end):
        """Gets the frame itself: what an upload takes in every step must not look for memory."""
        at = PAYLOAD_AT + 4
        need(at < end <= at + _CHUNK_BYTES, "a chunk has 1 to 236 bytes")
        data = memoryview(frame)[at:end]
        after = self.need_writer().write(struct.unpack_from("<I", frame, PAYLOAD_AT)[0], data, crc32(data))
        struct.pack_into("<I", out, PAYLOAD_OUT, after)
        return PAYLOAD_OUT + 4

    def commit(self, out):
        slot, sequence = self.need_writer().finish()
        self.writer = None
        return put(_COMMITTED_LAYOUT, out, slot, sequence)

    def confirm(self, out):
        self.need_slots().confirm()

    def rollback(self, out):
        self.need_slots().rollback()

    def retry(self, out):
        self.need_slots().retry()

    def reset(self, out):
        self.then = self.loop.restart

    # ---- running ---------------------------------------------------------------------------------------------------

    def estop(self, out):
        self.loop.failsafe.stop()

    def release(self, out):
        self.loop.failsafe.release()

    def rate(self, out, rate_hz):
        need(RATE_MIN_HZ <= rate_hz <= RATE_MAX_HZ, "the rate is %d to %d" % (RATE_MIN_HZ, RATE_MAX_HZ))
        if rate_hz < self.loop.failsafe.rate_min_hz():
            raise Refusal("F137", "with bursts so rare the failsafe would stop the outputs between them")
        self.loop.set_rate(rate_hz)

    def start(self, out):
        self.need_brain()
        self.loop.running = True

    def stop(self, out):
        self.loop.running = False

    def injections(self, out, data):
        self.need_stopped()
        self.inject += records(_INJECTION_LAYOUT, data)

    def force(self, out, data):
        self.need_stopped()
        self.forced += records(_FORCED_LAYOUT, data)

    def step(self, out, bursts):
        """Bursts with the host's stimulus only: pins are not read, outputs follow."""
        brain = self.need_stopped()
        need(0 < bursts <= _STEPS_MAX, "1 to %d bursts" % _STEPS_MAX)
        forced, inject = self.forced, self.inject
        self.forced, self.inject = [], []
        for _ in range(bursts):
            try:
                brain.step(forced, inject)
            except IndexError:
                raise Refusal("F133", "the brain has no such neuron")
            self.loop.show()
            self.loop.hardware.feed()
            forced = inject = ()
        bitmaps = fired_bitmaps(brain)
        at = put(_STEPPED_LAYOUT, out, brain.burst(), brain.state_hash(), len(bitmaps))
        return put_part(out, at, bitmaps, 0)

    def get_fired(self, out, offset):
        bitmaps = fired_bitmaps(self.need_stopped())
        return put_part(out, put("<I", out, offset), bitmaps, offset)

    def rewind(self, out):
        self.need_stopped().rewind()

    def snapshot(self, out, offset):
        ram = self.need_stopped().ram
        return put_part(out, put(_STATE_LAYOUT, out, offset, len(ram)), ram, offset)

    # ---- sensors and motors ----------------------------------------------------------------------------------------

    def bind(self, out, *fields):
        self.need_brain()
        self.link.open_channels(self.loop).bind(*fields)

    def subscribe(self, out, streams, frames, every):
        known = _STREAM_MOTOR | _STREAM_FIRED | _STREAM_STATS | _STREAM_LOG
        need(streams & ~known == 0, "there is no such stream")
        if streams & (_STREAM_MOTOR | _STREAM_FIRED):
            self.need_brain()
            self.link.open_channels(self.loop)
        self.link.subscribe(self.loop, streams, frames, every)

    @micropython.native
    def publish(self, streams):
        """Sends what was subscribed."""
        link = self.link
        out = link.writer.buffer
        if streams & _STREAM_MOTOR:
            link.send(_MOTOR, 0, link.channels.put_motors(out, PAYLOAD_OUT))
            if streams == _STREAM_MOTOR:
                return
        loop = self.loop
        if streams & _STREAM_FIRED:
            link.channels.send_fired(link, link.frames)
        if streams & _STREAM_STATS:
            link.send(_STATS, 0, self.get_stats(out))
        if streams & _STREAM_LOG and link.logged != loop.log.added:
            _, end = loop.log.put(link.logged, out, PAYLOAD_OUT, _PAYLOAD_BYTES)
            link.logged = loop.log.added
            link.send(_LOG, 0, end)


def records(layout, data):
    """The entries of a list."""
    size = struct.calcsize(layout)
    need(len(data) % size == 0, "the list is cut off")
    return [struct.unpack_from(layout, data, at) for at in range(0, len(data), size)]


def fired_bitmaps(brain):
    """The last burst's spikes as they lie in memory."""
    image = brain.image
    at = image.bits_at + brain.ram[4] * image.slot_bytes
    return memoryview(brain.ram)[at : at + image.slot_bytes]
