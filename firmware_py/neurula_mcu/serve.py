"""Runs a brain for a host that asks line by line: the wire of the emulated boards and of the conformance tests.

Lines from the host (ASCII): `file PATH`, `flash ADDRESS SIZE`, `inject AREA NEURON UNITS`, `force AREA NEURON`,
`step N`, `state`, `memory`, `end`. Answers: `ok ...`, `error CODE AT MESSAGE`, per burst `burst NUMBER HASH FIRED` (hex).
"""

import gc
import sys
from binascii import hexlify

from neurula_mcu.brain import Brain
from neurula_mcu.image import ImageError


class Server:
    """One brain, one host."""

    def __init__(self, read_line, write):
        self.read_line = read_line
        self.write = write
        self.brain = None
        self.forced = []
        self.inject = []

    def serve(self):
        """Answers until the host says `end`."""
        while True:
            words = self.read_line().split()
            if not words:
                continue
            if words[0] == "end":
                self.say("ok")
                return
            try:
                self.answer(words[0], words[1:])
            except ImageError as error:
                self.say("error %s %d %s" % (error.code, error.at, error.message))
            except MemoryError:
                self.say("error R101 0 the runtime has not enough memory for this brain")
            except (IndexError, ValueError, OSError) as error:
                self.say("error R102 0 %r" % error)

    def say(self, text):
        self.write(text + "\n")

    def answer(self, verb, arguments):
        if verb == "step":
            for _ in range(int(arguments[0])):
                self.burst()
        elif verb == "force":
            self.forced.append((int(arguments[0]), int(arguments[1])))
        elif verb == "inject":
            self.inject.append((int(arguments[0]), int(arguments[1]), int(arguments[2])))
        elif verb == "file":
            self.open(arguments[0])
        elif verb == "flash":
            from uctypes import bytearray_at

            self.start(bytearray_at(int(arguments[0]), int(arguments[1])))
        elif verb == "state":
            self.say("ok " + hexlify(self.brain.ram).decode())
        elif verb == "memory":
            gc.collect()
            self.say("ok %d %d" % (gc.mem_free(), gc.mem_alloc()))
        else:
            raise ValueError(verb)

    def open(self, path):
        with open(path, "rb") as file:
            self.start(file.read())

    def start(self, data):
        self.brain = None
        self.forced = []
        self.inject = []
        self.brain = Brain(data)
        self.say("ok %d" % len(self.brain.ram))

    def burst(self):
        brain = self.brain
        brain.step(self.forced, self.inject)
        self.forced = []
        self.inject = []
        self.write("burst %d %08x " % (brain.burst(), brain.state_hash()))
        self.write(brain.fired_slot().decode())
        self.write("\n")


def main():
    """Serves on standard input and output."""
    Server(sys.stdin.readline, sys.stdout.write).serve()
