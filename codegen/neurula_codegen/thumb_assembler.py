"""A small assembler for ARMv6-M (Thumb-1): instructions as halfwords, labels, and branches that reach.

Registers are numbers 0 to 15. Only what the kernels need is here (ARMv6-M Architecture Reference Manual, chapter A6).
"""

from __future__ import annotations

from dataclasses import dataclass

CONDITIONS = {"eq": 0, "ne": 1, "mi": 4, "pl": 5, "ge": 10, "lt": 11, "gt": 12, "le": 13}
INVERSE = {"eq": "ne", "ne": "eq", "mi": "pl", "pl": "mi", "ge": "lt", "lt": "ge", "gt": "le", "le": "gt"}
ALU = {"and": 0x4000, "eor": 0x4040, "lsl": 0x4080, "lsr": 0x40C0, "asr": 0x4100, "tst": 0x4200, "neg": 0x4240,
       "cmp": 0x4280, "orr": 0x4300, "mul": 0x4340}  # fmt: skip
LINK = 14


@dataclass
class Branch:
    """A jump to a label, with a condition or without ("").

    reach: 0 a conditional branch; 1 a plain branch, jumped over by the inverse condition; 2 the same with bl, which spoils lr.
    """

    condition: str
    label: str
    reach: int

    @property
    def bytes(self) -> int:
        return (2 if self.reach < 2 else 4) + (2 if self.condition and self.reach else 0)


@dataclass
class Label:
    name: str


