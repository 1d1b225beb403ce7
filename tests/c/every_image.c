/* Opens every image of a file (length, bytes, padding to 4), each in memory of exactly its size, and runs those that open:
 * five bursts with neuron 0 of every area forced and its neighbour injected. Prints result, place and hash of each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "neurula.h"

#define RAM_LIMIT (1u << 22)
#define MOST_AREAS 64
#define BURSTS 5

static unsigned burst(nrl_brain *brain)
{
    int32_t inject[3 * MOST_AREAS], force[2 * MOST_AREAS];
    uint32_t total = 0, area;
    nrl_area found;
    for (area = 0; area < MOST_AREAS && nrl_describe(brain, area, &found) != NRL_NO_SUCH_NEURON; area++, total++) {
        inject[3 * area] = force[2 * area] = (int32_t)area;
        inject[3 * area + 1] = found.neurons > 1;
        inject[3 * area + 2] = area % 2 ? 1 << 20 : -(1 << 29);
        force[2 * area + 1] = 0;
    }
    if (nrl_step(brain, inject, total, force, total) != NRL_OK)
        abort();
    return total;
}

/* reads through everything that the API can tell, for the sanitizers to watch */
static void look(const nrl_brain *brain, uint32_t areas)
{
    uint32_t area, neuron, fired;
    nrl_area found;
    for (area = 0; area <= areas; area++) {
        if (nrl_describe(brain, area, &found) == NRL_NO_SUCH_NEURON)
            continue;
        for (neuron = fired = 0; neuron < found.neurons; neuron++)
            fired += (uint32_t)nrl_fired(brain, area, neuron);
        for (neuron = nrl_next_fired(brain, area, 0); neuron != NRL_NONE; neuron = nrl_next_fired(brain, area, neuron + 1))
            fired--;
        if (fired != 0)
            abort();
        if (nrl_neuron_at(brain, area, found.width - 1, found.height - 1, found.depth - 1) > found.neurons)
            abort();
        nrl_units(brain, area, INT32_MIN);
        nrl_units(brain, area, INT32_MAX);
    }
    nrl_find_area(brain, "no such area");
}

static void one(const unsigned char *image, uint32_t bytes)
{
    uint32_t asked = nrl_ram_bytes(image, bytes), granted = asked > RAM_LIMIT ? RAM_LIMIT : asked, at = 0, i;
    unsigned char *ram = malloc(granted ? granted : 4);
    nrl_brain brain;
    int code = nrl_open(&brain, image, bytes, ram, granted, &at);
    printf("%d %lu", code, (unsigned long)at);
    if (code == NRL_OK) {
        for (i = 0; i < BURSTS; i++)
            look(&brain, burst(&brain));
        printf(" %08lx", (unsigned long)nrl_state_hash(&brain));
    }
    printf("\n");
    fflush(stdout); /* so that a report can be told apart from the images before it */
    free(ram);
}

int main(int arguments, char **names)
{
    uint32_t bytes;
    FILE *file = arguments == 2 ? fopen(names[1], "rb") : NULL;
    if (file == NULL)
        return 2;
    while (fread(&bytes, 4, 1, file) == 1) {
        unsigned char *image = malloc(bytes ? bytes : 4);
        unsigned char padding[4];
        if (fread(image, 1, bytes, file) != bytes || fread(padding, 1, -bytes & 3u, file) != (-bytes & 3u))
            return 2;
        one(image, bytes);
        free(image);
    }
    fclose(file);
    return 0;
}
