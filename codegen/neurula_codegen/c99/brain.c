/* ---- The brain: what neurula.h promises ---------------------------------------------------------------------------- */

static int aligned(const void *at) { return at != 0 && ((uintptr_t)at & 3u) == 0; }

uint32_t nrl_ram_bytes(const void *image, uint32_t image_bytes)
{
    nrl_loader loader;
    loader.data = (const nrl_byte *)image;
    loader.size = image_bytes;
    return aligned(image) && check_header(&loader) == 0 ? load32(loader.data + HEADER_RAM_BYTES) : 0;
}

int nrl_open(nrl_brain *brain, const void *image, uint32_t image_bytes, void *ram, uint32_t ram_bytes, uint32_t *at)
{
    nrl_loader loader;
    int code = NRL_UNALIGNED;
    loader.data = (const nrl_byte *)image;
    loader.size = image_bytes;
    loader.at = 0;
    if (aligned(image) && aligned(ram))
        code = load(&loader, (nrl_byte *)ram, ram_bytes);
    if (at)
        *at = (uint32_t)loader.at;
    if (code)
        return code;
    brain->image = loader.data;
    brain->ram = (nrl_byte *)ram;
    brain->ram_bytes = (uint32_t)loader.ram_bytes;
    brain->areas_at = (uint32_t)loader.first[TAG_AREA];
    brain->areas = (uint32_t)loader.areas;
    brain->names_at = (uint32_t)loader.first[TAG_NAME];
    brain->names_end = (uint32_t)(loader.first[TAG_NAME] + loader.length[TAG_NAME]);
    return 0;
}

static uint32_t area_field(const nrl_brain *brain, uint32_t area, uint32_t field)
{
    return load32(brain->image + brain->areas_at + area * SIZEOF_AREA + field);
}

/* `total` entries of `width` words, of which the first two are an area and a neuron of it */
static int check_stimulus(const nrl_brain *brain, const int32_t *words, uint32_t total, uint32_t width)
{
    uint32_t i;
    for (i = 0; i < total; i++, words += width) {
        uint32_t area = (uint32_t)words[0];
        if (area >= brain->areas || (uint32_t)words[1] >= area_field(brain, area, AREA_NEURONS))
            return NRL_NO_SUCH_NEURON;
        if (width == 3 && (words[2] > POTENTIAL_MAX || words[2] < -POTENTIAL_MAX))
            return NRL_OUT_OF_RANGE;
    }
    return 0;
}

int nrl_step(nrl_brain *brain, const int32_t *inject, uint32_t injections, const int32_t *force, uint32_t forced)
{
    const nrl_byte *image = brain->image;
    nrl_byte *ram = brain->ram;
    int code = check_stimulus(brain, inject, injections, 3);
    if (code == 0)
        code = check_stimulus(brain, force, forced, 2);
    if (code)
        return code;
    begin(image, ram, (const nrl_byte *)inject, injections);
    deliver(image, ram);
    if (load32(image + HEADER_FEATURES))
        deliver_valued(image, ram);
    update(image, ram, (const nrl_byte *)force, 0, forced);
    if (load32(ram + RAM_PLASTICS))
        learn(image, ram);
    if (nrl_burst(brain) % AGE_PERIOD == 0)
        age(image, ram);
    return 0;
}

uint32_t nrl_burst(const nrl_brain *brain) { return load32(brain->ram + RAM_BURST); }

uint32_t nrl_state_hash(const nrl_brain *brain) { return crc32(brain->ram, brain->ram_bytes); }

const void *nrl_fired_bits(const nrl_brain *brain, uint32_t area)
{
    const nrl_byte *ram = brain->ram;
    uint32_t slot = load32(ram + RAM_SLOT) * load32(ram + RAM_SLOT_BYTES);
    return area < brain->areas ? ram + load32(ram + RAM_BITS_AT) + slot + area_field(brain, area, AREA_BITS_AT) : 0;
}