class Assembler:
    """Collects halfwords, labels and branches; `halfwords` resolves them."""

    def __init__(self) -> None:
        self.items: list[int | Branch | Label] = []
        self._count = 0

    def new_label(self) -> str:
        self._count += 1
        return f"L{self._count}"

    def label(self, name: str) -> None:
        self.items.append(Label(name))

    def branch(self, label: str, condition: str = "") -> None:
        self.items.append(Branch(condition, label, 0 if condition else 1))

    # --- moves and constants ---------------------------------------------------------------------------------

    def move(self, rd: int, rm: int) -> None:
        if rd != rm:
            self.items.append(0x4600 | (rd & 8) << 4 | rm << 3 | rd & 7)

    def constant(self, rd: int, value: int) -> None:
        """Any 32-bit constant in a low register, in as few instructions as are easy to find."""
        if 0 <= value <= 255:
            self.items.append(0x2000 | rd << 8 | value)
        elif value < 0:
            self.constant(rd, -value)
            self.alu("neg", rd, rd)
        elif value & (value + 1) == 0:
            self.constant(rd, 1)
            self.shift("lsl", rd, rd, value.bit_length())
            self.add_small(rd, -1)
        else:
            zeros = (value & -value).bit_length() - 1
            if zeros and value >> zeros <= 255:
                self.constant(rd, value >> zeros)
                self.shift("lsl", rd, rd, zeros)
            else:
                self.constant(rd, value >> 8)
                self.shift("lsl", rd, rd, 8)
                if value & 255:
                    self.add_small(rd, value & 255)

    # --- arithmetic on low registers ---------------------------------------------------------------------------

    def add(self, rd: int, rn: int, rm: int) -> None:
        """rd = rn + rm; one of rn, rm may be a high register if rd is the other one."""
        if rn < 8 and rm < 8 and rd < 8:
            self.items.append(0x1800 | rm << 6 | rn << 3 | rd)
        elif rd == rn:
            self.items.append(0x4400 | (rd & 8) << 4 | rm << 3 | rd & 7)
        else:
            assert rd == rm
            self.items.append(0x4400 | (rd & 8) << 4 | rn << 3 | rd & 7)

    def subtract(self, rd: int, rn: int, rm: int) -> None:
        self.items.append(0x1A00 | rm << 6 | rn << 3 | rd)

    def add_small(self, rd: int, value: int) -> None:
        """rd += value, -255 to 255."""
        if value > 0:
            self.items.append(0x3000 | rd << 8 | value)
        elif value < 0:
            self.items.append(0x3800 | rd << 8 | -value)

    def add_tiny(self, rd: int, rn: int, value: int) -> None:
        """rd = rn + value, -7 to 7."""
        self.items.append((0x1C00 if value >= 0 else 0x1E00) | abs(value) << 6 | rn << 3 | rd)

    def alu(self, name: str, rd: int, rm: int) -> None:
        """rd = rd op rm; for tst, cmp only the flags; neg: rd = -rm."""
        self.items.append(ALU[name] | rm << 3 | rd)

    def shift(self, name: str, rd: int, rm: int, by: int) -> None:
        """by a constant, 0 to 31; lsr and asr at least 1."""
        if by == 0:
            self.move(rd, rm)
        else:
            self.items.append({"lsl": 0x0000, "lsr": 0x0800, "asr": 0x1000}[name] | by << 6 | rm << 3 | rd)

    def compare(self, rn: int, rm: int) -> None:
        if rn < 8 and rm < 8:
            self.alu("cmp", rn, rm)
        else:
            self.items.append(0x4500 | (rn & 8) << 4 | rm << 3 | rn & 7)

    def compare_constant(self, rn: int, value: int) -> None:
        self.items.append(0x2800 | rn << 8 | value)

    # --- memory ------------------------------------------------------------------------------------------------

    def load(self, size: int, rd: int, rn: int, offset: int) -> None:
        """size 1, 2 or 4; offset a small multiple of size."""
        self.items.append(({4: 0x6800, 2: 0x8800, 1: 0x7800}[size]) | (offset // size) << 6 | rn << 3 | rd)

    def store(self, size: int, rd: int, rn: int, offset: int) -> None:
        self.items.append(({4: 0x6000, 2: 0x8000}[size]) | (offset // size) << 6 | rn << 3 | rd)

    def load_indexed(self, size: int, rd: int, rn: int, rm: int) -> None:
        self.items.append(({4: 0x5800, 2: 0x5A00}[size]) | rm << 6 | rn << 3 | rd)

    def store_indexed(self, size: int, rd: int, rn: int, rm: int) -> None:
        self.items.append(({4: 0x5000, 2: 0x5200}[size]) | rm << 6 | rn << 3 | rd)

    def load_stack(self, rd: int, offset: int) -> None:
        self.items.append(0x9800 | rd << 8 | offset // 4)

    def store_stack(self, rd: int, offset: int) -> None:
        self.items.append(0x9000 | rd << 8 | offset // 4)

    def move_stack(self, by: int) -> None:
        """sp += by, a multiple of 4, within 508."""
        self.items.append((0xB000 if by >= 0 else 0xB080) | abs(by) // 4)

    def push(self, registers: int) -> None:
        self.items.append(0xB400 | registers)

    def pop(self, registers: int) -> None:
        self.items.append(0xBC00 | registers)

    # --- result ------------------------------------------------------------------------------------------------

    def halfwords(self) -> list[int]:
        """The machine code."""
        while True:
            places = self._places()
            stretched = False
            for at, item in self._placed():
                if isinstance(item, Branch):
                    distance = places[item.label] - at - 4
                    limit = (256, 2040, 1 << 22)[item.reach]
                    if not -limit <= distance < limit:
                        item.reach += 1
                        stretched = True
            if not stretched:
                break
        out: list[int] = []
        for at, item in self._placed():
            if isinstance(item, int):
                out.append(item)
            elif isinstance(item, Branch):
                out += self._encode(item, at, places[item.label])
        return out

    def _placed(self) -> list[tuple[int, int | Branch | Label]]:
        at, out = 0, []
        for item in self.items:
            out.append((at, item))
            at += 0 if isinstance(item, Label) else item.bytes if isinstance(item, Branch) else 2
        return out

    def _places(self) -> dict[str, int]:
        return {item.name: at for at, item in self._placed() if isinstance(item, Label)}

    def _encode(self, branch: Branch, at: int, target: int) -> list[int]:
        if branch.reach == 0:
            return [0xD000 | CONDITIONS[branch.condition] << 8 | (target - at - 4) >> 1 & 255]
        skip = []
        if branch.condition:
            over = (branch.bytes - 4) >> 1
            skip, at = [0xD000 | CONDITIONS[INVERSE[branch.condition]] << 8 | over & 255], at + 2
        half = (target - at - 4) >> 1
        if branch.reach == 1:
            return [*skip, 0xE000 | half & 0x7FF]
        return [*skip, 0xF000 | (half < 0) << 10 | half >> 11 & 0x3FF, 0xF800 | half & 0x7FF]
