"""Boards without boards: everything that runs MicroPython or the machine code of a microcontroller on this computer.

    machine   one interface to whatever runs MicroPython: run a program, launch one and talk to it in bytes
    rp2040    the real Raspberry Pi Pico firmware in an emulated RP2040
    unix      MicroPython as a process, with 64-bit or 32-bit integers
    mpy       .py to .mpy, and the native functions inside a .mpy
    cores     those functions on an emulated Cortex-M, RV32 or Xtensa core
    firmware  where `make boards` puts what it builds

Nothing is imported here: each part asks for its own package of the extra `neurula[sim]` only when it is used.
"""
