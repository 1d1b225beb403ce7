/* Runs the brain of examples/reflex from an array and prints when its motors fire; a wall comes near on the left side.
 *     neurula build examples/reflex/genome.json -o brain.nrl && python runtime_c/image_header.py brain.nrl > brain.h
 *     cc -I. -Iruntime_c examples/c/main.c runtime_c/neurula.c -o reflex && ./reflex */
#include <stdio.h>

#include "brain.h"
#include "neurula.h"

static uint32_t ram[BRAIN_RAM_WORDS];

int main(void)
{
    nrl_brain brain;
    uint32_t at, sensors, motors, neuron;
    int32_t wall[3];
    int code = nrl_open(&brain, brain_image, BRAIN_BYTES, ram, sizeof ram, &at);
    if (code != NRL_OK) {
        printf("I%d at byte %lu: %s\n", code, (unsigned long)at, nrl_message(code));
        return 1;
    }
    sensors = nrl_find_area(&brain, "i__pro");
    motors = nrl_find_area(&brain, "o__mot");
    if (sensors == NRL_NONE || motors == NRL_NONE)
        return 1;
    wall[0] = (int32_t)sensors;
    wall[1] = (int32_t)nrl_neuron_at(&brain, sensors, 0, 0, 8); /* x: left, z: 8 of 9, near */
    wall[2] = nrl_units(&brain, sensors, 1000);                 /* a potential of 1.0 */
    while (nrl_burst(&brain) < 48) {
        int near = nrl_burst(&brain) + 1 >= 25;
        if (nrl_step(&brain, wall, near ? 1 : 0, NULL, 0) != NRL_OK)
            return 1;
        neuron = nrl_next_fired(&brain, motors, 0);
        while (neuron != NRL_NONE) {
            printf("burst %lu motor %lu\n", (unsigned long)nrl_burst(&brain), (unsigned long)neuron);
            neuron = nrl_next_fired(&brain, motors, neuron + 1);
        }
    }
    return 0;
}
