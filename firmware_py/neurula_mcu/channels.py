"""Sensor values of the host into the brain, spikes out as motor values: what BIND set up, at work in machine code.

The same numbers as neurula_mcu.coders, for many channels at once. A burst takes no memory. A sensor is 16 words, a motor 20;
values are kept plus 32768."""

from array import array

try:
    import micropython
    from micropython import const
    from uctypes import addressof
except ImportError:
    from neurula_mcu.pointers import addressof, const, micropython, ptr8, ptr16, ptr32

from neurula_mcu.image import ImageError, uword
from neurula_mcu.coders import FRACTIONAL, RATE, check

# <wire FIRED FLAG_MORE CHANNELS CHANNEL_KIND_NONE CHANNEL_KIND_SENSOR CHANNEL_KIND_MOTOR>
_FIRED = const(161)
_FLAG_MORE = const(2)
_CHANNELS = const(64)
_CHANNEL_KIND_NONE = const(0)
_CHANNEL_KIND_SENSOR = const(1)
_CHANNEL_KIND_MOTOR = const(2)
# </wire>
_FREE = const(255)
_ENDLESS = const(1048576)
_HOLD_ENDLESS = const(255)
_NEURONS_MAX = const(4096)  # of a voxel
_SMALL = const(16383)  # a product with 32767 stays below 2^30
_INJECTIONS_MAX = const(1024)  # of all sensors
_RAW_MAX = const(256)  # of INJECT and EXCITE between two bursts
_UNITS_MAX = const(1073741823)
_AREA_NEURONS = const(4)  # fields of an area's record
_AREA_BITS = const(8)
_HALF = const(32768)
_OUT_END = const(247)  # of a payload in a writer's buffer


@micropython.viper
def _take(data: ptr8, at: int, end: int, index: ptr8, sensors: int):
    """The values of a SENSE into the sensors that are bound."""
    while at + 2 <= end:
        channel = data[at]
        count = data[at + 1]
        at += 2
        coarse = count >> 7
        count &= 127
        if at + (2 - coarse) * count > end:
            return
        count += channel
        while channel < count:
            value = data[at]
            at += 1
            if not coarse:
                high = data[at]
                at += 1
                value = (value | high << 8) ^ 32768
            elif value < 128:
                value = value * 258 + (value >> 6) + 32768
            else:
                value = 256 - value
                value = 32768 - value * 258 - (value >> 6)
            if channel < 64:
                place = index[channel]
                if place != 255:
                    r = ptr32(sensors + (place << 6))
                    r[10] = value
                    r[11] = r[12]
            channel += 1


@micropython.viper
def _sense(sensors: int, number: int, words: int, count: int, raw: int, waiting: ptr32) -> int:
    """Injections of all sensors whose value holds, and those that wait in `raw`, behind the first `count` in `words`; how many
    there are then."""
    sign = 1
    sign = sign << 31
    while number:
        r = ptr32(sensors)
        sensors += 64
        number -= 1
        left = r[11]
        if not left:
            continue
        if left < 1048576:
            r[11] = left - 1
        value = r[10] - 32768
        coding = r[0]
        depth = r[4]
        minus = (r[6] ^ sign) - sign
        turn = 0
        while turn < 2:
            column = r[2]
            share = value
            if turn:
                if coding == 4 or not minus:
                    break
                column += minus
                share = 0 - value
            turn += 1
            units = r[9]
            voxel = 0
            bits = 1
            if share > 32767:
                share = 32767
            if coding == 4:
                if share < -32767:
                    share = -32767
                voxel = ((share + 32767) * (depth - 1) + 32767) // 65534
            else:
                if share < 0:
                    if minus:
                        continue
                    share = 0
                if coding == 5:
                    units = (units ^ sign) - sign
                    voxel = share * 1023
                    share = voxel >> 15
                    if voxel - share * 32767 >= 32767:
                        share += 1
                    voxel = 0
                    units = (units >> 10) * share + ((units & 1023) * share >> 10)
                    if not units:
                        continue
                elif coding == 6:
                    if share < 16384:
                        continue
                elif coding == 3:
                    bits = 0
                    while voxel < depth:
                        share <<= 1
                        if share >= 32767:
                            share -= 32767
                            bits |= 1 << voxel
                        voxel += 1
                    voxel = 0
                    if not bits:
                        bits = 1 << (depth - 1)
                else:
                    voxel = (32767 - share) * depth // 32767
                    if voxel >= depth:
                        voxel = depth - 1
                    if coding == 2:
                        voxel = depth - 1 - voxel
            area = r[1]
            stride = r[3]
            column += voxel * stride
            while bits:
                if bits & 1:
                    left = r[5]
                    neuron = column
                    while left:
                        w = ptr32(words + 12 * count)
                        w[0] = area
                        w[1] = neuron
                        w[2] = units
                        count += 1
                        neuron += 1
                        left -= 1
                column += stride
                bits >>= 1
    left = waiting[0]
    if left:
        waiting[0] = 0
        while left:
            s = ptr32(raw)
            w = ptr32(words + 12 * count)
            w[0] = s[0]
            w[1] = s[1]
            w[2] = s[2]
            raw += 12
            count += 1
            left -= 1
    return count


