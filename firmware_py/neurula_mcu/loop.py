"""Bursts at a set rate, and between them whatever the host asks. Nothing in here takes memory while the brain runs."""

from neurula_mcu.ticks import ticks_add, ticks_diff, ticks_ms, ticks_us

RATE_MIN_HZ, RATE_MAX_HZ = 1, 1000
IDLE_US = 10000  # between two looks at the watchdog while no brain runs
SHORT_US = 1500  # not worth sleeping: the clock's interrupt comes every millisecond
MEAN_OF = 1024  # bursts; then old ones count half
TOOK_MAX_US = 1000000  # so that a sum of MEAN_OF stays below 2^30
HEALTHY_MS = 3000  # a boot whose bursts went on for so long was no failure


class Loop:
    """One boot's work. brain: None in safe mode; pins: None without a wiring; link: see neurula_mcu.link."""

    def __init__(self, hardware, log, failsafe, link, brain=None, pins=None, rate_hz=100):
        self.hardware = hardware
        self.log = log
        self.failsafe = failsafe
        self.link = link
        self.brain = brain
        self.pins = pins
        self.slots = None
        self.board = "unknown"
        self.refusal = ""  # why no slot was looked at
        self.running = brain is not None
        self.set_rate(rate_hz)
        self.overruns = self.worst_us = self.sum_us = self.timed = 0
        self.trips = 0
        self.stopped = failsafe.stopped
        self.healthy = False
        self.begun_ms = ticks_ms()

    def set_rate(self, rate_hz):
        """Bursts in a second; a rate out of range counts as the nearest."""
        self.rate_hz = rate_hz = max(RATE_MIN_HZ, min(RATE_MAX_HZ, rate_hz))
        self.period_us = 1000000 // rate_hz

    def run(self, rounds=-1):
        """So many rounds, -1 for ever. What a burst raises comes out of here; what the link raises does not."""
        due = ticks_us()
        while rounds:
            if rounds > 0:
                rounds -= 1
            self.hardware.feed()
            if self.running:
                self.burst()
                self.link.publish(self)
                due = ticks_add(due, self.period_us)
                if ticks_diff(due, ticks_us()) < 0:
                    self.overruns += 1
                    due = ticks_us()
            else:
                due = ticks_add(ticks_us(), IDLE_US)
            self.notice()
            self.wait(due)

    def burst(self):
        """Senses, runs, decodes: one burst of the free-running brain."""
        begun = ticks_us()
        self.brain.run(self.link.sense(0 if self.pins is None else self.pins.sense()))
        self.show()
        took = min(ticks_diff(ticks_us(), begun), TOOK_MAX_US)
        if took > self.worst_us:
            self.worst_us = took
        if self.timed == MEAN_OF:
            self.timed >>= 1
            self.sum_us >>= 1
        self.timed += 1
        self.sum_us += took

    def show(self):
        """Hands the last burst's outputs over to the failsafe."""
        now = ticks_ms()
        if self.pins is not None:
            self.pins.decode(now)
        self.link.decode()
        self.failsafe.fresh(now)

    def mean_us(self):
        return self.sum_us // self.timed if self.timed else 0

    def notice(self):
        """Logs what the failsafe has done by itself, and ends a trial of a brain that went well."""
        failsafe = self.failsafe
        if failsafe.broken:
            raise RuntimeError("an output failed")
        if failsafe.trips != self.trips:
            self.trips = failsafe.trips
            self.log.add("F144", self.last_burst())
        if failsafe.stopped != self.stopped:
            self.stopped = failsafe.stopped
            self.hardware.latch(self.stopped)
            self.log.add("F145" if self.stopped else "F146", self.last_burst())
        if not self.healthy and ticks_diff(ticks_ms(), self.begun_ms) > HEALTHY_MS:
            self.settle()

    def settle(self):
        """This boot was no failure."""
        self.healthy = True
        try:
            if self.slots is not None:
                self.slots.healthy()
        except Exception as error:  # flash that takes no mark any more does not stop a brain
            self.log.add(getattr(error, "code", "F136"), self.last_burst())

    def restart(self):
        """Resets the board because the host asks for it, which is no failure either."""
        self.settle()
        self.hardware.reset()

    def last_burst(self):
        return self.brain.burst() if self.brain is not None else 0

    def wait(self, due):
        """Serves the link until `due`, and at least once."""
        link = self.link
        while True:
            came = link.serve(self)
            left = ticks_diff(due, ticks_us())
            if left <= 0:
                return
            if not came and left > SHORT_US:
                self.rest()

    def rest(self):
        """About a millisecond in which nothing is to be done."""
        self.hardware.feed()
        self.hardware.idle()
