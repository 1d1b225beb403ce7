/* Runs beside a kernel on an emulated Xtensa core (qemu, machine "sim", core dc232b): obeys commands from standard input,
 * answers on standard output, and receives the kernel's faults and its calls of the interpreter.
 *
 * A command is eight words: what, address, bytes; or, for a call: what, code, first count, stack and four arguments.
 *     1 put: so many bytes follow       2 get: so many bytes are the answer
 *     3 call with register windows      4 call without them
 * The answer to a call is four words:
 *     1 trap: entry of the function table and two arguments; takes two words: 0 and a result to go on, 1 to give up
 *     2 done: result, count             3 exception: cause, place, address         4 out of count: 0, place
 * Instructions count while the interrupt level is 0, upwards from the first count to 2^32, which ends the call.
 *
 * Below 0xd0000000 a kernel sees what the page table at 0xd0400000 grants. From there on lies all RAM, and this program in it.
 * The assembler's core has neither windows nor paging; the instructions that it lacks are written as bytes. */

    .set epc1, 177
    .set epc6, 182
    .set ptevaddr, 83
    .set windowbase, 72
    .set windowstart, 73
    .set ps, 230
    .set exccause, 232
    .set icount, 236
    .set icountlevel, 237
    .set excvaddr, 238
    .set read, 3
    .set write, 4
    .set fill, 1004

    .macro put_special special, register
    .byte \register << 4, \special, 0x13
    .endm
    .macro get_special register, special
    .byte \register << 4, \special, 0x03
    .endm

    .section .reset, "ax"
    j reset
    .balign 4
place:
    .word start
    .global reset
reset:
    l32r a2, place
    jx a2

    .text
    .rept 10            /* windows do not overflow: the deepest call is the second one; no interrupt is enabled */
    j excepted
    .balign 64
    .endr
    j counted           /* 0x280 */
    .balign 64
    .rept 5             /* 0x2c0 to 0x3c0: all other exceptions */
    j excepted
    .balign 64
    .endr

    .set number, 0      /* 0x400: the function table's entries, 8 bytes each; register 15 is free at any call */
    .rept 96
    _movi a15, number
    j trapped
    .balign 8, 0
    .set number, number + 1
    .endr

packet:
    .word 0, 0, 0, 0, 0, 0, 0, 0
    .literal_position
start:
    movi a2, fill       /* no page is granted: 0x0c means illegal, whatever the other bytes */
    movi a3, 0x00400000
    movi a4, 0x0c
    mov a5, a3
    simcall
    movi a2, 0xd0400000
    put_special ptevaddr, 2
    movi a2, 1
    put_special icountlevel, 2
again:
    movi a2, 0x4000f    /* windows on, nothing counts */
    put_special ps, 2
    rsync
    movi a2, 0
    put_special windowbase, 2
    rsync
    movi a2, 1
    put_special windowstart, 2
    rsync
    movi a2, 0          /* forget translations */
    movi a3, 4
forget_way:
    movi a4, 4
    mov a5, a2
forget_entry:
    .byte 0x00, 0x45, 0x50      /* iitlb a5 */
    .byte 0x00, 0xc5, 0x50      /* idtlb a5 */
    addmi a5, a5, 0x1000
    addi a4, a4, -1
    bnez a4, forget_entry
    addi a2, a2, 1
    addi a3, a3, -1
    bnez a3, forget_way
    isync

next:
    movi a4, packet
    movi a5, 32
    call0 receive
    movi a6, packet
    l32i a7, a6, 0
    l32i a4, a6, 4
    l32i a5, a6, 8
    beqi a7, 3, enter_windowed
    beqi a7, 4, enter_plain
    beqi a7, 2, get
    call0 receive
    j next
get:
    call0 send
    j next

enter_windowed:
    put_special icount, 5
    l32i a1, a6, 12
    mov a8, a4
    l32i a10, a6, 16
    l32i a11, a6, 20
    l32i a12, a6, 24
    l32i a13, a6, 28
    rsil a2, 0
    .byte 0xe0, 0x08, 0x00      /* callx8 a8 */
    rsil a2, 15
    mov a2, a10
    j done
enter_plain:
    put_special icount, 5
    l32i a1, a6, 12
    mov a8, a4
    l32i a2, a6, 16
    l32i a3, a6, 20
    l32i a4, a6, 24
    l32i a5, a6, 28
    rsil a7, 0
    callx0 a8
    rsil a7, 15
done:
    get_special 3, icount
    movi a6, 2
answer:                 /* a6, a2, a3, a4 */
    movi a5, packet
    s32i a6, a5, 0
    s32i a2, a5, 4
    s32i a3, a5, 8
    s32i a4, a5, 12
    mov a4, a5
    movi a5, 16
    call0 send
    j next

trapped:
    .byte 0x36, 0x41, 0x00      /* entry a1, 32 */
    rsil a6, 15
    movi a4, packet
    movi a5, 1
    s32i a5, a4, 0
    s32i a7, a4, 4
    s32i a2, a4, 8
    s32i a3, a4, 12
    movi a5, 16
    mov a7, a0
    call0 send
    movi a4, packet
    movi a5, 8
    call0 receive
    movi a4, packet
    l32i a2, a4, 0
    bnez a2, again
    l32i a2, a4, 4
    mov a0, a7
    put_special ps, 6
    rsync
    .byte 0x90, 0x00, 0x00      /* retw */

excepted:
    get_special 2, exccause
    get_special 3, epc1
    get_special 4, excvaddr
    movi a6, 3
    j tell
counted:
    movi a2, 0
    get_special 3, epc6
    movi a6, 4
tell:
    movi a5, packet
    s32i a6, a5, 0
    s32i a2, a5, 4
    s32i a3, a5, 8
    s32i a4, a5, 12
    mov a4, a5
    movi a5, 16
    call0 send
    j again

receive:                /* a5 bytes to a4 */
    beqz a5, received
    movi a2, read
    movi a3, 0
    simcall
    bgei a2, 1, received_some
    movi a2, 1          /* nobody is there any more */
    movi a3, 0
    simcall
received_some:
    add a4, a4, a2
    sub a5, a5, a2
    j receive
received:
    ret

send:                   /* a5 bytes from a4 */
    beqz a5, sent
    movi a2, write
    movi a3, 1
    simcall
    add a4, a4, a2
    sub a5, a5, a2
    j send
sent:
    ret