@micropython.viper
def _decode(motors: int, number: int, ram: int, bits: int, slot_bytes: int, history: int):
    """What every motor wants after a burst. bits: where the ring of bitmaps begins in the RAM block."""
    slot = ptr8(ram + 4)
    bits += slot[0] * slot_bytes
    sign = 1
    sign = sign << 31
    while number:
        r = ptr32(motors)
        motors += 80
        number -= 1
        coding = r[0]
        depth = r[5]
        per_voxel = r[6]
        stride = r[4]
        minus = (r[7] ^ sign) - sign
        b = ptr8(ram + (bits + r[2]))
        turn = 0
        plus = -1
        other = -1
        while turn < 2:
            n = r[3]
            if turn:
                if not minus:
                    break
                n += minus
            fired = 0
            total = 0
            place = 0
            while place < depth:
                at = n
                left = per_voxel
                ones = 0
                while left > 0:
                    x = b[at >> 3]
                    x >>= at & 7
                    room = 8 - (at & 7)
                    if left < room:
                        x &= (1 << left) - 1
                    if x:
                        x = x - ((x >> 1) & 85)
                        x = (x & 51) + ((x >> 2) & 51)
                        ones += (x + (x >> 4)) & 15
                    left -= room
                    at += room
                if ones:
                    if coding > 4:
                        fired += ones
                    else:
                        fired += 1
                        if coding == 3:
                            total += 1 << (depth - 1 - place)
                        else:
                            total += place
                n += stride
                place += 1
            share = -1
            if fired:
                if coding > 4:
                    share = fired
                elif coding == 3:
                    share = (32767 * total + (1 << depth) - 1) >> depth
                elif coding == 1:
                    share = 32767 * (depth * fired - total) // (depth * fired)
                elif coding == 2:
                    share = 32767 * (total + fired) // (depth * fired)
                else:
                    share = 65534 * total // (fired * (depth - 1))
            if turn:
                other = share
            else:
                plus = share
            turn += 1
        quiet = r[14]
        window = r[10]
        if coding == 5:
            if plus < 0:
                plus = 0
            if other > 0:
                plus -= other
            place = r[12]
            h = ptr16(history + 2 * (r[11] + place))
            old = h[0]
            h[0] = plus + 32768
            total = r[13] + plus + 32768 - old
            r[13] = total
            place += 1
            if place == window:
                place = 0
            r[12] = place
            total -= 16777216
            full = r[9]
            shift = r[16]
            if total:
                left = total
                if left < 0:
                    left = 0 - left
                if left > full:
                    left = full
                left = 32767 * (left >> shift) // (full >> shift)
                if total < 0:
                    left = 0 - left
                r[15] = left + 32768
            else:
                r[15] = r[8]
        elif plus >= 0 or other >= 0:
            r[14] = 0
            if coding == 6:
                plus = 32767
            elif coding == 4:
                plus -= 32767
            else:
                if plus < 0:
                    plus = 0
                if other > 0:
                    plus -= other
            r[15] = plus + 32768
        elif quiet < window:
            quiet += 1
            r[14] = quiet
            if quiet == window:
                left = r[8]
                r[15] = left