uint32_t nrl_next_fired(const nrl_brain *brain, uint32_t area, uint32_t neuron)
{
    const nrl_byte *bits = (const nrl_byte *)nrl_fired_bits(brain, area);
    uint32_t neurons = bits ? area_field(brain, area, AREA_NEURONS) : 0;
    while (neuron < neurons) {
        uint32_t left = load16(bits + ((neuron >> 4) << 1)) >> (neuron & 15);
        if (left & 1)
            return neuron;
        neuron = left ? neuron + 1 : (neuron | 15) + 1;
    }
    return NRL_NONE;
}

int nrl_fired(const nrl_brain *brain, uint32_t area, uint32_t neuron)
{
    const nrl_byte *bits = (const nrl_byte *)nrl_fired_bits(brain, area);
    if (bits == 0 || neuron >= area_field(brain, area, AREA_NEURONS))
        return 0;
    return (load16(bits + ((neuron >> 4) << 1)) >> (neuron & 15)) & 1;
}

int nrl_describe(const nrl_brain *brain, uint32_t area, nrl_area *out)
{
    uint32_t at = brain->names_at, i;
    if (area >= brain->areas)
        return NRL_NO_SUCH_NEURON;
    out->neurons = area_field(brain, area, AREA_NEURONS);
    out->width = area_field(brain, area, AREA_WIDTH);
    out->height = area_field(brain, area, AREA_HEIGHT);
    out->depth = area_field(brain, area, AREA_DEPTH);
    out->per_voxel = area_field(brain, area, AREA_PER_VOXEL);
    out->flags = area_field(brain, area, AREA_FLAGS);
    out->units_num = area_field(brain, area, AREA_SCALE_NUM);
    out->units_den = area_field(brain, area, AREA_SCALE_DEN);
    for (i = 0; i <= 2 * area; i++) {
        /* lengths stand at any address */
        const nrl_byte *text = brain->image + at;
        if (brain->names_end - at < 2)
            return NRL_IMAGE_NAMES;
        out->id = (const char *)(text + 2);
        out->id_bytes = (uint32_t)text[0] | (uint32_t)text[1] << 8;
        at += 2;
        if (out->id_bytes > brain->names_end - at)
            return NRL_IMAGE_NAMES;
        at += out->id_bytes;
    }
    return 0;
}

uint32_t nrl_find_area(const nrl_brain *brain, const char *id)
{
    uint32_t area, i;
    nrl_area found;
    for (area = 0; area < brain->areas && nrl_describe(brain, area, &found) == 0; area++) {
        for (i = 0; i < found.id_bytes && id[i] == found.id[i] && id[i] != 0; i++) {
        }
        if (i == found.id_bytes && id[i] == 0)
            return area;
    }
    return NRL_NONE;
}

uint32_t nrl_neuron_at(const nrl_brain *brain, uint32_t area, uint32_t x, uint32_t y, uint32_t z)
{
    uint64_t neuron;
    nrl_area found;
    if (nrl_describe(brain, area, &found) == NRL_NO_SUCH_NEURON || x >= found.width || y >= found.height || z >= found.depth)
        return NRL_NONE;
    neuron = (((uint64_t)x * found.height + y) * found.depth + z) * found.per_voxel;
    return neuron < found.neurons ? (uint32_t)neuron : NRL_NONE;
}

int32_t nrl_units(const nrl_brain *brain, uint32_t area, int32_t thousandths)
{
    int64_t scaled, divisor, units;
    if (area >= brain->areas)
        return 0;
    divisor = 1000 * (int64_t)area_field(brain, area, AREA_SCALE_DEN);
    scaled = (int64_t)thousandths * (int64_t)area_field(brain, area, AREA_SCALE_NUM) + divisor / 2; /* halves upwards */
    units = scaled / divisor - (scaled % divisor < 0);
    if (units > POTENTIAL_MAX)
        return POTENTIAL_MAX;
    return units < -POTENTIAL_MAX ? -POTENTIAL_MAX : (int32_t)units;
}

const char *nrl_message(int code)
{
    switch (code) {
@messages@
    default: return "No such code.";
    }
}
