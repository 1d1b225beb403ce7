"""The primitives of the kernel language in ARMv6-M instructions: the loops in which a burst spends its time."""

from __future__ import annotations

import ast

from neurula_codegen.thumb_assembler import LINK
from neurula_codegen.thumb_compiler import TEMPORARIES, Compiler

SCRATCH = 12


class PrimitiveCompiler(Compiler):
    """The compiler with its primitives; they work in r0 to r3, r12 and lr."""

    def _primitive(self, name: str, arguments: list[ast.expr], out: str) -> None:
        getattr(self, f"_{name}")(*arguments, *([out] if out else []))

    def _into(self, node: ast.expr, register: int, free: tuple[int, ...] = TEMPORARIES) -> None:
        """An expression into any register, high ones through free[0]."""
        if register < 8:
            self._compute(node, register, (register, *(r for r in free if r != register)))
        else:
            self.asm.move(register, self._value(node, free))

    def _operand(self, node: ast.expr, spare: int, free: tuple[int, ...]) -> int:
        """A register that holds the expression: a local's own, or the spare one."""
        if isinstance(node, ast.Name) and self.places[node.id] < 16:
            return self.places[node.id]
        self._into(node, spare, free)
        return spare

    def _sum(self, *names: ast.expr) -> ast.expr:
        total = names[0]
        for name in names[1:]:
            total = ast.BinOp(total, ast.Add(), name)
        return total

    def _add_list(self, base: ast.expr, at: ast.expr, size: ast.expr, step: ast.expr) -> None:
        """r0: place in the list, r1: base of the targets, r12: where to stop; 8 cycles a target and 4 for every 8."""
        asm = self.asm
        step_in = self._operand(step, LINK, TEMPORARIES)
        eights = ast.BinOp(ast.BinOp(size, ast.RShift(), ast.Constant(3)), ast.LShift(), ast.Constant(4))
        ones = ast.BinOp(size, ast.LShift(), ast.Constant(1))
        self._into(self._sum(at, ast.Name("img")), 0)
        self._into(self._sum(base, ast.Name("ram")), 1, (1, 2, 3))
        for count, unrolled in ((eights, 8), (ones, 1)):
            again, end = asm.new_label(), asm.new_label()
            if unrolled == 1:  # the end of the whole list, from its beginning
                self._into(self._sum(at, ast.Name("img")), 2, (2, 3))
                self._into(count, 3, (3,))
                asm.add(2, 2, 3)
            else:
                self._into(count, 2, (2, 3))
                asm.add(2, 2, 0)
            asm.move(SCRATCH, 2)
            asm.compare(0, SCRATCH)
            asm.branch(end, "ge")
            asm.label(again)
            for i in range(unrolled):
                asm.load(2, 2, 0, 2 * i)
                asm.shift("lsl", 2, 2, 2)
                asm.load_indexed(4, 3, 1, 2)
                asm.add(3, 3, step_in)
                asm.store_indexed(4, 3, 1, 2)
            asm.add_small(0, 2 * unrolled)
            asm.compare(0, SCRATCH)
            asm.branch(again, "lt")
            asm.label(end)

    def _add_weighted(self, base: ast.expr, at: ast.expr, size: ast.expr, step: ast.expr) -> None:
        """r0: place in the list, r1: base, r4: step, r5: place of the weights, r12: bias; 12 cycles a target, 5 for every 4."""
        asm = self.asm
        ones = ast.BinOp(size, ast.LShift(), ast.Constant(1))
        odd = ast.BinOp(size, ast.Add(), ast.Constant(1))
        padded = ast.BinOp(ast.BinOp(odd, ast.RShift(), ast.Constant(1)), ast.LShift(), ast.Constant(2))
        self._into(self._sum(at, ast.Name("img")), 0)
        for count, place in ((padded, SCRATCH), (ones, LINK)):
            self._into(count, 2, (2, 3))
            asm.add(2, 2, 0)
            asm.move(place, 2)
        self._into(self._sum(base, ast.Name("ram")), 1, (1, 2, 3))
        self._into(step, 2, (2, 3))
        asm.push(0xF0)
        asm.move(4, 2)
        asm.move(5, SCRATCH)
        asm.shift("lsl", 2, 4, 7)
        asm.constant(3, 1)
        asm.subtract(3, 3, 2)
        asm.move(SCRATCH, 3)
        asm.move(7, LINK)
        asm.subtract(7, 7, 0)
        asm.shift("lsr", 7, 7, 3)
        asm.shift("lsl", 7, 7, 3)
        asm.add(7, 7, 0)
        for stop, unrolled in ((7, 4), (LINK, 1)):
            again, end = asm.new_label(), asm.new_label()
            asm.compare(0, stop)
            asm.branch(end, "ge")
            asm.label(again)
            for i in range(unrolled):
                asm.load(2, 2, 0, 2 * i)
                asm.shift("lsl", 2, 2, 2)
                asm.load(1, 3, 5, i)
                asm.alu("mul", 3, 4)
                asm.add(3, 3, SCRATCH)
                asm.load_indexed(4, 6, 1, 2)
                asm.add(3, 3, 6)
                asm.store_indexed(4, 3, 1, 2)
            asm.add_small(0, 2 * unrolled)
            asm.add_small(5, unrolled)
            asm.compare(0, stop)
            asm.branch(again, "lt")
            asm.label(end)
        asm.pop(0xF0)

    def _add_run(self, base: ast.expr, size: ast.expr, step: ast.expr) -> None:
        """r0: the target, r12: where to stop; 5 cycles a target and 4 for every 8."""
        asm = self.asm
        step_in = self._operand(step, LINK, TEMPORARIES)
        self._into(self._sum(base, ast.Name("ram")), 0)
        eights = ast.BinOp(ast.BinOp(size, ast.RShift(), ast.Constant(3)), ast.LShift(), ast.Constant(5))
        rest = ast.BinOp(size, ast.BitAnd(), ast.Constant(7))
        for count, unrolled in ((eights, 8), (ast.BinOp(rest, ast.LShift(), ast.Constant(2)), 1)):
            again, end = asm.new_label(), asm.new_label()
            self._into(count, 2, (2, 3, 1))
            asm.add(2, 2, 0)
            asm.move(SCRATCH, 2)
            asm.compare(0, SCRATCH)
            asm.branch(end, "ge")
            asm.label(again)
            for i in range(unrolled):
                asm.load(4, 2, 0, 4 * i)
                asm.add(2, 2, step_in)
                asm.store(4, 2, 0, 4 * i)
            asm.add_small(0, 4 * unrolled)
            asm.compare(0, SCRATCH)
            asm.branch(again, "lt")
            asm.label(end)

    def _next_hit(self, x: ast.expr, stop: ast.expr, mask: ast.expr, out: str) -> None:
        """r0: the word, r3: mask, r12: where to stop."""
        asm, found = self.asm, self.asm.new_label()
        self._into(self._sum(stop, ast.Name("ram")), 1)
        asm.move(SCRATCH, 1)
        self._into(self._sum(x, ast.Name("ram")), 0)
        self._into(mask, 3, (3, 1, 2))
        self._look(found, found)
        self._skip_silent(found)
        asm.label(found)
        self._into(ast.Name("ram"), 1, (1, 2))
        asm.subtract(0, 0, 1)
        self._set(out, 0)

    def _look(self, hit: str, end: str) -> None:
        """Looks at the word at r0 alone: a neighbour is often hit too."""
        self.asm.compare(0, SCRATCH)
        self.asm.branch(end, "ge")
        self.asm.load(4, 1, 0, 0)
        self.asm.alu("tst", 1, 3)
        self.asm.branch(hit, "ne")

    def _skip_silent(self, found: str) -> None:
        """Moves r0 to the next word with a bit of r3 and goes to `found`, or falls through with r0 at r12; 5 cycles a word.

        Changes r1 and r2.
        """
        asm = self.asm
        fours, ones, test, end = (asm.new_label() for _ in range(4))
        asm.move(2, SCRATCH)
        asm.add_small(2, -12)
        asm.branch(test)
        asm.label(fours)
        for i in range(4):
            asm.load(4, 1, 0, 4 * i)
            asm.alu("tst", 1, 3)
            asm.branch(ones, "ne")
        asm.add_small(0, 16)
        asm.label(test)
        asm.compare(0, 2)
        asm.branch(fours, "lt")
        asm.label(ones)
        self._look(found, end)
        asm.add_small(0, 4)
        asm.branch(ones)
        asm.label(end)

    def _sweep(self, x: ast.expr, stop: ast.expr, mask: ast.expr, low: ast.expr, high: ast.expr, fired: ast.expr) -> None:
        """r0: the word, r3: mask, r12: where to stop, lr: lowest word that fires."""
        asm, again, after, hit = self.asm, self.asm.new_label(), self.asm.new_label(), self.asm.new_label()
        end = asm.new_label()
        self._into(self._sum(stop, ast.Name("ram")), 1)
        asm.move(SCRATCH, 1)
        low_in = self._operand(low, LINK, (1, 2, 3))
        self._into(self._sum(x, ast.Name("ram")), 0)
        self._into(mask, 3, (3, 1, 2))
        asm.label(again)
        self._skip_silent(hit)
        asm.branch(end)
        asm.label(hit)
        asm.constant(2, 0)
        asm.store(4, 2, 0, 0)
        asm.compare(1, low_in)
        asm.branch(after, "lt")
        asm.compare(1, self._operand(high, 2, (2,)))
        asm.branch(after, "gt")
        # the neuron's bit: half-word (i >> 4) of the area's bits, bit i & 15
        self._into(self._sum(x, ast.Name("ram")), 2, (2, 1))
        asm.subtract(1, 0, 2)
        asm.shift("lsr", 1, 1, 2)
        asm.push(0x08)
        asm.shift("lsr", 2, 1, 4)
        asm.shift("lsl", 2, 2, 1)
        asm.shift("lsl", 1, 1, 28)
        asm.shift("lsr", 1, 1, 28)
        asm.constant(3, 1)
        asm.alu("lsl", 3, 1)
        self._shifted_frame(4, lambda: self._into(self._sum(fired, ast.Name("ram")), 1, (1,)))
        asm.add(1, 1, 2)
        asm.load(2, 2, 1, 0)
        asm.alu("orr", 2, 3)
        asm.store(2, 2, 1, 0)
        asm.pop(0x08)
        asm.label(after)
        asm.add_small(0, 4)
        self._look(hit, end)
        asm.branch(again)
        asm.label(end)

    def _shifted_frame(self, by: int, work: object) -> None:
        """Does something while the stack pointer stands lower than the frame."""
        self.places = {name: place + by if place >= 16 else place for name, place in self.places.items()}
        work()  # type: ignore[operator]
        self.places = {name: place - by if place >= 16 else place for name, place in self.places.items()}

    def _mulq22(self, v: ast.expr, r: ast.expr, out: str) -> None:
        """round(v * r / 2^22) in 32-bit pieces; see the formula in the SPEC."""
        asm = self.asm
        self._into(r, 1)
        self._into(v, 0, (0, 2, 3))
        asm.shift("asr", 2, 0, 15)  # high half of v
        asm.shift("lsl", 0, 0, 17)
        asm.shift("lsr", 0, 0, 17)  # low half of v
        asm.shift("lsl", 3, 1, 21)
        asm.shift("lsr", 3, 3, 21)  # low half of r
        asm.shift("lsr", 1, 1, 11)  # high half of r
        asm.move(SCRATCH, 2)
        asm.alu("mul", 2, 3)
        asm.shift("lsl", 2, 2, 4)  # high * low * 16
        asm.alu("mul", 3, 0)
        asm.shift("asr", 3, 3, 11)
        asm.add(2, 2, 3)
        asm.alu("mul", 0, 1)
        asm.add(2, 2, 0)
        asm.constant(3, 1024)
        asm.add(2, 2, 3)
        asm.shift("asr", 2, 2, 11)
        asm.move(0, SCRATCH)
        asm.alu("mul", 0, 1)
        asm.shift("lsl", 0, 0, 4)
        asm.add(0, 0, 2)
        self._set(out, 0)

    def _hash_below(self, neuron: ast.expr, burst: ast.expr, chance: ast.expr, out: str) -> None:
        """The engine's counter hash, in registers that wrap by themselves; then an unsigned comparison."""
        asm = self.asm
        self._into(neuron, 0)
        asm.constant(1, 2654435761)
        asm.alu("mul", 0, 1)
        self._into(burst, 2, (2, 3))
        asm.constant(1, 1597334677)
        asm.alu("mul", 2, 1)
        asm.add(0, 0, 2)
        asm.constant(1, 747796405)
        asm.alu("mul", 0, 1)
        asm.constant(1, 2891336453)
        asm.add(0, 0, 1)
        asm.shift("lsr", 1, 0, 28)
        asm.add_small(1, 4)
        asm.move(2, 0)
        asm.alu("lsr", 2, 1)
        asm.alu("eor", 2, 0)
        asm.constant(1, 277803737)
        asm.alu("mul", 2, 1)
        asm.shift("lsr", 0, 2, 22)
        asm.alu("eor", 0, 2)
        self._into(chance, 1, (1, 2, 3))
        # unsigned 0 < 1: compare with the sign bits turned over
        asm.constant(2, 1)
        asm.shift("lsl", 2, 2, 31)
        asm.alu("eor", 0, 2)
        asm.alu("eor", 1, 2)
        end = asm.new_label()
        asm.constant(2, 1)
        asm.compare(0, 1)
        asm.branch(end, "lt")
        asm.constant(2, 0)
        asm.label(end)
        self._set(out, 2)