@micropython.viper
def _put_motors(out: ptr8, at: int, ram: int, motors: int, number: int) -> int:
    """The number of the last burst and the values of all motors, in runs of consecutive channels; where they end."""
    burst = ptr8(ram)
    mark = 0
    while mark < 4:
        byte = burst[mark]
        out[at] = byte
        at += 1
        mark += 1
    last = -2
    mark = 0
    while number:
        r = ptr32(motors)
        motors += 80
        number -= 1
        channel = r[1]
        if channel != last + 1:
            out[at] = channel
            mark = at + 1
            out[mark] = 0
            at += 2
        count = out[mark]
        out[mark] = count + 1
        last = channel
        value = r[15] ^ 32768
        out[at] = value & 255
        out[at + 1] = value >> 8 & 255
        at += 2
    return at


@micropython.viper
def put_spikes(out: ptr8, at: int, room: int, ram: int, bits: int, areas: int, number: int, place: ptr32) -> int:
    """Appends spikes, as `spikes` has them, until all areas are done or the buffer ends at `room`; where it ended.

    The bitmap of an area begins in the RAM block at `bits` plus the area's first word in `areas`, its second word says how many
    neurons it has. place: area and neuron to go on with, (number, 0) when all are done. An area has less than 2^20 neurons."""
    area = place[0]
    neuron = place[1]
    while area < number:
        a = ptr32(areas + 8 * area)
        bitmap = ptr8(ram + (bits + a[0]))
        neurons = a[1]
        last = -1
        begun = 0
        while neuron < neurons:
            byte = bitmap[neuron >> 3]
            byte >>= neuron & 7
            if not byte:
                neuron = (neuron | 7) + 1
                continue
            if not byte & 1:
                neuron += 1
                continue
            if at + 7 - 3 * begun > room:
                break
            if not begun:
                begun = 1
                step = area + 1
                while step > 127:
                    out[at] = step & 127 | 128
                    step >>= 7
                    at += 1
                out[at] = step
                at += 1
            step = neuron - last
            while step > 127:
                out[at] = step & 127 | 128
                step >>= 7
                at += 1
            out[at] = step
            at += 1
            last = neuron
            neuron += 1
        if begun:
            out[at] = 0
            at += 1
        if neuron < neurons:
            break
        area += 1
        neuron = 0
    place[0] = area
    place[1] = neuron
    return at


@micropython.viper
def _inject(data: ptr8, at: int, end: int, raw: int, count: int, areas: int, number: int) -> int:
    """Takes the potentials of an INJECT for neurons that there are; how many injections wait then."""
    area = data[at] | data[at + 1] << 8
    first = data[at + 2] | data[at + 3] << 8 | data[at + 4] << 16 | data[at + 5] << 24
    if area >= number or first < 0 or first > 1048575:
        return count
    a = ptr32(areas + 8 * area)
    neurons = a[1]
    at += 6
    while at + 6 <= end and count < 256:
        neuron = first + (data[at] | data[at + 1] << 8)
        top = data[at + 5]
        units = data[at + 2] | data[at + 3] << 8 | data[at + 4] << 16 | top << 24
        if top >> 6 == 1:
            units = 1073741823
        if top >> 6 == 2 or (top == 192 and units & 16777215 == 0):
            units = -1073741823
        if neuron < neurons:
            w = ptr32(raw + 12 * count)
            w[0] = area
            w[1] = neuron
            w[2] = units
            count += 1
        at += 6
    return count


@micropython.viper
def _excite(data: ptr8, at: int, end: int, raw: int, count: int, areas: int, number: int) -> int:
    """Takes the neurons of an EXCITE that there are; how many injections wait then."""
    top = data[at + 3]
    units = data[at] | data[at + 1] << 8 | data[at + 2] << 16 | top << 24
    if top >> 6 == 1:
        units = 1073741823
    if top >> 6 == 2 or (top == 192 and units & 16777215 == 0):
        units = -1073741823
    at += 4
    area = -1
    neuron = -1
    neurons = 0
    while at < end and count < 256:
        step = 0
        shift = 0
        byte = 128
        while byte > 127 and at < end and shift < 28:
            byte = data[at]
            step |= (byte & 127) << shift
            shift += 7
            at += 1
        if byte > 127:
            return count
        if area < 0:
            area = step - 1
            neuron = -1
            if area < 0:
                return count
            neurons = 0
            if area < number:
                a = ptr32(areas + 8 * area)
                neurons = a[1]
        elif not step:
            area = -1
        else:
            neuron += step
            if neuron < neurons:
                w = ptr32(raw + 12 * count)
                w[0] = area
                w[1] = neuron
                w[2] = units
                count += 1
    return count


