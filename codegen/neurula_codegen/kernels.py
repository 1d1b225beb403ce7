"""The burst, once: the definition from which the Python/Cython and the viper kernels are generated.

This file is parsed, never run. It is a small language in Python's clothes:
* all locals are signed 32-bit integers; nothing here lets a value of a valid image leave that range;
* R32, R16 are the RAM block as words and unsigned half-words, I32, I16 the image, S32 the stimulus; all by byte offset;
* every load stands alone on the right of an assignment; RECORD.field is the field's byte offset, FLAG.name its value;
* add_run, add_list, add_weighted, sweep, next_hit, mulq22, hash_below are primitives that each target spells in its own way;
* `for j in spikes(...)` runs over the set bits of a bitmap; it and `integrate` are written out unless a target knows better.
docs/SPEC.md says in words what these kernels do; the reference runtime says it in plain Python.
"""


def begin(injections):
    """Opens burst t: advances the counters and adds `injections` entries (area, neuron, units) and power to the inputs."""
    burst = R32[RAM.burst]
    R32[RAM.burst] = burst + 1
    slot = R32[RAM.slot]
    slot = slot + 1
    slots = R32[RAM.slots]
    if slot >= slots:
        slot = 0
    R32[RAM.slot] = slot
    areas = R32[RAM.areas_at]
    total = R32[RAM.areas]
    n = 0 - total
    at = 0
    while n < injections:
        if n < 0:
            area = areas
            areas = areas + AREA.bytes
            local = 0
            units = I32[area + AREA.power]
            use = units
        else:
            local = S32[at]
            area = R32[RAM.areas_at]
            area = area + local * AREA.bytes
            local = S32[at + 4]
            units = S32[at + 8]
            at = at + 12
            use = 1
        if use != 0:
            k = I32[area + AREA.count_bits]
            cap = I32[area + AREA.input_cap]
            x = I32[area + AREA.input_at]
            x = x + (local << 2)
            a = R32[x]
            hits = a & ((1 << k) - 1)
            if hits == 0:
                hits = 1
            c = (a >> k) + units
            if c > cap:
                c = cap
            if c < 0 - cap:
                c = 0 - cap
            R32[x] = (c << k) + hits
        n = n + 1


def deliver():
    """Adds to the inputs what the spikes of earlier bursts deliver in this one, for groups of plain rows."""
    now = R32[RAM.slot]
    slots = R32[RAM.slots]
    slot_bytes = R32[RAM.slot_bytes]
    bits = R32[RAM.bits_at]
    directory = R32[RAM.rows_at]
    group = R32[RAM.groups_at]
    groups = R32[RAM.groups]
    while groups > 0:
        area = I32[group + GROUP.area_at]
        delay = I32[group + GROUP.delay]
        kind = I32[group + GROUP.rows_kind]
        rows = I32[group + GROUP.rows_at]
        target = I32[group + GROUP.target_at]
        group = group + GROUP.bytes
        groups = groups - 1
        slot = now - delay
        if slot < 0:
            slot = slot + slots
        count = I32[area + AREA.neurons]
        word = I32[area + AREA.bits_at]
        values = I32[area + AREA.values_at]
        word = word + bits + slot * slot_bytes
        if values + target != 0:
            count = 0
        for j in spikes(word, count, kind, rows, directory):
            r = rows
            if kind != ROWS.SAME:
                if kind == ROWS.U16:
                    r = I16[rows + (j << 1)]
                else:
                    if kind == ROWS.EACH:
                        r = rows + j
                    else:
                        r = I32[rows + (j << 2)]
            row = I32[directory + (r << 2)]
            while row != 0:
                head = I32[row]
                base = I32[row + SEGMENT.base]
                step = I32[row + SEGMENT.step]
                row = row + SEGMENT.bytes
                size = head >> 8
                if head & SEGMENT_FLAG.RELATIVE != 0:
                    base = base + (j << 2)
                if head & SEGMENT_FLAG.LIST != 0:
                    if head & SEGMENT_FLAG.WEIGHTED != 0:
                        add_weighted(base, row, size, step)
                        row = row + (((size + 3) >> 2) << 2)
                    else:
                        add_list(base, row, size, step)
                    row = row + (((size + 1) >> 1) << 2)
                else:
                    add_run(base, size, step)
                if head & SEGMENT_FLAG.LAST != 0:
                    row = 0


