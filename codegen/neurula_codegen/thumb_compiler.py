"""A small compiler from the kernel language to ARMv6-M: expressions, statements, and where locals live.

r0 to r3 hold what an expression is working on; the busiest locals live in r4 to r7, the next in r8 to r11, the rest on the
stack; r12 and lr serve the primitives. Busy is counted by loop depth.
"""

from __future__ import annotations

import ast
from collections import Counter

from neurula_codegen.language import MEMORY, KernelError, literal, memories_of, record_load
from neurula_codegen.thumb_assembler import Assembler

BASE = {"R32": "ram", "R16": "ram", "I32": "img", "I16": "img", "I8": "img", "S32": "stim"}
LOW, HIGH = (4, 5, 6, 7), (8, 9, 10, 11)
TEMPORARIES = (0, 1, 2, 3)
OPERATORS = {ast.BitAnd: "and", ast.BitOr: "orr", ast.BitXor: "eor", ast.Mult: "mul"}
SHIFTS = {ast.LShift: "lsl", ast.RShift: "asr"}
BRANCH_IF_FALSE = {ast.Lt: "ge", ast.LtE: "gt", ast.Gt: "le", ast.GtE: "lt", ast.Eq: "ne", ast.NotEq: "eq"}
DEPTH_WEIGHT = 8


def signature(function: ast.FunctionDef) -> list[str]:
    """Registers r0 to r3 on entry: the base addresses, then `words`, the address of the other arguments, if there are any."""
    bases = [b for b in ("img", "ram", "stim") if any(BASE[m] == b for m in memories_of(function))]
    return bases + (["words"] if function.args.args else [])


