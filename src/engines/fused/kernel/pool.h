/*
 * Threads that do a network's work together: all run the same function, each its own part of it, and meet at joins.
 *
 * Every number is computed by one part, as one sum in one order, however work is shared out: results are the same to the
 * last bit for any number of threads. Waiting spins for microseconds, then sleeps.
 */
#pragma once
#include "net.h"

static void work(struct net *net, int part); /* in step.c */

#if defined(__wasm__)
INLINE void relax(void) {}
static void sleep_while(uint32_t *word, uint32_t value) {
  __builtin_wasm_memory_atomic_wait32((int32_t *)word, (int32_t)value, -1);
}
static void wake_all(uint32_t *word) { __builtin_wasm_memory_atomic_notify((int32_t *)word, UINT32_MAX); }
#else
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
INLINE void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
static pthread_mutex_t sleeping = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static void sleep_while(uint32_t *word, uint32_t value) {
  pthread_mutex_lock(&sleeping);
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) pthread_cond_wait(&changed, &sleeping);
  pthread_mutex_unlock(&sleeping);
}
static void wake_all(uint32_t *word) {
  (void)word;
  pthread_mutex_lock(&sleeping);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&sleeping);
}
#endif

/* Returns when all threads of the network have called it. */
static void join(struct net *net) {
  if (net->threads == 1) return;
  const uint32_t round = __atomic_load_n(&net->round, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&net->arrived, 1, __ATOMIC_ACQ_REL) == net->threads) {
    __atomic_store_n(&net->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&net->round, round + 1, __ATOMIC_RELEASE);
    wake_all(&net->round);
    return;
  }
  for (int spin = net->spins; spin > 0; spin--) {
    if (__atomic_load_n(&net->round, __ATOMIC_ACQUIRE) != round) return;
    relax();
  }
  while (__atomic_load_n(&net->round, __ATOMIC_ACQUIRE) == round) sleep_while(&net->round, round);
}

/* Does a job with all threads of the network; called by the host's thread, which is part 0. */
static void run(struct net *net, struct job job) {
  net->job = job;
  join(net);
  if (job.kind != JOB_STOP) {
    work(net, 0);
    join(net);
  }
}

/* The life of the thread that does a part above 0. */
static void serve(struct net *net, int part) {
  for (;;) {
    join(net);
    if (net->job.kind == JOB_STOP) return;
    work(net, part);
    join(net);
  }
}

#if !defined(__wasm__)
struct worker {
  pthread_t thread;
  struct net *net;
  int part;
};

static void *serve_thread(void *argument) {
  const struct worker *worker = argument;
  serve(worker->net, worker->part);
  return NULL;
}

/* Starts the threads; on failure the network has as many as could be started. */
static void start_threads(struct net *net) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the host's thread */
  struct worker *workers = calloc((size_t)net->threads, sizeof *workers);
  int part = 1;
  for (; workers && part < net->threads; part++) {
    workers[part] = (struct worker){.net = net, .part = part};
    if (pthread_create(&workers[part].thread, NULL, serve_thread, &workers[part])) break;
  }
  net->workers = workers;
  if (part < net->threads) __atomic_store_n(&net->threads, part, __ATOMIC_RELEASE);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_threads(struct net *net) {
  run(net, (struct job){.kind = JOB_STOP});
  for (int part = 1; part < net->threads; part++) pthread_join(net->workers[part].thread, NULL);
  free(net->workers);
  net->workers = NULL;
  net->threads = 1;
}
#endif