def deliver_valued():
    """The same for groups whose spikes carry a value or whose synapses learn."""
    now = R32[RAM.slot]
    slots = R32[RAM.slots]
    slot_bytes = R32[RAM.slot_bytes]
    bits = R32[RAM.bits_at]
    directory = R32[RAM.rows_at]
    group = R32[RAM.groups_at]
    groups = R32[RAM.groups]
    while groups > 0:
        area = I32[group + GROUP.area_at]
        delay = I32[group + GROUP.delay]
        kind = I32[group + GROUP.rows_kind]
        rows = I32[group + GROUP.rows_at]
        pending = I32[group + GROUP.pending_at]
        target = I32[group + GROUP.target_at]
        count = I32[area + AREA.neurons]
        shift = 0
        if pending != 0:
            # a plastic group with a delay sends at once, with the weights of now, into a delay line
            size = I32[target + AREA.neurons]
            x = I32[target + AREA.input_at]
            y = I32[group + GROUP.phase_at]
            phase = R32[y]
            phase = phase + 1
            if phase >= delay:
                phase = 0
            if phase < 0:
                phase = 0
            R32[y] = phase
            y = pending + ((phase * size) << 2)
            shift = phase - 1
            if shift < 0:
                shift = delay - 1
            shift = pending + ((shift * size) << 2) - x
            while size > 0:
                a = R32[y]
                b = R32[x]
                R32[x] = a + b
                R32[y] = 0
                x = x + 4
                y = y + 4
                size = size - 1
            delay = 1
        slot = now - delay
        if slot < 0:
            slot = slot + slots
        word = I32[area + AREA.bits_at]
        word = word + bits + slot * slot_bytes
        values = I32[area + AREA.values_at]
        if values + target == 0:
            count = 0
        if values != 0:
            values = values + ((slot * count) << 2)
        i = 0
        while i < count:
            m = R16[word + ((i >> 4) << 1)]
            row = 0
            if (m >> (i & 15)) & 1 != 0:
                r = rows
                if kind == ROWS.U16:
                    r = I16[rows + (i << 1)]
                if kind == ROWS.U32:
                    r = I32[rows + (i << 2)]
                if kind == ROWS.EACH:
                    r = rows + i
                row = I32[directory + (r << 2)]
            while row != 0:
                head = I32[row]
                base = I32[row + SEGMENT.base]
                step = I32[row + SEGMENT.step]
                size = head >> 8
                at = row + SEGMENT.bytes + 8
                base = base + shift
                if head & SEGMENT_FLAG.DRIVEN != 0:
                    if head & SEGMENT_FLAG.RELATIVE != 0:
                        base = base + (i << 2)
                    k = I32[row + SEGMENT.bytes]
                    b = I32[row + SEGMENT.bytes + 4]
                    e = k >> 16
                    k = k & 255
                    v = R32[values + (i << 2)]
                    if step < 0:
                        v = 0 - v
                        step = 0 - step
                    c = mulq22(v, step)
                    if e < 0:
                        e = 0 - e
                        c = (c + (1 << (e - 1))) >> e
                        e = 0
                    b = b >> e
                    if c > b:
                        c = b
                    if c < 0 - b:
                        c = 0 - b
                    c = c << e
                    step = (c << k) + 1
                    if head & SEGMENT_FLAG.LIST != 0:
                        add_list(base, at, size, step)
                        at = at + (((size + 1) >> 1) << 2)
                    else:
                        add_run(base, size, step)
                else:
                    y = I32[row + SEGMENT.bytes]
                    k = I32[row + SEGMENT.bytes + 4]
                    row = at
                    at = at + (((size + 1) >> 1) << 2)
                    while size > 0:
                        x = I16[row]
                        x = base + (x << 2)
                        v = R32[y]
                        a = R32[x]
                        R32[x] = a + ((v * step) << k) + 1
                        row = row + 2
                        y = y + 4
                        size = size - 1
                row = at
                if head & SEGMENT_FLAG.LAST != 0:
                    row = 0
            i = i + 1
        group = group + GROUP.bytes
        groups = groups - 1