class Compiler:
    """One kernel."""

    def __init__(self, function: ast.FunctionDef, asm: Assembler, passages: dict[str, list[ast.stmt]]) -> None:
        self.function = function
        self.asm = asm
        self.passages = passages
        self.places: dict[str, int] = {}  # name -> register, or 16 + stack offset

    def compile(self) -> None:
        self._allocate()
        self._enter()
        self._body(self.function.body[1:])
        self._leave()

    # --- where things live -----------------------------------------------------------------------------------

    def _allocate(self) -> None:
        weights: Counter[str] = Counter()
        self._weigh(self.function.body[1:], 1, weights)
        names = [name for name, _ in weights.most_common()]
        for name, register in zip(names, (*LOW, *HIGH), strict=False):
            self.places[name] = register
        for position, name in enumerate(names[len(LOW) + len(HIGH) :]):
            self.places[name] = 16 + 4 * position
        self.frame = 4 * max(0, len(names) - len(LOW) - len(HIGH))

    def _weigh(self, body: list[ast.stmt], weight: int, weights: Counter[str]) -> None:
        for statement in body:
            inner = weight * DEPTH_WEIGHT if isinstance(statement, ast.While) else weight
            parts = [statement.test] if isinstance(statement, (ast.While, ast.If)) else [statement]
            for node in (n for part in parts for n in ast.walk(part)):
                if isinstance(node, ast.Name) and node.id not in MEMORY:
                    weights[node.id] += inner
                if isinstance(node, ast.Subscript):
                    weights[BASE[ast.unparse(node.value)]] += inner
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                self._weigh(self.passages.get(ast.unparse(statement.value.func), []), 0, weights)
            if isinstance(statement, (ast.While, ast.If)):
                self._weigh(statement.body, inner, weights)
                self._weigh(statement.orelse, inner, weights)
        for name in ("add_run", "add_list", "add_weighted", "sweep", "next_hit", "mulq22", "hash_below", *self.passages):
            weights.pop(name, None)

    def _enter(self) -> None:
        """Saves r8 to r11, makes the frame, moves the arguments to their places."""
        asm = self.asm
        for register in HIGH:
            asm.move(register - 4, register)
        asm.push(0xF0)
        if self.frame:
            asm.move_stack(-self.frame)
        given = signature(self.function)
        for register, name in reversed(list(enumerate(given))):
            if name == "words":
                for position, argument in enumerate(self.function.args.args):
                    asm.load(4, 7, register, 4 * position)
                    self._set(argument.arg, 7, spare=True)
            else:
                self._set(name, register)

    def _leave(self) -> None:
        if self.frame:
            self.asm.move_stack(self.frame)
        self.asm.pop(0xF0)
        for register in HIGH:
            self.asm.move(register, register - 4)

    def _set(self, name: str, register: int, spare: bool = False) -> None:
        """Stores a low register into a local. spare: the register may be the very place of another local (entry only)."""
        place = self.places[name]
        if place >= 16:
            self.asm.store_stack(register, place - 16)
        else:
            assert not (spare and place in LOW and place != register and place > register)
            self.asm.move(place, register)

    # --- expressions -------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr, free: tuple[int, ...]) -> int:
        """Computes an expression; returns the low register that holds it: a local's own, or free[0]."""
        if isinstance(node, ast.Name):
            place = self.places[node.id]
            if place < 8:
                return place
            if place >= 16:
                self.asm.load_stack(free[0], place - 16)
            else:
                self.asm.move(free[0], place)
            return free[0]
        self._compute(node, free[0], free)
        return free[0]

    def _compute(self, node: ast.expr, rd: int, free: tuple[int, ...]) -> None:
        """Computes an expression into rd, a low register that is free or a local that the expression may still read."""
        number = literal(node)
        if number is not None:
            self.asm.constant(rd, number)
        elif isinstance(node, ast.Name):
            self._fetch(node.id, rd)
        elif isinstance(node, ast.BinOp):
            self._operate(node, rd, free)
        elif isinstance(node, ast.Subscript):
            self._load(node, rd, free)
        else:
            raise KernelError(f"{self.function.name}: {ast.unparse(node)}")

    def _fetch(self, name: str, rd: int) -> None:
        place = self.places[name]
        if place >= 16:
            self.asm.load_stack(rd, place - 16)
        else:
            self.asm.move(rd, place)

    def _operate(self, node: ast.BinOp, rd: int, free: tuple[int, ...]) -> None:
        asm, right = self.asm, literal(node.right)
        kind = type(node.op)
        if kind in SHIFTS and right is not None:
            asm.shift(SHIFTS[kind], rd, self._value(node.left, free), right)
            return
        if kind in (ast.Add, ast.Sub) and right is not None and right <= 255:
            signed = right if kind is ast.Add else -right
            left = self._value(node.left, free)
            if abs(signed) <= 7:
                asm.add_tiny(rd, left, signed)
            else:
                work = rd if rd in free or rd == left else free[0]
                asm.move(work, left)
                asm.add_small(work, signed)
                asm.move(rd, work)
            return
        left = self._value(node.left, free)
        rest = tuple(r for r in free if r != left)
        if kind is ast.Add and isinstance(node.right, ast.Name) and 8 <= self.places[node.right.id] < 16:
            work = left if left in free else rest[0]
            asm.move(work, left)
            asm.add(work, work, self.places[node.right.id])
            asm.move(rd, work)
            return
        other = self._value(node.right, rest)
        if kind is ast.Add:
            asm.add(rd, left, other)
        elif kind is ast.Sub:
            asm.subtract(rd, left, other)
        else:
            work = left if left in free else next(r for r in rest if r != other)
            asm.move(work, left)
            asm.alu(OPERATORS[kind] if kind in OPERATORS else SHIFTS[kind], work, other)
            asm.move(rd, work)

    def _address(self, node: ast.Subscript, free: tuple[int, ...]) -> tuple[int, int, int]:
        """(register, index register or -1, constant offset) of a memory place; uses free[0], and free[1] if indexed."""
        memory = ast.unparse(node.value)
        size, base = MEMORY[memory], self.places[BASE[memory]]
        at, offset = node.slice, 0
        if isinstance(at, ast.BinOp) and isinstance(at.op, ast.Add):
            constant = literal(at.right)
            if constant is not None and 0 <= constant < 32 * size and constant % size == 0:
                at, offset = at.left, constant
        fixed = literal(at)
        if fixed is not None:
            register = self._base(base, free[0])
            if fixed < 32 * size:
                return register, -1, fixed
            self.asm.constant(free[1], fixed)
            return register, free[1], 0
        if offset == 0 and base < 8:
            return base, self._value(at, free), 0
        value = self._value(at, free)
        if base < 8:
            self.asm.add(free[0], value, base)
        elif base < 16:
            self.asm.move(free[0], value)
            self.asm.add(free[0], free[0], base)
        else:
            self.asm.load_stack(free[1], base - 16)
            self.asm.add(free[0], value, free[1])
        return free[0], -1, offset

    def _base(self, place: int, into: int) -> int:
        if place < 8:
            return place
        if place >= 16:
            self.asm.load_stack(into, place - 16)
        else:
            self.asm.move(into, place)
        return into

    def _load(self, node: ast.Subscript, rd: int, free: tuple[int, ...]) -> None:
        size = MEMORY[ast.unparse(node.value)]
        register, index, offset = self._address(node, free)
        if index >= 0:
            self.asm.load_indexed(size, rd, register, index)
        else:
            self.asm.load(size, rd, register, offset)

    # --- statements --------------------------------------------------------------------------------------------

    def _body(self, body: list[ast.stmt]) -> None:
        position = 0
        while position < len(body):
            position += self._gathered(body, position) or self._statement(body[position])

    def _statement(self, node: ast.stmt) -> int:
        if isinstance(node, ast.Assign):
            self._assign(node.targets[0], node.value)
        elif isinstance(node, ast.If):
            self._if(node)
        elif isinstance(node, ast.While):
            self._while(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            self._primitive(ast.unparse(node.value.func), node.value.args, "")
        else:
            raise KernelError(f"{self.function.name}: {ast.unparse(node)}")
        return 1

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Subscript):
            self._store(target, value)
            return
        assert isinstance(target, ast.Name)
        if isinstance(value, ast.Call):
            self._primitive(ast.unparse(value.func), value.args, target.id)
            return
        place = self.places[target.id]
        if place < 8:
            self._compute(value, place, TEMPORARIES)
        else:
            self._set(target.id, self._value(value, TEMPORARIES))

    def _store(self, target: ast.Subscript, value: ast.expr) -> None:
        size = MEMORY[ast.unparse(target.value)]
        register = self._value(value, TEMPORARIES)
        free = tuple(r for r in TEMPORARIES if r != register)
        base, index, offset = self._address(target, free)
        if index >= 0:
            self.asm.store_indexed(size, register, base, index)
        else:
            self.asm.store(size, register, base, offset)

    def _gathered(self, body: list[ast.stmt], start: int) -> int:
        """Neighbouring word loads from one record share the computed address. Returns how many statements it wrote."""
        first = record_load(body[start])
        if first is None:
            return 0
        end = start
        while end < len(body):
            found = record_load(body[end])
            if found is None or found[:2] != first[:2] or (end > start and record_load(body[end - 1])[3] == first[1]):  # type: ignore[index]
                break
            end += 1
        if end - start < 2:
            return 0
        address = ast.BinOp(ast.Name(first[1]), ast.Add(), ast.Name(BASE[first[0]]))
        self._compute(address, 0, TEMPORARIES)
        for statement in body[start:end]:
            found = record_load(statement)
            assert found is not None
            place = self.places[found[3]]
            register = place if place < 8 else 1
            self.asm.load(4, register, 0, found[2])
            if place >= 8:
                self._set(found[3], 1)
        return end - start

    def _if(self, node: ast.If) -> None:
        asm, otherwise, end = self.asm, self.asm.new_label(), self.asm.new_label()
        self._jump_if_false(node.test, otherwise)
        self._body(node.body)
        if node.orelse:
            asm.branch(end)
        asm.label(otherwise)
        self._body(node.orelse)
        asm.label(end)

    def _while(self, node: ast.While) -> None:
        """The test stands at the end too, so that a round costs one branch."""
        asm, again, end = self.asm, self.asm.new_label(), self.asm.new_label()
        self._jump_if_false(node.test, end)
        asm.label(again)
        self._body(node.body)
        self._jump_if_false(node.test, end)
        asm.branch(again)
        asm.label(end)

    def _jump_if_false(self, test: ast.expr, label: str) -> None:
        assert isinstance(test, ast.Compare)
        op, right = type(test.ops[0]), test.comparators[0]
        number = literal(right)
        if number == 0 and isinstance(test.left, ast.BinOp) and isinstance(test.left.op, ast.BitAnd):
            bit = literal(test.left.right)
            if bit is not None and bit & (bit - 1) == 0 and bit:
                value = self._value(test.left.left, TEMPORARIES)
                self.asm.shift("lsl", 0, value, 31 - (bit.bit_length() - 1)) if bit.bit_length() < 32 else None
                self.asm.branch(label, "pl" if op is ast.NotEq else "mi")
                return
        left = self._value(test.left, TEMPORARIES)
        if number is not None and 0 <= number <= 255:
            self.asm.compare_constant(left, number)
        else:
            free = tuple(r for r in TEMPORARIES if r != left)
            if isinstance(right, ast.Name) and 8 <= self.places[right.id] < 16:
                self.asm.compare(left, self.places[right.id])
            else:
                self.asm.compare(left, self._value(right, free))
        self.asm.branch(label, BRANCH_IF_FALSE[op])

    def _primitive(self, name: str, arguments: list[ast.expr], out: str) -> None:
        raise KernelError(f"{self.function.name}: {name} is no primitive")
