/* One more thread that helps with large bursts. It waits for work awake for some microseconds, then asleep. Never touches Python. */
#ifndef NEURULA_WORKER_H
#define NEURULA_WORKER_H

#include <stdlib.h>

#if defined(__GNUC__) && (defined(__unix__) || defined(__APPLE__))
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE() ((void)0)
#endif

enum { SPINS = 4000 }; /* looks before a thread gives its processor away: some 50 microseconds */

typedef struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pid_t process;            /* a fork has the record and not the thread */
    void (*half)(void *);     /* the worker's part of a burst, on `subject` */
    void *subject;
    int stop, sleeping;
    int late;                 /* one of the two waited so long that it gave its processor away */
    unsigned asked, done, met; /* bursts asked for, bursts done, arrivals at the point where both meet */
} worker;

static void *worker_main(void *argument)
{
    worker *w = argument;
    unsigned seen = 0;
    for (;;) {
        for (int spins = 0; __atomic_load_n(&w->asked, __ATOMIC_ACQUIRE) == seen; spins++) {
            if (spins < SPINS) {
                PAUSE();
                continue;
            }
            pthread_mutex_lock(&w->lock);
            __atomic_store_n(&w->sleeping, 1, __ATOMIC_SEQ_CST);
            while (__atomic_load_n(&w->asked, __ATOMIC_SEQ_CST) == seen)
                pthread_cond_wait(&w->wake, &w->lock);
            __atomic_store_n(&w->sleeping, 0, __ATOMIC_SEQ_CST);
            pthread_mutex_unlock(&w->lock);
        }
        seen++;
        if (w->stop)
            return NULL;
        w->half(w->subject);
        __atomic_store_n(&w->done, seen, __ATOMIC_RELEASE);
    }
}

/* NULL where there is no room for a thread */
static worker *worker_start(void (*half)(void *), void *subject)
{
    worker *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->half = half, w->subject = subject, w->process = getpid();
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    if (pthread_create(&w->thread, NULL, worker_main, w)) {
        free(w);
        return NULL;
    }
    return w;
}

static int worker_lives(const worker *w) { return w && w->process == getpid(); }

static void worker_ask(worker *w)
{
    __atomic_store_n(&w->asked, w->asked + 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&w->sleeping, __ATOMIC_SEQ_CST)) {
        pthread_mutex_lock(&w->lock);
        pthread_cond_signal(&w->wake);
        pthread_mutex_unlock(&w->lock);
    }
}

static inline void wait_for(worker *w, const unsigned *counter, unsigned value)
{
    for (int spins = 0; (int)(__atomic_load_n(counter, __ATOMIC_ACQUIRE) - value) < 0; spins++) {
        if (spins < SPINS) {
            PAUSE();
        } else {
            __atomic_store_n(&w->late, 1, __ATOMIC_RELAXED);
            sched_yield();
        }
    }
}

/* returns when both threads have come here in this burst */
static void worker_meet(worker *w)
{
    __atomic_add_fetch(&w->met, 1, __ATOMIC_ACQ_REL);
    wait_for(w, &w->met, 2 * __atomic_load_n(&w->asked, __ATOMIC_RELAXED));
}

/* returns when the worker has done its half; whether both halves were in time */
static int worker_wait(worker *w)
{
    wait_for(w, &w->done, w->asked);
    return !__atomic_exchange_n(&w->late, 0, __ATOMIC_RELAXED);
}

static void worker_end(worker *w)
{
    if (!w)
        return;
    if (worker_lives(w)) {
        w->stop = 1;
        worker_ask(w);
        pthread_join(w->thread, NULL);
    }
    free(w);
}

#else
typedef struct {
    int none;
} worker;
static worker *worker_start(void (*half)(void *), void *subject) { (void)half, (void)subject; return NULL; }
static int worker_lives(const worker *w) { (void)w; return 0; }
static void worker_ask(worker *w) { (void)w; }
static void worker_meet(worker *w) { (void)w; }
static int worker_wait(worker *w) { (void)w; return 0; }
static void worker_end(worker *w) { (void)w; }
#endif

#endif
