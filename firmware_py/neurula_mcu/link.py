"""The line protocol of a board that runs: ASCII lines there, lines back, the last begins with ok or error. See docs/PROTOCOL.md."""

import gc
import sys
from binascii import a2b_base64, hexlify, unhexlify

from neurula_mcu.image import FINGERPRINT, ImageError as Refusal
from neurula_mcu.loop import RATE_MAX_HZ, RATE_MIN_HZ
from neurula_mcu.ticks import sleep_us

LINE_BYTES = 320
PROTOCOL = 1
STEPS_MAX = 100000
CHUNK_BYTES = 180
MEASURE_US = 40000  # bursts further apart leave time to look at the heap
FLUSH_US = 50000  # the last answer leaves before the board resets


class Link:
    """One host on a stream of bytes. ready(): true when a byte is there; read_into(buffer): reads one byte; write(text)."""

    LINE = 2

    def __init__(self, ready, read_into, write):
        self.ready = ready
        self.read_into = read_into
        self.write = write
        self.line = bytearray(LINE_BYTES)
        self.size = 0
        self.one = bytearray(1)
        self.closed = False
        self.commands = None

    def take(self):
        """Takes in one byte if there is one: 0 nothing was there, 1 it was, LINE a line is complete."""
        try:
            if self.closed or not self.ready():
                return 0
            if not self.read_into(self.one):
                self.closed = True
                return 0
        except OSError:
            self.closed = True
            return 0
        byte = self.one[0]
        if byte == 10 or byte == 13:
            return self.LINE if self.size else 1
        if self.size < LINE_BYTES:
            self.line[self.size] = byte
        self.size += self.size <= LINE_BYTES  # one more than fits marks a line that is too long
        return 1

    def answer(self, loop):
        """Carries out the line that is complete. Whatever goes wrong is an answer, too."""
        size, self.size = self.size, 0
        if self.commands is None:
            self.commands = Commands(loop, self.say)
        loop.failsafe.command()
        try:
            if size > LINE_BYTES:
                raise Refusal("F132", "the line is too long")
            self.say("ok" + self.commands.carry_out(self.line[:size]))
        except Exception as error:
            code = getattr(error, "code", None)
            if not isinstance(code, str):
                code = "R101" if isinstance(error, MemoryError) else "F136"
                loop.log.add(code if code[0] == "F" else "F136", loop.last_burst())
            self.say("error %s %d %s" % (code, getattr(error, "at", 0), getattr(error, "message", None) or repr(error)))
            return
        if self.commands.then:
            then, self.commands.then = self.commands.then, None
            sleep_us(FLUSH_US)
            then()

    def say(self, text):
        self.write(text + "\n")


