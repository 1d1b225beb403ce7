# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
# {generated}
"""The burst kernels, compiled. Same class, same arithmetic as kernels.py."""

from libc.limits cimport INT_MAX
from libc.stdlib cimport calloc, free

cdef extern from *:
    """
{defines}
    """
    int AGE_PERIOD

cdef extern from "primitives.h" nogil:
    void add_run(int *R32, int base, int size, int step)
    void add_list(int *R32, const unsigned short *I16, int base, int at, int size, int step)
    void add_weighted(int *R32, const unsigned short *I16, const unsigned char *I8, int base, int at, int size, int step)
    void sweep(int *R32, unsigned short *R16, int x, int stop, int mask, int low, int high, int fired, int inputs)
    void integrate(int *R32, unsigned short *R16, int x, int stop, int mask, int k, int gain, int threshold, int limit,
                   int retention, int shift, int potentials, int inputs, int fired)
    void clear(int *R32, int x, int stop)
    int next_hit(const int *R32, int x, int stop, int mask)
    int mulq22(int v, int r)
    int hash_below(unsigned int neuron, unsigned int burst, unsigned int chance)
    int collect(const unsigned short *R16, int word, int count, int *found)
    int count_bits(const int *R32, int at, int words)
    ctypedef struct row_place:
        int at, end, split
    void find_rows(const int *I32, const unsigned short *I16, int kind, int rows, int directory, const int *found, int spikes,
                   row_place *places)
    void fetch_far(const int *I32, row_place place)
    void fetch_near(const int *I32, row_place place)
    int ROWS_AHEAD

cdef extern from "halves.h" nogil:
    ctypedef struct half_row:
        int at
    ctypedef struct halves:
        int border, clear
        half_row *rows[2]
    int halve(const int *I32, const int *R32, halves *h)
    void halves_free(halves *h)
    void find_half_rows(const int *I32, const unsigned short *I16, int kind, int rows, const half_row *half, const int *found,
                        int spikes, row_place *places)
    void add_half_run(int *R32, int base, int size, int step, int border, int upper)
    void add_half_list(int *R32, const unsigned short *I16, int base, int at, int size, int step, int border, int upper, int split)
    void add_half_weighted(int *R32, const unsigned short *I16, const unsigned char *I8, int base, int at, int size, int step,
                           int border, int upper, int split)

cdef extern from "worker.h" nogil:
    ctypedef struct worker:
        pass
    worker *worker_start(void (*half)(void *) noexcept nogil, void *subject)
    bint worker_lives(const worker *w)
    void worker_ask(worker *w)
    void worker_meet(worker *w)
    bint worker_wait(worker *w)
    void worker_end(worker *w)

# what one thread works with: room for spikes and their rows, its input words, its bytes of a slot of fired bitmaps
ctypedef struct part:
    int *found
    row_place *places
    int low, high, clear_from, clear_to

cdef enum:
    WHOLE, LOWER, UPPER, PARTS



cdef void upper_half(void *kernels) noexcept nogil:
    (<Kernels> kernels).half(UPPER)


cdef class Kernels:
    """One brain's memory and the kernels that run on it. The views keep the buffers alive; their sizes must be true."""
    cdef int[::1] _ram
    cdef const int[::1] _image
    cdef const int[::1] _stimulus
    cdef int *R32
    cdef unsigned short *R16
    cdef const int *I32
    cdef const unsigned short *I16
    cdef const unsigned char *I8
    cdef const int *S32
    cdef part parts[PARTS]
    cdef halves cut
    cdef worker *worker
    cdef int neurons_max, shared_from, rest, next_rest, rest_most
    cdef double events_per_spike
    cdef readonly long long halved  # bursts that ran on two threads

    def __cinit__(self, int[::1] ram, const int[::1] image, const int[::1] stimulus, int neurons_max):
        self._ram = ram
        self._image = image
        self.R32 = &ram[0]
        self.R16 = <unsigned short *> self.R32
        self.I32 = &image[0]
        self.I16 = <const unsigned short *> self.I32
        self.I8 = <const unsigned char *> self.I32
        self.neurons_max = neurons_max
        self.take_room(WHOLE)
        self.parts[WHOLE].high = INT_MAX
        self.parts[WHOLE].clear_to = self.R32[{slot_bytes}]
        self.stimulate(stimulus)

    def __dealloc__(self):
        worker_end(self.worker)
        halves_free(&self.cut)
        for number in range(PARTS):
            free(self.parts[number].found)
            free(self.parts[number].places)

    cdef int take_room(self, int number) except -1:
        cdef part *p = &self.parts[number]
        if p.found == NULL:
            p.found = <int *> calloc(self.neurons_max + 16, 4)
            p.places = <row_place *> calloc(self.neurons_max + 16, sizeof(row_place))
        if p.found == NULL or p.places == NULL:
            raise MemoryError
        return 0

    def share(self, int from_events, double events_per_spike, int rest_most):
        """Lets a second thread help with bursts of so many events and more; after bursts in which it came too late, up to rest_most
        bursts stay on one. True if it can: nothing is driven or learns, lists ascend, areas leave room for a border."""
        if self.worker == NULL:
            if not halve(self.I32, self.R32, &self.cut):
                return False
            self.parts[LOWER].high = self.parts[UPPER].low = self.cut.border
            self.parts[LOWER].clear_to = self.parts[UPPER].clear_from = self.cut.clear
            self.parts[UPPER].high = INT_MAX
            self.parts[UPPER].clear_to = self.parts[WHOLE].clear_to
            self.take_room(LOWER)
            self.take_room(UPPER)
            self.worker = worker_start(upper_half, <void *> self)
        self.shared_from, self.events_per_spike, self.rest_most = from_events, events_per_spike, rest_most
        return self.worker != NULL

    cdef bint is_large(self) noexcept:
        """Whether this burst is worth two threads: by the spikes of the last one, and if the other thread was in time. After `begin`."""
        cdef int slots = self.R32[{slots}], slot = self.R32[{slot}], words = self.R32[{slot_bytes}] >> 2
        if self.rest > 0:
            self.rest -= 1
            return False
        slot = slots - 1 if slot == 0 else slot - 1
        return (
            count_bits(self.R32, self.R32[{bits_at}] + slot * words * 4, words) * self.events_per_spike >= self.shared_from
            and worker_lives(self.worker)
        )

    cdef void half(self, int number) noexcept nogil:
        """One thread's part of a burst, after `begin`."""
        self.deliver_half(number)
        worker_meet(self.worker)
        self.update_part(0, 0, number)

    def stimulate(self, const int[::1] stimulus):
        """Takes the room in which a burst's stimulus is written."""
        self._stimulus = stimulus
        self.S32 = &stimulus[0]

{step}

    cdef void step_in_halves(self) noexcept:
        """One burst on two threads, after `begin`. Where the processors are taken by others, the next ones stay on one for a while."""
        self.halved += 1
        worker_ask(self.worker)
        self.half(LOWER)
        if worker_wait(self.worker):
            self.next_rest >>= 1
        else:
            self.next_rest = min(2 * self.next_rest + 1, self.rest_most)
            self.rest = self.next_rest

    cpdef void update(self, int at, int forced) noexcept:
        self.update_part(at, forced, WHOLE)

