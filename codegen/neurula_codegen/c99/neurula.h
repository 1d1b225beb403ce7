/* Neurula: runs a brain from its image (brain.nrl). C99, integers only, no malloc, no libc beyond stdint.
 *
 * The caller gives two pieces of memory and keeps them: the image (read only: flash or RAM) and the RAM block, both at
 * addresses that are multiples of 4. The machine must be little-endian with 32-bit two's complement integers.
 */
#ifndef NEURULA_H
#define NEURULA_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

@constants@

/* A brain that runs. Its fields are private; the state is the RAM block and nothing else. */
typedef struct nrl_brain {
    const unsigned char *image;
    unsigned char *ram;
    uint32_t ram_bytes;
    uint32_t areas_at;
    uint32_t areas;
    uint32_t names_at;
    uint32_t names_end;
} nrl_brain;

/* What it takes to know of an area. units: input units per 1.0 of potential are units_num / units_den. */
typedef struct nrl_area {
    uint32_t neurons, width, height, depth, per_voxel, flags;
    uint32_t units_num, units_den;
    const char *id; /* cortical id as the genome writes it; not terminated by a zero */
    uint32_t id_bytes;
} nrl_area;

/* Bytes of RAM block that the image asks for, from its header alone; 0 if these bytes are no image for this runtime. */
uint32_t nrl_ram_bytes(const void *image, uint32_t image_bytes);

/* Verifies the image and writes the first state into `ram`. 0, or NRL_...; then *at (which may be NULL) is the offset of
 * the first word that is wrong, and the brain must not be used. */
int nrl_open(nrl_brain *brain, const void *image, uint32_t image_bytes, void *ram, uint32_t ram_bytes, uint32_t *at);

/* One burst. inject: `injections` times (area, neuron, input units within +-NRL_POTENTIAL_MAX), added to the inputs;
 * force: `forced` times (area, neuron), which fire whatever their state. 0, or NRL_NO_SUCH_NEURON, NRL_OUT_OF_RANGE: then
 * nothing has happened. */
int nrl_step(nrl_brain *brain, const int32_t *inject, uint32_t injections, const int32_t *force, uint32_t forced);

/* Number of the last burst, modulo 2^32; 0 before the first. */
uint32_t nrl_burst(const nrl_brain *brain);

/* 1 if the neuron fired in the last burst; 0 if not, or if there is none. */
int nrl_fired(const nrl_brain *brain, uint32_t area, uint32_t neuron);

/* The first neuron from `neuron` on that fired in the last burst, or NRL_NONE. */
uint32_t nrl_next_fired(const nrl_brain *brain, uint32_t area, uint32_t neuron);

/* The last burst's spikes of an area, one bit a neuron, lowest bit first; (neurons + 15) / 16 half-words. NULL: no area. */
const void *nrl_fired_bits(const nrl_brain *brain, uint32_t area);

/* CRC-32 of the RAM block, the number that every runtime agrees on after every burst. */
uint32_t nrl_state_hash(const nrl_brain *brain);

/* 0 and *area filled, NRL_NO_SUCH_NEURON where there is no such area, NRL_IMAGE_NAMES where the names cannot be read. */
int nrl_describe(const nrl_brain *brain, uint32_t area, nrl_area *out);

/* Index of the area with this cortical id, as the genome writes it; NRL_NONE if there is none. */
uint32_t nrl_find_area(const nrl_brain *brain, const char *id);

/* The first neuron of a voxel; NRL_NONE outside the area. */
uint32_t nrl_neuron_at(const nrl_brain *brain, uint32_t area, uint32_t x, uint32_t y, uint32_t z);

/* Input units of a potential given in thousandths, rounded to nearest, within +-NRL_POTENTIAL_MAX; 0 without area. */
int32_t nrl_units(const nrl_brain *brain, uint32_t area, int32_t thousandths);

/* One sentence on a result of nrl_open or nrl_step. */
const char *nrl_message(int code);

#ifdef __cplusplus
}
#endif

#endif