def integrate(x, stop, mask, k, gain, threshold, limit, retention, shift, potentials, inputs, fired):
    """Updates all neurons of an area that keep nothing but a potential. Part of `update`; a target may have its own way."""
    potentials = potentials - inputs
    x = next_hit(x, stop, mask)
    while x < stop:
        a = R32[x]
        R32[x] = 0
        y = x + potentials
        v = R32[y]
        c = a >> k
        if c > 0:
            v = v + c * gain
            if v > POTENTIAL_MAX:
                v = POTENTIAL_MAX
        spike = 0
        if v >= threshold:
            if v <= limit:
                spike = 1
        if spike != 0:
            i = (x - inputs) >> 2
            s = fired + ((i >> 4) << 1)
            b = R16[s]
            R16[s] = b | (1 << (i & 15))
            v = 0
        else:
            if retention != RETENTION_ONE:
                b = retention
                if b < 0:
                    b = 0 - b
                    v = 0 - v
                v = mulq22(v, b)
                b = POTENTIAL_MAX >> shift
                if v > b:
                    v = b
                if v < 0 - b:
                    v = 0 - b
                v = v << shift
        R32[y] = v
        x = next_hit(x + 4, stop, mask)


def update(at, forced):
    """Updates every neuron that received input, then fires the `forced` entries (area, neuron) at stimulus offset `at`."""
    t = R32[RAM.burst]
    slot = R32[RAM.slot]
    slot_bytes = R32[RAM.slot_bytes]
    bits = R32[RAM.bits_at]
    bits = bits + slot * slot_bytes
    x = bits
    stop = bits + slot_bytes
    while x < stop:
        R32[x] = 0
        x = x + 4
    total = R32[RAM.areas]
    n = 0 - forced
    while n < total:
        # forced neurons come first, each as a span of one; then every area as a whole
        area = R32[RAM.areas_at]
        i = 0
        end = 0
        if n < 0:
            index = S32[at]
            i = S32[at + 4]
            at = at + 8
            end = i + 1
            area = area + index * AREA.bytes
        else:
            area = area + n * AREA.bytes
            end = I32[area + AREA.neurons]
        inputs = I32[area + AREA.input_at]
        k = I32[area + AREA.count_bits]
        mask = (1 << k) - 1
        fired = I32[area + AREA.bits_at]
        fired = fired + bits
        flags = I32[area + AREA.flags]
        cap = I32[area + AREA.input_cap]
        gain = I32[area + AREA.gain]
        threshold = I32[area + AREA.threshold]
        thresholds = I32[area + AREA.thresholds_at]
        limit = I32[area + AREA.threshold_limit]
        retention = I32[area + AREA.retention]
        shift = I32[area + AREA.retention_shift]
        fire_limit = I32[area + AREA.fire_limit]
        potentials = I32[area + AREA.potentials_at]
        stamps = I32[area + AREA.stamps_at]
        counts = I32[area + AREA.counts_at]
        values = I32[area + AREA.values_at]
        if values != 0:
            x = I32[area + AREA.neurons]
            values = values + ((slot * x) << 2)
        x = inputs + (i << 2)
        stop = inputs + (end << 2)
        easy = stamps + counts + thresholds + values
        if n < 0:
            easy = 1
        if flags & AREA_FLAG.ALWAYS == 0:
            easy = 1
        if easy == 0:
            # areas whose neurons keep at most a potential
            if potentials != 0:
                integrate(x, stop, mask, k, gain, threshold, limit, retention, shift, potentials, inputs, fired)
                x = stop
            else:
                # nothing of these neurons outlives the burst but a spike: compare the packed words
                b = POTENTIAL_MAX >> k
                low = 0 - POTENTIAL_MAX
                high = POTENTIAL_MAX
                if threshold > 0 - b:
                    low = threshold << k
                if limit < b:
                    high = (limit << k) + mask
                if threshold > b:
                    low = high + 1
                if limit < 0 - b:
                    low = high + 1
                sweep(x, stop, mask, low, high, fired)
                x = stop
        x = next_hit(x, stop, mask)
        while x < stop:
            a = R32[x]
            R32[x] = 0
            c = a >> k
            i = (x - inputs) >> 2
            live = 1
            if stamps != 0:
                s = R16[stamps + (i << 1)]
                if s != 0:
                    if (s - t) & STAMP_MASK < STAMP_HALF:
                        live = 0
                    else:
                        # a refractory period that has ended lifts the consecutive-fire limit
                        R16[stamps + (i << 1)] = 0
                        if counts != 0:
                            s = R16[counts + (i << 1)]
                            if s >= fire_limit:
                                R16[counts + (i << 1)] = 0
            if live != 0:
                if potentials != 0:
                    if c < 0:
                        c = 0
                    v = R32[potentials + (i << 2)]
                    v = v + c * gain
                    if v > POTENTIAL_MAX:
                        v = POTENTIAL_MAX
                else:
                    v = c * gain
                if thresholds != 0:
                    threshold = I32[thresholds + (i << 2)]
                spike = 0
                if v >= threshold:
                    if v <= limit:
                        if flags & AREA_FLAG.ALWAYS != 0:
                            spike = 1
                        if counts != 0:
                            s = R16[counts + (i << 1)]
                            if s >= fire_limit:
                                spike = 2
                        if spike == 0:
                            if flags & AREA_FLAG.DRAWS != 0:
                                s = I32[area + AREA.neuron_id]
                                s = s + i
                                b = I32[area + AREA.chance]
                                spike = hash_below(s, t, b)
                if spike == 0:
                    if counts != 0:
                        R16[counts + (i << 1)] = 0
                    if retention != RETENTION_ONE:
                        b = retention
                        if b < 0:
                            b = 0 - b
                            v = 0 - v
                        v = mulq22(v, b)
                        b = POTENTIAL_MAX >> shift
                        if v > b:
                            v = b
                        if v < 0 - b:
                            v = 0 - b
                        v = v << shift
                if spike == 2:
                    R16[counts + (i << 1)] = 0
                if spike == 1:
                    y = fired + ((i >> 4) << 1)
                    b = R16[y]
                    R16[y] = b | (1 << (i & 15))
                    if values != 0:
                        if flags & AREA_FLAG.WEARS != 0:
                            y = I32[area + AREA.psps_at]
                            y = y + (i << 2)
                            v = R32[y]
                            b = I32[area + AREA.degeneration]
                            b = v - b
                            if b < 0:
                                b = 0
                            if b > POTENTIAL_MAX:
                                b = POTENTIAL_MAX
                            R32[y] = b
                        R32[values + (i << 2)] = v
                    v = 0
                    s = I32[area + AREA.refractory]
                    if counts != 0:
                        b = R16[counts + (i << 1)]
                        b = b + 1
                        R16[counts + (i << 1)] = b
                        if b >= fire_limit:
                            b = I32[area + AREA.snooze]
                            s = s + b
                    if s != 0:
                        R16[stamps + (i << 1)] = ((t + s) & STAMP_MASK) | STAMP_VALID
                if potentials != 0:
                    R32[potentials + (i << 2)] = v
                else:
                    if n < 0:
                        # an area that stores no potential keeps the charge of a forced burst in the input word
                        if v > cap:
                            v = cap
                        if v < 0 - cap:
                            v = 0 - cap
                        R32[x] = v << k
            x = next_hit(x + 4, stop, mask)
        if n < 0:
            i = end - 1
            y = fired + ((i >> 4) << 1)
            b = R16[y]
            a = 1 << (i & 15)
            if b & a == 0:
                R16[y] = b | a
                if values != 0:
                    v = I32[area + AREA.forced_value]
                    if flags & AREA_FLAG.WEARS != 0:
                        y = I32[area + AREA.psps_at]
                        y = y + (i << 2)
                        v = R32[y]
                        b = I32[area + AREA.degeneration]
                        b = v - b
                        if b < 0:
                            b = 0
                        if b > POTENTIAL_MAX:
                            b = POTENTIAL_MAX
                        R32[y] = b
                    R32[values + (i << 2)] = v
                if stamps != 0:
                    s = R16[stamps + (i << 1)]
                    if s != 0:
                        if (s - t) & STAMP_MASK < STAMP_HALF:
                            # a refractory period is not counted down in a burst that forces the neuron
                            R16[stamps + (i << 1)] = ((s + 1) & STAMP_MASK) | STAMP_VALID
        n = n + 1


