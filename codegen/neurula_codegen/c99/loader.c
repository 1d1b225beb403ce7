/* ---- The loader ----------------------------------------------------------------------------------------------------
 * The checks are generated from the loader of the Python runtimes: the same order, the same codes, the same places. */

typedef struct {
    const nrl_byte *data;
    int64_t size;
    int64_t at; /* of what is wrong */
    int64_t first[SECTIONS], length[SECTIONS];
@fields@
} nrl_loader;

#define REQUIRE(condition, code_, place) do { if (!(condition)) { self->at = (place); return (int)(code_); } } while (0)
#define PASS(call) do { int refused_ = (call); if (refused_) return refused_; } while (0)

static int64_t uword(const nrl_loader *self, int64_t at) { return load32(self->data + at); }
static int64_t word(const nrl_loader *self, int64_t at) { return s32(load32(self->data + at)); }

/* a * b, or 2^62 if that is less; neither is negative */
static int64_t product(int64_t a, int64_t b)
{
    const int64_t most = (int64_t)1 << 62;
    return b != 0 && a > most / b ? most : a * b;
}

/* The last 32 bytes are the SHA-256 of all before them. */
static int check_hash(nrl_loader *self)
{
    uint32_t end = (uint32_t)self->size - TRAILER;
    REQUIRE(sha256_matches(self->data, end, self->data + end), NRL_IMAGE_HASH, end);
    return 0;
}

static int read_section(nrl_loader *self, uint32_t entry, int64_t *at, int64_t end)
{
    const nrl_byte *data = self->data;
    uint32_t tag = load32(data + entry + SECTION_TAG), section = 0;
    int64_t offset = uword(self, entry + SECTION_OFFSET), length = uword(self, entry + SECTION_BYTES);
    /* the padding of the section before may lead beyond the end: then even an empty section has no room */
    REQUIRE(offset == *at && length <= end - *at, NRL_IMAGE_LAYOUT, entry);
    REQUIRE(crc32(data + *at, (uint32_t)length) == load32(data + entry + SECTION_CRC), NRL_IMAGE_CHECKSUM, *at);
    *at += (length + 3) & -4;
    if (tag & 32)
        return 0;
    while (section < SECTIONS && SECTION_TAGS[section] != tag)
        section++;
    REQUIRE(section < SECTIONS, NRL_IMAGE_FEATURE, entry);
    REQUIRE(self->first[section] == 0, NRL_IMAGE_LAYOUT, entry);
    self->first[section] = offset;
    self->length[section] = length;
    return 0;
}

/* Sections follow the table in order, aligned to 4 bytes, without gaps; each has its CRC-32. */
static int read_sections(nrl_loader *self, int64_t total)
{
    static const struct { uint32_t section, count, size; } RECORDS[5] = {
        {TAG_AREA, HEADER_AREAS, SIZEOF_AREA}, {TAG_GRUP, HEADER_GROUPS, SIZEOF_GROUP}, {TAG_RDIR, HEADER_ROWS, 4},
        {TAG_PLAS, HEADER_PLASTICS, SIZEOF_PLASTIC}, {TAG_INIT, HEADER_INITS, SIZEOF_INIT},
    };
    int64_t end = self->size - TRAILER, at = SIZEOF_HEADER + total * SIZEOF_SECTION;
    uint32_t i;
    REQUIRE(at + 4 <= end, NRL_IMAGE_LAYOUT, SIZEOF_HEADER);
    REQUIRE(crc32(self->data, (uint32_t)at) == load32(self->data + at), NRL_IMAGE_CHECKSUM, at);
    at += 4;
    for (i = 0; i < SECTIONS; i++)
        self->first[i] = self->length[i] = 0;
    for (i = 0; i < (uint32_t)total; i++)
        PASS(read_section(self, SIZEOF_HEADER + i * SIZEOF_SECTION, &at, end));
    REQUIRE(at == end, NRL_IMAGE_LAYOUT, at);
    for (i = 0; i < SECTIONS; i++)
        REQUIRE(self->first[i] != 0, NRL_IMAGE_LAYOUT, SIZEOF_HEADER);
    for (i = 0; i < 5; i++) {
        int64_t bytes = uword(self, RECORDS[i].count) * RECORDS[i].size;
        REQUIRE(self->length[RECORDS[i].section] == bytes, NRL_IMAGE_LAYOUT, self->first[RECORDS[i].section]);
    }
    return 0;
}

@checks@
/* Writes the first state. */
static void start(const nrl_loader *self, nrl_byte *ram)
{
    const int64_t words[SIZEOF_RAM / 4] = {
        [RAM_SLOTS / 4] = self->slots, [RAM_SLOT_BYTES / 4] = self->slot_bytes, [RAM_BITS_AT / 4] = self->bits_at,
        [RAM_AREAS_AT / 4] = self->first[TAG_AREA], [RAM_AREAS / 4] = self->areas,
        [RAM_GROUPS_AT / 4] = self->first[TAG_GRUP], [RAM_GROUPS / 4] = self->groups,
        [RAM_ROWS_AT / 4] = self->first[TAG_RDIR], [RAM_PLASTICS_AT / 4] = self->first[TAG_PLAS],
        [RAM_PLASTICS / 4] = self->plastics, [RAM_SEEN_AT / 4] = self->seen_at, [RAM_ROWS / 4] = self->rows,
        [RAM_INPUT_END / 4] = self->input_end,
    };
    uint32_t i, j;
    for (i = 0; i < (uint32_t)self->ram_bytes; i += 4)
        store32(ram + i, i < SIZEOF_RAM ? (uint32_t)words[i / 4] : 0);
    for (i = 0; i < (uint32_t)self->inits; i++) {
        const nrl_byte *init = self->data + self->first[TAG_INIT] + i * SIZEOF_INIT;
        uint32_t at = load32(init + INIT_RAM_AT), size = 4 * load32(init + INIT_WORDS);
        uint32_t from = load32(init + INIT_FROM_AT), value = load32(init + INIT_VALUE);
        for (j = 0; j < size; j += 4)
            store32(ram + at + j, from ? load32(self->data + from + j) : value);
    }
}

/* Verifies all and starts the brain. */
static int load(nrl_loader *self, nrl_byte *ram, uint32_t ram_limit)
{
    uint32_t rows_at, rows_end, bad;
    PASS(check_header(self));
    PASS(check_all(self, ram_limit));
    start(self, ram);
    rows_at = (uint32_t)self->first[TAG_ROWS];
    rows_end = rows_at + (uint32_t)self->length[TAG_ROWS];
    bad = verify(self->data, ram, rows_at, rows_end, (uint32_t)self->weights_at, (uint32_t)self->weights_end);
    REQUIRE(bad == 0, NRL_IMAGE_ROWS, bad);
    return 0;
}