def quick_take(index, sensors_at, take=_take):
    """Channels.take as a closure: on a board looking names up costs more than the values."""

    @micropython.native
    def values(data, at, end):
        take(data, at, end, index, sensors_at)

    return values


def quick_sense(channels, brain, sensors_at, number, words, words_at, raw_at, waiting, sense=_sense):
    """Channels.sense as a closure."""

    @micropython.native
    def injections(count):
        if brain.words is not words:  # a step has made more room
            channels.settle()
            return channels.link.sense(count)
        return sense(sensors_at, number, words_at, count, raw_at, waiting)

    return injections


def quick_decode(motors_at, number, ram_at, bits_at, slot_bytes, history_at, decode=_decode):
    """Channels.decode as a closure."""

    @micropython.native
    def spikes():
        decode(motors_at, number, ram_at, bits_at, slot_bytes, history_at)

    return spikes


class Channels:
    """The channels of one session. link: gets what it calls in every burst: take, sense, decode. brain: as the loop has it;
    reserved: injections that the pins may make in a burst."""

    def __init__(self, link, brain, reserved):
        self.link = link
        self.brain = brain
        self.reserved = reserved
        image = brain.image
        self.bits_at = image.bits_at
        self.slot_bytes = image.slot_bytes
        self.ram_at = addressof(brain.ram)
        self.areas = array("i", bytes(8 * image.areas))
        for area in range(image.areas):
            at = image.area_at(area)
            self.areas[2 * area] = uword(image.data, at + _AREA_BITS)
            self.areas[2 * area + 1] = uword(image.data, at + _AREA_NEURONS)
        self.areas_at = addressof(self.areas)
        self.place = array("i", (0, 0))
        self.raw = None
        self.raw_at = 0
        self.waiting = array("i", (0,))  # raw injections
        self.clear()

    def clear(self):
        """Nothing is bound."""
        self.index = bytearray(bytes((_FREE,)) * _CHANNELS)
        self.sensors = array("i")
        self.motors = array("i")
        self.history = array("H", (0,))
        self.injected = 0
        self.waiting[0] = 0
        self.settle()

    def settle(self):
        """Notes where everything lies after something was bound."""
        self.sensor_count = len(self.sensors) // 16
        self.motor_count = len(self.motors) // 20
        self.brain.reserve(self.reserved + self.injected + (_RAW_MAX if self.raw is not None else 0))
        words = self.brain.words
        self.motors_at = addressof(self.motors)
        sensors_at = addressof(self.sensors)
        link = self.link
        link.take = quick_take(self.index, sensors_at)
        link.sense = quick_sense(
            self, self.brain, sensors_at, self.sensor_count, words, addressof(words), self.raw_at, self.waiting
        )
        history_at = addressof(self.history)
        link.decode = quick_decode(self.motors_at, self.motor_count, self.ram_at, self.bits_at, self.slot_bytes, history_at)

    # ---- binding ---------------------------------------------------------------------------------------------------

    def bind(self, channel, kind, coding, hold, window, area, depth, per_voxel, full, neutral, first, stride, minus, units):
        """As BIND says. ImageError F150 for what the brain or this firmware does not have."""
        need(channel < _CHANNELS and kind <= _CHANNEL_KIND_MOTOR, "there is no such channel")
        if kind == _CHANNEL_KIND_NONE:
            self.forget(channel, True)
            self.forget(channel, False)
            return
        try:
            check(coding, minus, depth, per_voxel)
        except ValueError:
            need(False, "a column cannot be so")
        need(area < len(self.areas) // 2 and stride >= 1 and per_voxel <= _NEURONS_MAX, "the brain has no such voxels")
        neurons = self.areas[2 * area + 1]
        last = first + (depth - 1) * stride + per_voxel
        need(last <= neurons and 0 <= first + minus and last + minus <= neurons, "the brain has no such voxels")
        if kind == _CHANNEL_KIND_SENSOR:
            self.forget(channel, True)
            most = per_voxel * (depth if coding == FRACTIONAL else 1) * (2 if minus else 1)
            need(self.injected + most <= _INJECTIONS_MAX, "the sensors would inject into too many neurons")
            units = max(-_UNITS_MAX, min(_UNITS_MAX, units))
            hold = _ENDLESS if hold == _HOLD_ENDLESS else hold
            self.index[channel] = len(self.sensors) // 16
            self.injected += most
            self.sensors += array(
                "i", (coding, area, first, stride, depth, per_voxel, minus, 0, 0, units, 0, 0, hold, 0, most, channel)
            )
        else:
            need(window >= 1 and (full >= 1 or coding != RATE), "the channel has no window")
            self.forget(channel, False)
            self._bind_motor(channel, coding, window, self.areas[2 * area], depth, per_voxel, full, neutral, first, stride, minus)
        self.settle()

    def _bind_motor(self, channel, coding, window, bits_at, depth, per_voxel, full, neutral, first, stride, minus):
        shift = 0
        while full >> shift > _SMALL:
            shift += 1
        value = neutral + _HALF
        record = coding, channel, bits_at, first, stride, depth, per_voxel, minus, neutral + _HALF, full
        record += window, 0, 0, 0, window, value, shift, 0, 0, 0
        at = 0
        while at < len(self.motors) and self.motors[at + 1] < channel:
            at += 20
        self.motors = self.motors[:at] + array("i", record) + self.motors[at:]
        self._share_history()

    def forget(self, channel, sensor):
        """Frees a channel, bound or not."""
        if sensor:
            place = self.index[channel]
            if place == _FREE:
                return
            at = 16 * place
            self.injected -= self.sensors[at + 14]
            self.sensors = self.sensors[:at] + self.sensors[at + 16 :]
            self.index[channel] = _FREE
            for other in range(_CHANNELS):
                if self.index[other] != _FREE and self.index[other] > place:
                    self.index[other] -= 1
        else:
            for at in range(0, len(self.motors), 20):
                if self.motors[at + 1] == channel:
                    self.motors = self.motors[:at] + self.motors[at + 20 :]
                    self._share_history()
                    break
        self.settle()

    def _share_history(self):
        """Gives every motor its place in the history, all of them quiet."""
        size = 0
        for at in range(0, len(self.motors), 20):
            self.motors[at + 11] = size
            size += self.motors[at + 10]
        self.history = array("H", bytes(2 * size + 2))
        for at in range(len(self.history)):
            self.history[at] = _HALF
        for at in range(0, len(self.motors), 20):
            self.motors[at + 12] = 0
            self.motors[at + 13] = 1 << 24

    # ---- every burst -----------------------------------------------------------------------------------------------

    def inject(self, data, at, end):
        """The payload of an INJECT."""
        if end - at >= 6 and self._room():
            self.waiting[0] = _inject(data, at, end, self.raw_at, self.waiting[0], self.areas_at, len(self.areas) >> 1)

    def excite(self, data, at, end):
        """The payload of an EXCITE."""
        if end - at >= 4 and self._room():
            self.waiting[0] = _excite(data, at, end, self.raw_at, self.waiting[0], self.areas_at, len(self.areas) >> 1)

    def _room(self):
        """Makes room for raw injections when the first ones come."""
        if self.raw is None:
            self.raw = array("i", bytes(12 * _RAW_MAX))
            self.raw_at = addressof(self.raw)
            self.settle()
        return True

    @micropython.native
    def put_motors(self, out, at):
        """The payload of a MOTOR; where it ends."""
        return _put_motors(out, at, self.ram_at, self.motors_at, self.motor_count)

    @micropython.native
    def send_fired(self, link, frames):
        """Sends the spikes of the last burst, in `frames` frames at most."""
        place, out = self.place, link.writer.buffer
        bits = self.bits_at + self.brain.ram[4] * self.slot_bytes
        number = len(self.areas) >> 1
        place[0] = place[1] = 0
        ram = self.brain.ram
        while frames:
            frames -= 1
            out[7] = ram[0]  # the burst's number, byte by byte: as one number it would take memory
            out[8] = ram[1]
            out[9] = ram[2]
            out[10] = ram[3]
            end = put_spikes(out, 11, _OUT_END, self.ram_at, bits, self.areas_at, number, place)
            more = place[0] < number and frames
            link.send(_FIRED, _FLAG_MORE if more else 0, end)
            if not more:
                return


def need(condition, text):
    if not condition:
        raise ImageError("F150", text)

