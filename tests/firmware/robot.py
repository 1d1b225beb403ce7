"""The reflex robot around an emulated Pico: what its sensors may see, what its motors do, and traps in its program."""

from __future__ import annotations

from dataclasses import dataclass

from tests.firmware.boards import Bench, reflex_image
from tests.firmware.fakes import FakeMachine, HostBrain

LEFT_FORWARD, LEFT_BACKWARD, RIGHT_FORWARD, RIGHT_BACKWARD = MOTORS = (2, 3, 4, 5)
LAMP, STOP_SWITCH = 16, 22
LEFT_BUMPER, RIGHT_BUMPER = 14, 15
LEFT_EYE, RIGHT_EYE = 26, 27
NOTHING, MIDDLE, NEAR = 4_000, 36_000, 52_000  # readings of an eye
MARKER = 17  # high during a burst
HANG, FREEZE, FAULT, LATE = 18, 19, 20, 21  # what shall happen at the end of a burst
INPUTS = {LEFT_BUMPER: 1, RIGHT_BUMPER: 1, STOP_SWITCH: 1, HANG: 0, FREEZE: 0, FAULT: 0, LATE: 0}
TRAPS = f"""
import micropython, time
from machine import Pin
from neurula_mcu.loop import Loop
plain = Loop.burst
hang, freeze, fault, late = [Pin(number, Pin.IN) for number in ({HANG}, {FREEZE}, {FAULT}, {LATE})]
marker = []
@micropython.asm_thumb
def never_ends():
    label(again)
    b(again)
def burst(self):
    if not marker:
        marker.append(Pin({MARKER}, Pin.OUT))
    marker[0].value(1)
    plain(self)
    while hang.value():
        pass
    if freeze.value():
        never_ends()
    if fault.value():
        raise ValueError("as the test asked")
    if late.value():
        time.sleep_ms(15)
    marker[0].value(0)
Loop.burst = burst
"""
NEUTRAL = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Look:
    """What can be seen of the robot at an instant. duties: of the motors, None where a pin is not driven."""

    seconds: float
    bursts_began: bool
    duties: tuple[int | None, ...]
    lamp: int | None

    @property
    def harmless(self) -> bool:
        return all(not duty for duty in self.duties) and not self.lamp


def look(bench: Bench) -> Look:
    board = bench.board
    return Look(board.seconds(), board.pin(MARKER) is not None, tuple(map(bench.duty, MOTORS)), board.pin(LAMP))


def duties(bench: Bench) -> tuple[int | None, ...]:
    """Of the motors."""
    return tuple(map(bench.duty, MOTORS))


def moves(bench: Bench) -> bool:
    return any(duties(bench))


def see(bench: Bench, left: int, right: int) -> None:
    """What is in front of the eyes."""
    bench.board.set_adc(LEFT_EYE, left)
    bench.board.set_adc(RIGHT_EYE, right)


def expected(state: bytes, bursts: int, left: int, right: int) -> tuple[bytes, tuple[int, ...], int]:
    """(state, duties, lamp) when a brain in this state has run so many bursts with the eyes seeing that. Another implementation of
    the brain; bursts: at least a window of the motors."""
    from neurula_mcu.pins import Pins

    machine = FakeMachine()
    brain = HostBrain(reflex_image())
    brain.ram[:] = state
    pins = Pins(brain, machine)
    for number, level in INPUTS.items():
        if number in machine.made:
            machine.made[number].level = level
    machine.made[LEFT_EYE].reading, machine.made[RIGHT_EYE].reading = left, right
    for _ in range(bursts):
        brain.run(pins.sense())
        pins.decode(10 * brain.burst())
    targets = [output.target for output in pins.outputs]
    return bytes(brain.ram), tuple(targets[: len(MOTORS)]), targets[len(MOTORS)]
