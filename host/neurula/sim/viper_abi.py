"""What the machine code of a viper function expects of the interpreter around it (native ABI 6.3).

A viper function is called as fun(function object, n_args, n_kw, args). From the function object it loads the module's
context, from that the table of constants, from that the interpreter's function table, and calls through it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

TABLE_ENTRIES = 87
"""Entries of mp_fun_table; the first three are the objects None, False, True."""

NATIVE_FROM_OBJECT = 3
OBJECT_FROM_NATIVE = 4
CHECK_ARGUMENT_COUNT = 44
FLOOR_DIVIDE = 46
MODULO = 47

ENTRY_NAMES = dict(enumerate((
    "None", "False", "True", "convert-object", "convert-result", "swap-globals", "load-name", "load-global",
    "load-build-class", "load-attribute", "load-method", "load-super-method", "store-name", "store-global",
    "store-attribute", "subscript", "is-true", "unary-operator", "binary-operator", "new-tuple", "new-list",
    "new-dict", "new-set", "add-to-set", "append-to-list", "store-in-dict", "make-function", "call-function",
    "call-method", "call-method-with-stars", "get-iterator", "next-of-iterator", "push-exception-handler",
    "pop-exception-handler", "raise", "import-name", "import-from", "import-all", "new-slice", "unpack",
    "unpack-with-star", "delete-name", "delete-global", "new-closure", "check-argument-count",
    "set-up-code-state", "floor-divide", "modulo", "yield-from", "setjmp",
)))

TYPE_BOOL, TYPE_INT = 1, 2
"""Native types that a result can have; the others (unsigned, pointers) are unsigned integers."""

NONE_OBJECT = 0x7E000000
POISON = 0x7E001000
"""Addresses of what a kernel must not look into; nothing is mapped there."""

_WORD = struct.Struct("<I")


@dataclass
class Context:
    """Lays out function objects and tables in a block of memory from `base` on; `image` is its content so far.

    The function table's entries are code at `trap_base` and every `trap_bytes` after it."""

    base: int
    trap_base: int
    trap_bytes: int = 4

    def __post_init__(self) -> None:
        entries = [self.trap_base + self.trap_bytes * number for number in range(TABLE_ENTRIES)]
        entries[:3] = [NONE_OBJECT, NONE_OBJECT + 16, NONE_OBJECT + 32]
        self.image = bytearray(b"".join(_WORD.pack(entry) for entry in entries))

    def add_function(self, table_index: int, constant_count: int) -> int:
        """Lay out the objects behind one function; the address of its function object."""
        constants = [POISON] * constant_count
        if 0 <= table_index < constant_count:
            constants[table_index] = self.base
        constant_table = self._append(constants)
        # mp_module_context_t: module type, globals, table of names, table of constants.
        context = self._append([POISON, POISON, POISON, constant_table])
        # mp_obj_fun_bc_t: type, context, children, code.
        return self._append([POISON, context, POISON, POISON])

    def _append(self, words: list[int]) -> int:
        address = self.base + len(self.image)
        for word in words:
            self.image += _WORD.pack(word)
        return address
