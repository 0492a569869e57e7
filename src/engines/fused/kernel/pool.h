/*
 * The thread pool of a network: all threads run the same function, each on its own range, and synchronise at barriers.
 *
 * One thread computes each number, as one sum in a fixed order, so results are identical to the last bit for any number
 * of threads. A waiting thread spins for microseconds, then sleeps.
 */
#pragma once
#include "net.h"
#include "threads.h"

static void do_job(struct net *net, int thread); /* defined in step.c */

/* Blocks until all threads of the network have called it. */
static void barrier(struct net *net) {
  if (net->threads == 1) return;
  const uint32_t generation = __atomic_load_n(&net->generation, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&net->arrived, 1, __ATOMIC_ACQ_REL) == net->threads) {
    __atomic_store_n(&net->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&net->generation, generation + 1, __ATOMIC_RELEASE);
    wake_all(&net->generation);
    return;
  }
  for (int spin = net->spins; spin > 0; spin--) {
    if (__atomic_load_n(&net->generation, __ATOMIC_ACQUIRE) != generation) return;
    cpu_pause();
  }
  while (__atomic_load_n(&net->generation, __ATOMIC_ACQUIRE) == generation) wait_while_equal(&net->generation, generation);
}

/* Runs a job on all threads of the network. The host's thread calls it and is thread 0. */
static void run_job(struct net *net, struct job job) {
  net->job = job;
  barrier(net);
  if (job.kind != JOB_STOP) {
    do_job(net, 0);
    barrier(net);
  }
}

/* The loop of threads 1, 2, ...: runs jobs until JOB_STOP. */
static void worker_loop(struct net *net, int thread) {
  for (;;) {
    barrier(net);
    if (net->job.kind == JOB_STOP) return;
    do_job(net, thread);
    barrier(net);
  }
}

#if !defined(__wasm__)
/* Starts threads 1 to net->threads - 1. If the system refuses one, net->threads becomes the number that runs. */
static void start_threads(struct net *net) {
  struct worker *workers = layout_of(net).workers;
  int thread = 1;
  for (; thread < net->threads; thread++) {
    workers[thread] = (struct worker){.net = net, .index = thread};
    if (!start_worker(&workers[thread])) break;
  }
  if (thread < net->threads) __atomic_store_n(&net->threads, thread, __ATOMIC_RELEASE);
}

/* Ends and joins all threads except the host's. */
static void stop_threads(struct net *net) {
  struct worker *workers = layout_of(net).workers;
  run_job(net, (struct job){.kind = JOB_STOP});
  for (int thread = 1; thread < net->threads; thread++) join_worker(&workers[thread]);
  net->threads = 1;
}
#endif