class Commands:
    """The verbs. Each method answers with what follows "ok", beginning with a space."""

    def __init__(self, loop, say):
        self.loop = loop
        self.say = say
        self.writer = None
        self.then = None  # what is done after the answer has gone
        self.free_bytes = self.used_bytes = 0
        self.measure()
        self.forced = []
        self.inject = []

    def carry_out(self, line):
        if max(line) > 126 or min(line) < 32:
            raise Refusal("F131", "the line is no command")
        words = line.decode().split()
        if not words:
            return ""
        method = getattr(self, "do_" + words[0], None)
        if method is None:
            raise Refusal("F131", "there is no command " + words[0][:20])
        try:
            return method(*words[1:]) or ""
        except (TypeError, ValueError) as error:
            if hasattr(error, "code"):
                raise
            raise Refusal("F133", "the arguments of %s are not right: %r" % (words[0], error))

    def need_brain(self):
        if self.loop.brain is None:
            raise Refusal("F135", "no brain runs: " + self.why())
        return self.loop.brain

    def need_stopped(self):
        if self.loop.running:
            raise Refusal("F134", "the brain runs: say stop first")
        return self.need_brain()

    def need_slots(self):
        if self.loop.slots is None:
            raise Refusal("F147", "this board has no place to keep brains")
        return self.loop.slots

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

    def do_hello(self):
        gc.collect()
        loop = self.loop
        choice = loop.slots.running if loop.slots is not None else None
        slot = str(choice.slot) if choice else "-"
        state = "safe" if loop.brain is None else choice.state if choice else "confirmed"
        reason = loop.hardware.reason + (" " + self.why() if loop.brain is None else "")
        self.measure()
        known = PROTOCOL, loop.board, FINGERPRINT, self.free_bytes, slot, state, loop.last_burst(), reason
        return " neurula %d %s %08x %d %s %s %d %s" % known

    def do_stats(self):
        """The heap as it is now where there is time for it, else as it was at the last hello."""
        loop = self.loop
        if not loop.running or loop.period_us > MEASURE_US:
            self.measure()
        bursts = loop.last_burst(), loop.overruns, loop.worst_us, loop.mean_us()
        return " %d %d %d %d %d %d" % (bursts + (self.free_bytes, self.used_bytes))

    def do_logs(self):
        for line in self.loop.log.lines():
            self.say(line)

    def do_pins(self):
        """Whether the outputs are live, and what the last burst wants of each."""
        failsafe = self.loop.failsafe
        state = "stopped" if failsafe.stopped else "live" if failsafe.armed() else "neutral"
        return " ".join([" " + state] + [str(output.target) for output in failsafe.outputs])

    # ---- brains ----------------------------------------------------------------------------------------------------

    def do_slots(self):
        slots = self.need_slots()
        rows = " / ".join("%d %s %d %s" % row for row in slots.describe())
        return " %s / %d" % (rows, slots.slot_bytes)

    def do_put(self, size, sha256):
        digest = unhexlify(sha256)
        if len(digest) != 32:
            raise ValueError("SHA-256")
        self.writer = self.need_slots().begin(int(size), digest)
        return " %d" % self.writer.written

    def do_chunk(self, offset, crc, text):
        data = a2b_base64(text)
        if len(data) > CHUNK_BYTES:
            raise ValueError("length")
        return " %d" % self.need_writer().write(int(offset), data, int(crc, 16))

    def do_commit(self):
        slot, sequence = self.need_writer().finish()
        self.writer = None
        return " %d %d" % (slot, sequence)

    def need_writer(self):
        if self.writer is None:
            raise Refusal("F139", "no upload is open: say put first")
        return self.writer

    def do_confirm(self):
        self.need_slots().confirm()

    def do_rollback(self):
        slot = self.need_slots().rollback()
        return " -" if slot is None else " %d" % slot

    def do_retry(self):
        self.need_slots().retry()

    def do_start(self):
        self.then = self.loop.restart

    do_reset = do_start

    # ---- running ---------------------------------------------------------------------------------------------------

    def do_estop(self):
        self.loop.failsafe.stop()

    def do_release(self):
        self.loop.failsafe.release()

    def do_rate(self, rate_hz):
        rate = int(rate_hz)
        if not RATE_MIN_HZ <= rate <= RATE_MAX_HZ:
            raise ValueError("%d to %d" % (RATE_MIN_HZ, RATE_MAX_HZ))
        if rate < self.loop.failsafe.rate_min_hz():
            raise Refusal("F137", "with bursts so rare the failsafe would stop the outputs between them")
        self.loop.set_rate(rate)

    def do_run(self):
        self.need_brain()
        self.loop.running = True

    def do_stop(self):
        self.loop.running = False

    def do_rewind(self):
        """The brain as it was before its first burst."""
        self.need_stopped().rewind()

    def do_force(self, area, neuron):
        self.need_stopped()
        self.forced.append((int(area), int(neuron)))

    def do_inject(self, area, neuron, units):
        self.need_stopped()
        self.inject.append((int(area), int(neuron), int(units)))

    def do_step(self, bursts="1"):
        """Bursts with the host's stimulus only: pins are not read, outputs follow. Each gives a line."""
        brain = self.need_stopped()
        count = int(bursts)
        if not 0 < count <= STEPS_MAX:
            raise ValueError("1 to %d" % STEPS_MAX)
        forced, inject = self.forced, self.inject
        self.forced, self.inject = [], []
        for _ in range(count):
            try:
                brain.step(forced, inject)
            except IndexError:
                raise Refusal("F133", "the brain has no such neuron")
            self.loop.show()
            self.loop.hardware.feed()
            self.say("burst %d %08x %s" % (brain.burst(), brain.state_hash(), brain.fired_slot().decode()))
            forced = inject = ()

    def do_state(self):
        return " " + hexlify(self.need_stopped().ram).decode()


def standard_link():
    """The link on standard input and output."""
    import select

    poller = select.poll()
    poller.register(sys.stdin, select.POLLIN)
    poll = getattr(poller, "ipoll", poller.poll)  # MicroPython's ipoll takes no memory

    def ready():
        for _ in poll(0):
            return True
        return False

    return Link(ready, sys.stdin.buffer.readinto, sys.stdout.write)
