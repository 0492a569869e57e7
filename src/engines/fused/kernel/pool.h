/*
 * Threads that do a network's work together: all run the same function, each its own part of it, and meet at joins.
 *
 * Every number is computed by one part, as one sum in one order, however work is shared out: results are the same to the
 * last bit for any number of threads. Waiting spins for microseconds, then sleeps.
 */
#pragma once
#include "net.h"
#include "threads.h"

static void work(struct net *net, int part); /* in step.c */

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
/* Starts the threads; if the system gives fewer, the network has as many as could be started. */
static void start_threads(struct net *net) {
  struct worker *workers = layout_of(net).workers;
  int part = 1;
  for (; part < net->threads; part++) {
    workers[part] = (struct worker){.net = net, .part = part};
    if (!start_worker(&workers[part])) break;
  }
  if (part < net->threads) __atomic_store_n(&net->threads, part, __ATOMIC_RELEASE);
}

static void stop_threads(struct net *net) {
  struct worker *workers = layout_of(net).workers;
  run(net, (struct job){.kind = JOB_STOP});
  for (int part = 1; part < net->threads; part++) await_worker(&workers[part]);
  net->threads = 1;
}
#endif