def age():
    """Clears refractory stamps that have expired, so that their 15-bit burst numbers never become ambiguous."""
    t = R32[RAM.burst]
    area = R32[RAM.areas_at]
    n = R32[RAM.areas]
    while n > 0:
        stamps = I32[area + AREA.stamps_at]
        if stamps != 0:
            counts = I32[area + AREA.counts_at]
            fire_limit = I32[area + AREA.fire_limit]
            i = I32[area + AREA.neurons]
            while i > 0:
                i = i - 1
                s = R16[stamps + (i << 1)]
                if s != 0:
                    if (s - t) & STAMP_MASK >= STAMP_HALF:
                        R16[stamps + (i << 1)] = 0
                        if counts != 0:
                            s = R16[counts + (i << 1)]
                            if s >= fire_limit:
                                R16[counts + (i << 1)] = 0
        area = area + AREA.bytes
        n = n - 1


def learn():
    """Moves the weights of every plastic group: up where source and target fired in the window, down where one of them did."""
    now = R32[RAM.slot]
    slots = R32[RAM.slots]
    slot_bytes = R32[RAM.slot_bytes]
    bits = R32[RAM.bits_at]
    seen = R32[RAM.seen_at]
    directory = R32[RAM.rows_at]
    plastic = R32[RAM.plastics_at]
    n = R32[RAM.plastics]
    while n > 0:
        group = I32[plastic + PLASTIC.group_at]
        window = I32[plastic + PLASTIC.window]
        up = I32[plastic + PLASTIC.step_up]
        down = I32[plastic + PLASTIC.step_down]
        top = I32[plastic + PLASTIC.weight_max]
        source = I32[group + GROUP.area_at]
        target = I32[group + GROUP.target_at]
        area = source
        both = 0
        k = 0
        while k < 2:
            word = I32[area + AREA.bits_at]
            i = I32[area + AREA.neurons]
            while i > 0:
                m = 0
                slot = now
                d = 0
                while d < window:
                    slot = slot - 1
                    if slot < 0:
                        slot = slots - 1
                    b = R16[bits + slot * slot_bytes + word]
                    m = m | b
                    d = d + 1
                R16[seen + word] = m
                both = both | m
                word = word + 2
                i = i - 16
            area = target
            k = k + 1
        if both != 0:
            word = I32[source + AREA.bits_at]
            word = word + seen
            mark = I32[target + AREA.bits_at]
            mark = mark + seen
            inputs = I32[target + AREA.input_at]
            rows = I32[group + GROUP.rows_at]
            count = I32[source + AREA.neurons]
            i = 0
            while i < count:
                m = R16[word + ((i >> 4) << 1)]
                a = (m >> (i & 15)) & 1
                row = I32[directory + ((rows + i) << 2)]
                while row != 0:
                    head = I32[row]
                    base = I32[row + SEGMENT.base]
                    base = base - inputs
                    size = head >> 8
                    at = row + SEGMENT.bytes
                    y = I32[at]
                    at = at + 8
                    row = at + (((size + 1) >> 1) << 2)
                    if head & SEGMENT_FLAG.LAST != 0:
                        row = 0
                    while size > 0:
                        x = I16[at]
                        x = x + (base >> 2)
                        m = R16[mark + ((x >> 4) << 1)]
                        b = a + ((m >> (x & 15)) & 1)
                        if b != 0:
                            v = R32[y]
                            if b == 2:
                                v = v + up
                            else:
                                v = v - down
                            if v > top:
                                v = top
                            if v < 0:
                                v = 0
                            R32[y] = v
                        at = at + 2
                        y = y + 4
                        size = size - 1
                i = i + 1
        plastic = plastic + PLASTIC.bytes
        n = n - 1
