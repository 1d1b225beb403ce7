"""The wire in C and in MicroPython as programs: a stream in, the frames that were understood out."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurula.link.wire import FrameDecoder, encode_frame
from neurula.runtimes.firmware_files import firmware_source
from neurula.sim.unix import UnixMicroPython
from neurula_codegen.wire_schema import Wire
from tests.c.compiling import compile_program
from tests.link.frames import pieces

C_STREAM = r"""
#include <stdio.h>
#include "neurula_wire.h"

int main(void)
{
    static nrw_decoder decoder;
    nrw_frame frame;
    uint8_t out[NRW_FRAME_BYTES];
    int byte;
    while ((byte = getchar()) != EOF)
        if (nrw_feed(&decoder, (uint8_t)byte, &frame)) {
            uint16_t size = nrw_encode(out, frame.type, frame.flags, frame.sequence, frame.payload, frame.payload_bytes);
            fwrite(out, 1, size, stdout);
        }
    fprintf(stderr, "%lu\n", (unsigned long)decoder.rejected);
    return 0;
}
"""
C_MESSAGES = r"""
#include <stdio.h>
#include <string.h>
#include "neurula_wire.h"

/* What a walk through a field finds, put together again: is it the same? */
static int same_spikes(const uint8_t *data, uint8_t bytes)
{
    uint8_t again[NRW_PAYLOAD_BYTES], *at = again;
    nrw_spikes spikes = nrw_spikes_of(data, bytes);
    uint32_t area = 0xffffffffu, last = 0xffffffffu;
    int found;
    while ((found = nrw_next_spike(&spikes)) > 0) {
        if (spikes.area != area) {
            if (area != 0xffffffffu)
                *at++ = 0;
            at = nrw_put_number(at, spikes.area + 1u);
            last = 0xffffffffu;
        }
        at = nrw_put_number(at, spikes.neuron - last);
        area = spikes.area;
        last = spikes.neuron;
    }
    if (area != 0xffffffffu)
        *at++ = 0;
    return found == 0 && at - again == bytes && !memcmp(again, data, bytes);
}

static int same_values(const uint8_t *data, uint8_t bytes)
{
    uint8_t again[2 * NRW_PAYLOAD_BYTES], *at = again, first = 0, count = 0, coarse = 0;
    int16_t run[256];
    nrw_values values = nrw_values_of(data, bytes);
    int found;
    do {
        found = nrw_next_value(&values);
        if (count && (found <= 0 || values.channel != first + count || count == 127)) {
            if (coarse) {
                uint8_t i;
                *at++ = first;
                *at++ = (uint8_t)(count | 128u);
                for (i = 0; i < count; i++)
                    *at++ = (uint8_t)(run[i] / 258);
            } else {
                at = nrw_put_values(at, first, run, count);
            }
            count = 0;
        }
        if (!count)
            first = values.channel;
        coarse = values.coarse;
        run[count++] = values.value;
    } while (found > 0);
    return found == 0 && at - again == bytes && !memcmp(again, data, bytes);
}

/* Reads frames; writes each again with a payload that was taken apart and put together, or with none if it is refused. */
int main(void)
{
    static nrw_decoder decoder;
    nrw_frame frame;
    uint8_t out[NRW_FRAME_BYTES], payload[NRW_PAYLOAD_BYTES];
    int byte, size;
    while ((byte = getchar()) != EOF)
        if (nrw_feed(&decoder, (uint8_t)byte, &frame)) {
            size = 0;
            switch (frame.type) {
            %s
            }
            fwrite(out, 1, nrw_encode(out, frame.type, size < 0 ? 255 : 0, frame.sequence, payload, size < 0 ? 0 : (uint8_t)size), stdout);
        }
    return 0;
}
"""
C_CASE = """
case NRW_{upper}: {{
    nrw_{lower} message;
    size = nrw_unpack_{lower}(frame.payload, frame.payload_bytes, &message){walk} ? nrw_pack_{lower}(payload, &message) : -1;
    break;
}}"""
MICROPYTHON_STREAM = """
import gc
from neurula_mcu.wire import FrameDecoder, FrameWriter, PAYLOAD_AT, PAYLOAD_OUT
decoder, writer = FrameDecoder(), FrameWriter()
chunk = bytearray(97)
source, target = open("stream", "rb"), open("frames", "wb")

def work():
    got = source.readinto(chunk)
    if not got:
        return False
    at = 0
    while at < got:
        at = decoder.take(chunk, at, got)
        if decoder.ready:
            size = decoder.end - PAYLOAD_AT
            i = 0
            while i < size:
                writer.buffer[PAYLOAD_OUT + i] = decoder.buffer[PAYLOAD_AT + i]
                i += 1
            b = decoder.buffer
            target.write(writer.buffer, writer.finish(b[2], b[3], decoder.sequence(), PAYLOAD_OUT + size))
    return True

before = taken = 0
work()
gc.collect()
gc.disable()
before = gc.mem_alloc()
while work():
    pass
taken = gc.mem_alloc() - before
target.close()
print(decoder.rejected, taken)
"""


def c_program(folder: Path, source: str) -> Path:
    path = folder / "program.c"
    path.write_text(source)
    return compile_program(folder / "program", path)


def messages_in_c(wire: Wire) -> str:
    cases = []
    for message in (m for m in wire.messages if m.fields):
        tail = message.tail
        walked = tail is not None and tail.kind in ("spikes", "values")
        walk = f" && same_{tail.kind}(message.{tail.name}, message.{tail.name}_bytes)" if tail and walked else ""
        cases.append(C_CASE.format(upper=message.name, lower=message.name.lower(), walk=walk))
    return C_MESSAGES % "\n".join(cases)


def run_c(program: Path, stream: bytes) -> tuple[bytes, int]:
    """(frames written again, pieces rejected)."""
    run = subprocess.run([program], input=stream, capture_output=True, check=True, timeout=600)
    return run.stdout, int(run.stderr or 0)


@contextmanager
def micropython(name: str, stream: bytes = b"") -> Iterator[UnixMicroPython]:
    with UnixMicroPython(name, files={"stream": stream}, import_path=[firmware_source().parent]) as machine:
        yield machine


def run_micropython(name: str, stream: bytes) -> tuple[bytes, int, int]:
    """(frames written again, pieces rejected, bytes of the heap that this took)."""
    with micropython(name, stream) as machine:
        rejected, taken = machine.run(MICROPYTHON_STREAM, 600).split()
        return (machine.folder / "frames").read_bytes(), int(rejected), int(taken)


def run_here(stream: bytes) -> tuple[bytes, int]:
    chance = random.Random(len(stream))
    decoder = FrameDecoder()
    frames = [encode_frame(frame) for piece in pieces(chance, stream) for frame in decoder.feed(piece)]
    return b"".join(frames), decoder.rejected
