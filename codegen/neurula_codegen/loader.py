"""Opens an image and trusts nothing in it: the one loader of CPython and MicroPython.

The rows themselves are walked by the kernel `verify`; everything else is checked here, before any memory is taken.
"""

import hashlib
import struct
from binascii import crc32

VERSION = SCHEMA.version
FINGERPRINT = SCHEMA.fingerprint
TRAILER = 32
TAGS = SCHEMA.tags


class ImageError(ValueError):
    """The bytes are not an image that this runtime can run. code: stable; at: offset of the first word that is wrong."""

    def __init__(self, code, message, at=0):
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at


def word(data, at):
    return struct.unpack_from("<i", data, at)[0]


def uword(data, at):
    return struct.unpack_from("<I", data, at)[0]


def require(condition, code, message, at=0):
    if not condition:
        raise ImageError(code, message, at)


class Image:
    """A verified image. data: its bytes; sections and optional: tag -> (offset, bytes); the other names are those of HEADER."""

    def __init__(self, data, ram_limit):
        """data: bytes-like; ram_limit: most bytes of RAM this runtime gives a brain. Raises ImageError."""
        self.data = data
        size = len(data)
        require(size >= HEADER.bytes + TRAILER + 4, "I101", "the file is too short to be an image", size)
        require(bytes(data[0:4]) == SCHEMA.magic, "I102", "the file does not begin with NRLB: it is no image of a brain")
        require(size & 3 == 0 and size < 2147483648, "I105", "an image is a whole number of words, below 2 GiB", size)
        require(uword(data, HEADER.version) == VERSION, "I103", "the image is of another format version", HEADER.version)
        require(
            uword(data, HEADER.fingerprint) == FINGERPRINT,
            "I104", "the image was built for another schema: build it again with this version", HEADER.fingerprint,
        )
        require(uword(data, HEADER.total_bytes) == size, "I105", "the file is shorter or longer than it says", HEADER.total_bytes)
        require(uword(data, HEADER.features) & 4294967292 == 0, "I106", "the image needs a feature that this runtime lacks", HEADER.features)
        self.check_hash()
        self.ram_bytes = self.count(HEADER.ram_bytes, ram_limit, "the brain needs more RAM than this runtime gives it")
        self.neurons = self.count(HEADER.neurons, self.ram_bytes >> 2, "more neurons than the RAM can hold")
        self.synapses = uword(data, HEADER.synapses)
        self.areas = self.count(HEADER.areas, TABLE_MAX, "too many areas")
        self.groups = self.count(HEADER.groups, TABLE_MAX, "too many groups")
        self.rows = self.count(HEADER.rows, size >> 2, "more rows than the file can hold")
        self.plastics = self.count(HEADER.plastics, TABLE_MAX, "too many plastic pairs")
        self.inits = self.count(HEADER.inits, TABLE_MAX, "too many initial stretches")
        self.slots = self.count(HEADER.slots, DELAY_MAX + 1, "the ring of bitmaps is too deep")
        require(self.slots >= 1, "I107", "the ring of bitmaps has no slot", HEADER.slots)
        self.sections = {}
        self.read_sections(self.count(HEADER.sections, 64, "too many sections"))
        self.input_end = uword(data, HEADER.input_end)
        self.bits_at = uword(data, HEADER.bits_at)
        self.slot_bytes = uword(data, HEADER.slot_bytes)
        self.seen_at = uword(data, HEADER.seen_at)
        self.weights_at = uword(data, HEADER.weights_at)
        self.weights_end = uword(data, HEADER.weights_end)
        self.check_ram()
        self.used = 0
        self.marked = 0
        self.claimed = RAM.bytes
        for index in range(self.areas):
            self.check_inputs(self.area_at(index))
        require(self.claimed == self.input_end, "I111", "the input words are not as many as the neurons", HEADER.input_end)
        for index in range(self.areas):
            self.check_area(self.area_at(index))
        self.sources = 0
        for index in range(self.groups):
            self.check_group(self.sections["GRUP"][0] + index * GROUP.bytes)
        require(self.used == uword(data, HEADER.features), "I106", "the features are not those that the image uses", HEADER.features)
        self.claim(self.bits_at, self.slots * self.slot_bytes, HEADER.bits_at)
        if self.seen_at:
            self.claim(self.seen_at, self.slot_bytes, HEADER.seen_at)
        self.claim(self.weights_at, self.weights_end - self.weights_at, HEADER.weights_at)
        self.claimed = self.input_end
        for index in range(self.plastics):
            self.check_plastic(self.sections["PLAS"][0] + index * PLASTIC.bytes)
        for index in range(self.inits):
            self.check_init(self.sections["INIT"][0] + index * INIT.bytes)

    def count(self, at, most, message):
        value = uword(self.data, at)
        require(value <= most, "I107", message, at)
        return value

    def check_hash(self):
        """The last 32 bytes are the SHA-256 of all before them."""
        digest = hashlib.sha256()
        view = memoryview(self.data)
        end = len(view) - TRAILER
        at = 0
        while at < end:
            digest.update(view[at : min(at + 4096, end)])
            at += 4096
        require(digest.digest() == bytes(view[end:]), "I108", "the image is damaged: its SHA-256 does not match", end)

    def read_sections(self, total):
        """Sections follow the table in order, aligned to 4 bytes, without gaps; each has its CRC-32."""
        self.optional = {}
        data = self.data
        view = memoryview(data)
        end = len(view) - TRAILER
        table = HEADER.bytes
        at = table + total * SECTION.bytes
        require(at + 4 <= end, "I109", "the section table does not fit into the file", table)
        require(crc32(view[0:at]) & 4294967295 == uword(data, at), "I110", "header or section table are damaged", at)
        at += 4
        for index in range(total):
            entry = table + index * SECTION.bytes
            tag = bytes(view[entry : entry + 4])
            offset = uword(data, entry + SECTION.offset)
            length = uword(data, entry + SECTION.bytes_)
            require(offset == at and length <= end - at, "I109", "a section does not lie where the table says", entry)
            require(crc32(view[at : at + length]) & 4294967295 == uword(data, entry + SECTION.crc), "I110", "a section is damaged", at)
            at += (length + 3) & -4
            if tag[0] & 32:
                if max(tag) < 128:
                    self.optional.setdefault(tag.decode(), (offset, length))
                continue
            require(tag in TAGS, "I106", "the image has a section that this runtime does not know", entry)
            name = tag.decode()
            require(name not in self.sections, "I109", "a section stands twice in the table", entry)
            self.sections[name] = (offset, length)
        require(at == end, "I109", "the sections do not fill the file", at)
        for tag in TAGS:
            require(tag.decode() in self.sections, "I109", "a section is missing: " + tag.decode(), table)
        for name, size in (
            ("AREA", self.areas * AREA.bytes), ("GRUP", self.groups * GROUP.bytes), ("RDIR", self.rows * 4),
            ("PLAS", self.plastics * PLASTIC.bytes), ("INIT", self.inits * INIT.bytes),
        ):
            require(self.sections[name][1] == size, "I109", "section " + name + " is not as long as its records", self.sections[name][0])

    def within(self, at, size, low, high, align, code, message, place):
        require(at & (align - 1) == 0 and low <= at and size >= 0 and at + size <= high, code, message, place)

    def claim(self, at, size, place):
        """RAM arrays follow each other without overlap: inputs, areas, delay lines, bitmaps, scratch, weights."""
        self.within(at, size, self.claimed, self.ram_bytes, 4, "I111", "a RAM array lies outside or over another", place)
        self.claimed = at + size

    def check_ram(self):
        require(self.ram_bytes >= RAM.bytes and self.ram_bytes & 3 == 0, "I111", "the RAM block is too small", HEADER.ram_bytes)
        require(self.ram_bytes <= 16777216 + len(self.data) * 4096, "I111", "the image asks for more RAM than its size can justify", HEADER.ram_bytes)
        require(self.input_end == RAM.bytes + 4 * self.neurons, "I111", "the input words are not as many as the neurons", HEADER.input_end)
        require(self.input_end <= self.ram_bytes, "I111", "the input words lie outside the RAM block", HEADER.input_end)
        require(self.slot_bytes & 3 == 0 and self.slot_bytes <= self.ram_bytes, "I111", "a bitmap slot is not a number of words", HEADER.slot_bytes)
        require(self.seen_at != 0 or self.plastics == 0, "I111", "plastic pairs without their scratch", HEADER.seen_at)
        require(self.rows >= 1 and word(self.data, self.sections["RDIR"][0]) == 0, "I112", "row 0 must be the empty row", HEADER.rows)

    def area_at(self, index):
        return self.sections["AREA"][0] + index * AREA.bytes

    def is_area(self, at):
        first = self.sections["AREA"][0]
        return first <= at < first + self.areas * AREA.bytes and (at - first) % AREA.bytes == 0

    def check_inputs(self, area):
        """The input words of the areas follow each other in the order of the areas."""
        n = uword(self.data, area + AREA.neurons)
        require(1 <= n <= self.neurons, "I111", "an area has no neurons or more than the image", area)
        require(uword(self.data, area + AREA.input_at) == self.claimed, "I111", "an area's input words do not follow those before", area)
        self.claim(self.claimed, 4 * n, area)

    def check_area(self, area):
        data = self.data
        n = uword(data, area + AREA.neurons)
        at = uword(data, area + AREA.bits_at)
        require(at == self.marked, "I111", "an area's bitmap does not follow those before", area)
        self.marked = at + 2 * ((n + 15) >> 4)
        require(self.marked <= self.slot_bytes, "I111", "an area's bitmap lies outside its slot", area)
        voxels = 1
        for field in (AREA.width, AREA.height, AREA.depth, AREA.per_voxel):
            side = uword(data, area + field)
            require(1 <= side <= n, "I113", "an area's dimensions do not give its neurons", area + field)
            voxels *= side
            require(voxels <= n, "I113", "an area's dimensions do not give its neurons", area)
        require(voxels == n, "I113", "an area's dimensions do not give its neurons", area)
        flags = uword(data, area + AREA.flags)
        valued = flags & (AREA_FLAG.DRIVEN | AREA_FLAG.WEARS) != 0
        limit = uword(data, area + AREA.fire_limit)
        rests = uword(data, area + AREA.refractory) + (uword(data, area + AREA.snooze) if limit else 0)
        for field, size, needed in (
            (AREA.potentials_at, 4 * n, False), (AREA.stamps_at, 2 * n, rests != 0), (AREA.counts_at, 2 * n, limit != 0),
            (AREA.psps_at, 4 * n, flags & AREA_FLAG.WEARS != 0), (AREA.values_at, 4 * n * self.slots, valued),
        ):
            at = uword(data, area + field)
            require(at != 0 or not needed, "I111", "an area lacks an array that its parameters need", area + field)
            if at:
                self.claim(at, (size + 3) & -4, area + field)
        require(valued or uword(data, area + AREA.values_at) == 0, "I113", "an area keeps values that none of its spikes carries", area)
        if valued:
            self.used |= FEATURE.DRIVEN
        stored = uword(data, area + AREA.potentials_at)
        require(stored != 0 or uword(data, area + AREA.gain) == 1, "I113", "an area without potentials has a gain", area)
        at = uword(data, area + AREA.thresholds_at)
        if at:
            first, length = self.sections["THRS"]
            self.within(at, 4 * n, first, first + length, 4, "I113", "a table of thresholds lies outside its section", area)
        for field, low, high in (
            (AREA.count_bits, 1, COUNT_BITS_MAX), (AREA.input_cap, 0, POTENTIAL_MAX), (AREA.gain, 1, POTENTIAL_MAX),
            (AREA.threshold, -1 - POTENTIAL_MAX, POTENTIAL_MAX + 1), (AREA.threshold_limit, -1 - POTENTIAL_MAX, POTENTIAL_MAX),
            (AREA.retention, -RETENTION_ONE, RETENTION_ONE), (AREA.retention_shift, 0, 22),
            (AREA.refractory, 0, REFRACTORY_MAX), (AREA.snooze, 0, REFRACTORY_MAX), (AREA.fire_limit, 0, 65534),
            (AREA.forced_value, -POTENTIAL_MAX, POTENTIAL_MAX), (AREA.degeneration, -POTENTIAL_MAX, POTENTIAL_MAX),
            (AREA.power, -POTENTIAL_MAX, POTENTIAL_MAX), (AREA.scale_num, 1, 2147483647), (AREA.scale_den, 1, 2147483647),
        ):
            value = word(data, area + field)
            require(low <= value <= high, "I113", "a parameter of an area is out of its range", area + field)
        require(rests <= REFRACTORY_MAX, "I113", "a refractory period is too long", area)

    def check_group(self, group):
        data = self.data
        area = uword(data, group + GROUP.area_at)
        require(self.is_area(area), "I112", "a group names no area", group)
        n = uword(data, area + AREA.neurons)
        self.sources += n
        require(self.sources <= 65536 + 64 * self.neurons, "I107", "more groups than the neurons can justify", group)
        delay = uword(data, group + GROUP.delay)
        target = uword(data, group + GROUP.target_at)
        pending = uword(data, group + GROUP.pending_at)
        require(target == 0 or self.is_area(target), "I112", "a group names no target area", group)
        if target:
            self.used |= FEATURE.PLASTIC
        require(1 <= delay <= (DELAY_MAX if pending else self.slots), "I112", "a delay is longer than the ring of bitmaps", group)
        kind = uword(data, group + GROUP.rows_kind)
        rows = uword(data, group + GROUP.rows_at)
        require(kind <= ROWS.U32, "I112", "a group has an unknown kind of rows", group)
        if kind == ROWS.U16 or kind == ROWS.U32:
            first, length = self.sections["RTAB"]
            size = n * (2 if kind == ROWS.U16 else 4)
            self.within(rows, size, first, first + length, 4, "I112", "a table of rows lies outside its section", group)
        else:
            require(rows <= self.rows, "I112", "a group's rows do not exist", group)
        require(target == 0 or kind == ROWS.EACH, "I112", "the rows of a plastic group must be each neuron's own", group)
        if pending:
            require(target != 0 and delay >= 2, "I112", "a delay line without a plastic group", group)
            self.claim(pending, delay * 4 * uword(data, target + AREA.neurons), group)
            self.claim(uword(data, group + GROUP.phase_at), 4, group)

    def check_plastic(self, plastic):
        data = self.data
        at = uword(data, plastic + PLASTIC.group_at) - self.sections["GRUP"][0]
        require(at >= 0 and at % GROUP.bytes == 0 and at < self.groups * GROUP.bytes, "I112", "a plastic pair names no group", plastic)
        require(uword(data, at + self.sections["GRUP"][0] + GROUP.target_at) != 0, "I112", "a plastic pair's group has no target area", plastic)
        require(1 <= uword(data, plastic + PLASTIC.window) < self.slots, "I112", "a plasticity window is deeper than the ring of bitmaps", plastic)
        for field in (PLASTIC.step_up, PLASTIC.step_down, PLASTIC.weight_max):
            require(-POTENTIAL_MAX <= word(data, plastic + field) <= POTENTIAL_MAX, "I113", "a plastic pair's step is out of range", plastic + field)

    def check_init(self, init):
        data = self.data
        words = uword(data, init + INIT.words)
        require(words <= self.ram_bytes >> 2, "I111", "an initial stretch is longer than the RAM block", init)
        at = uword(data, init + INIT.ram_at)
        end = self.bits_at + self.slots * self.slot_bytes
        require(at >= end or at + 4 * words <= self.bits_at, "I111", "an initial stretch writes spikes", init)
        self.claim(at, 4 * words, init)
        at = uword(data, init + INIT.from_at)
        if at:
            first, length = self.sections["DATA"]
            self.within(at, 4 * words, first, first + length, 4, "I111", "an initial stretch copies from outside its section", init)

    def start(self, ram):
        """Writes the first state into `ram`, a zeroed buffer of ram_bytes."""
        data = self.data
        struct.pack_into(
            "<16I", ram, 0, 0, 0, self.slots, self.slot_bytes, self.bits_at, self.sections["AREA"][0], self.areas,
            self.sections["GRUP"][0], self.groups, self.sections["RDIR"][0], self.sections["PLAS"][0], self.plastics,
            self.seen_at, self.rows, self.input_end, 0,
        )
        for index in range(self.inits):
            init = self.sections["INIT"][0] + index * INIT.bytes
            at = uword(data, init + INIT.ram_at)
            size = 4 * uword(data, init + INIT.words)
            source = uword(data, init + INIT.from_at)
            if source:
                ram[at : at + size] = bytes(data[source : source + size])
            else:
                block = bytes(data[init + INIT.value : init + INIT.value + 4]) * 256
                for place in range(at, at + size, 1024):
                    part = min(1024, at + size - place)
                    ram[place : place + part] = block[:part]

    def row_bounds(self):
        """The four arguments of the kernel `verify`."""
        first, length = self.sections["ROWS"]
        return first, first + length, self.weights_at, self.weights_end

    def names(self):
        """[(cortical id as the genome writes it, name), ...] in the order of the areas."""
        at, length = self.sections["NAME"]
        end = at + length
        texts = []
        for _ in range(2 * self.areas):
            require(at + 2 <= end, "I114", "the section of names ends early", at)
            size = struct.unpack_from("<H", self.data, at)[0]
            require(at + 2 + size <= end, "I114", "the section of names ends early", at)
            try:
                texts.append(bytes(self.data[at + 2 : at + 2 + size]).decode())
            except UnicodeError:
                raise ImageError("I114", "a name is not UTF-8", at)
            at += 2 + size
        return [(texts[i], texts[i + 1]) for i in range(0, len(texts), 2)]
