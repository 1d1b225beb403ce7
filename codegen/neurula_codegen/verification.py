"""The kernel that a loader runs once: walks every row and table of an image and looks at every bound.

Written in the kernel language (kernels.py).
"""


def verify(rows_at, rows_end, weights_at, weights_end):
    """Walks all rows and tables of an image once. Returns 0, or the image offset of the first word that is out of bounds.

    Of the RAM block only the header is read. Rows lie in rows_at:rows_end of the image, weights in weights_at:weights_end
    of the RAM block; the sections and the records of areas and groups were checked before.
    """
    inputs_end = R32[RAM.input_end]
    directory = R32[RAM.rows_at]
    rows = R32[RAM.rows]
    n = 1
    p = rows_at
    while n < rows:
        row = I32[directory + (n << 2)]
        wide = 0
        low = 0
        high = 0
        if row != 0:
            if row != p:
                # only a row that begins with a relative segment has two words in front
                if row != p + 8:
                    return directory + (n << 2)
                if row > rows_end:
                    return directory + (n << 2)
                wide = 1
                low = I32[p]
                high = I32[p + 4]
                if low < 0:
                    return p
                if high < low:
                    return p
                if high > 16777215:
                    return p
                p = row
        first = row
        same = 0
        while row != 0:
            if p > rows_end - SEGMENT.bytes:
                return p
            head = I32[p]
            base = I32[p + SEGMENT.base]
            step = I32[p + SEGMENT.step]
            size = head >> 8
            at = p + SEGMENT.bytes
            if head & 192 != 0:
                return p
            if size < 1:
                return p
            if size > SEGMENT_MAX:
                return p
            if base & 3 != 0:
                return p
            if base > inputs_end:
                return p
            if base < 0 - inputs_end:
                return p
            a = head & SEGMENT_FLAG.RELATIVE
            if p == first:
                same = head & (SEGMENT_FLAG.DRIVEN | SEGMENT_FLAG.PLASTIC)
                b = wide * SEGMENT_FLAG.RELATIVE
                if a != b:
                    return p
            if head & (SEGMENT_FLAG.DRIVEN | SEGMENT_FLAG.PLASTIC) != same:
                return p
            low_end = base
            high_end = base
            if a != 0:
                if wide == 0:
                    return p
                low_end = base + (low << 2)
                high_end = base + (high << 2)
            if low_end < RAM.bytes:
                return p
            if high_end >= inputs_end:
                return p
            if head & SEGMENT_FLAG.DRIVEN != 0:
                if at > rows_end - 8:
                    return p
                k = I32[at]
                b = I32[at + 4]
                at = at + 8
                if k & 65535 > COUNT_BITS_MAX:
                    return p
                k = k >> 16
                if k > 29:
                    return p
                if k < 0 - 29:
                    return p
                if b < 0:
                    return p
                if step > RETENTION_ONE:
                    return p
                if step < 0 - RETENTION_ONE:
                    return p
            if head & SEGMENT_FLAG.WEIGHTED != 0:
                # weights of their own only in plain lists; 255 steps must stay within 2^30
                if head & (SEGMENT_FLAG.DRIVEN | SEGMENT_FLAG.PLASTIC | SEGMENT_FLAG.LIST) != SEGMENT_FLAG.LIST:
                    return p
                if step > WEIGHT_STEP_MAX:
                    return p
                if step < 0 - WEIGHT_STEP_MAX:
                    return p
            if head & SEGMENT_FLAG.PLASTIC != 0:
                if at > rows_end - 8:
                    return p
                k = I32[at]
                b = I32[at + 4]
                at = at + 8
                if head & 14 != SEGMENT_FLAG.LIST:
                    return p
                if b < 0:
                    return p
                if b > COUNT_BITS_MAX:
                    return p
                if k & 3 != 0:
                    return p
                if k < weights_at:
                    return p
                if k > weights_end - (size << 2):
                    return p
            if head & SEGMENT_FLAG.LIST != 0:
                if at > rows_end - (((size + 1) >> 1) << 2):
                    return p
                b = at
                at = at + (((size + 1) >> 1) << 2)
                if head & SEGMENT_FLAG.WEIGHTED != 0:
                    if at > rows_end - (((size + 3) >> 2) << 2):
                        return p
                    at = at + (((size + 3) >> 2) << 2)
                while size > 0:
                    k = I16[b]
                    if high_end + (k << 2) >= inputs_end:
                        return b
                    b = b + 2
                    size = size - 1
            else:
                if high_end + (size << 2) > inputs_end:
                    return p
            p = at
            if head & SEGMENT_FLAG.LAST != 0:
                row = 0
        n = n + 1
    if p != rows_end:
        return p
    group = R32[RAM.groups_at]
    n = R32[RAM.groups]
    while n > 0:
        area = I32[group + GROUP.area_at]
        count = I32[area + AREA.neurons]
        kind = I32[group + GROUP.rows_kind]
        at = I32[group + GROUP.rows_at]
        target = I32[group + GROUP.target_at]
        same = I32[area + AREA.values_at]
        low_end = 0
        high_end = 0
        if same != 0:
            same = SEGMENT_FLAG.DRIVEN
        if target != 0:
            same = SEGMENT_FLAG.PLASTIC
            low_end = I32[target + AREA.input_at]
            high_end = I32[target + AREA.neurons]
            high_end = low_end + (high_end << 2)
        i = 0
        while i < count:
            k = at
            if kind == ROWS.EACH:
                k = at + i
            if kind == ROWS.U16:
                k = I16[at + (i << 1)]
            if kind == ROWS.U32:
                k = I32[at + (i << 2)]
            if k < 0:
                return group
            if k >= rows:
                return group
            p = I32[directory + (k << 2)]
            if p != 0:
                head = I32[p]
                if head & SEGMENT_FLAG.RELATIVE != 0:
                    low = I32[p - 8]
                    high = I32[p - 4]
                    if i < low:
                        return group
                    if i > high:
                        return group
                # plain rows in a plain group, driven rows where spikes carry values, plastic rows in a plastic group
                if head & (SEGMENT_FLAG.DRIVEN | SEGMENT_FLAG.PLASTIC) != same:
                    return p
                if target == 0:
                    p = 0
                while p != 0:
                    # the targets of a plastic row lie in the group's target area
                    head = I32[p]
                    base = I32[p + SEGMENT.base]
                    size = head >> 8
                    at_list = p + SEGMENT.bytes + 8
                    if head & SEGMENT_FLAG.LAST != 0:
                        p = 0
                    else:
                        p = at_list + (((size + 1) >> 1) << 2)
                    while size > 0:
                        b = I16[at_list]
                        b = base + (b << 2)
                        if b < low_end:
                            return at_list
                        if b >= high_end:
                            return at_list
                        at_list = at_list + 2
                        size = size - 1
            i = i + 1
        group = group + GROUP.bytes
        n = n - 1
    return 0
