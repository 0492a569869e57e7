/*
 * The words in which the kernels are written. A kernel consists of phases: loops EACH over the threads of a block, with a
 * BARRIER between two phases that exchange values. So the same source also runs on a CPU, as loops over threads: see
 * emulate.h, which defines the same words.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define KERNEL(threads) extern "C" __attribute__((device_kernel)) void /* scripts/build-kernels.sh writes the limit into the PTX */
#define DEVICE static inline __attribute__((always_inline))
template <class T> using global = T *;
#define THREAD ((int)__nvvm_read_ptx_sreg_tid_x())
#define THREADS ((int)__nvvm_read_ptx_sreg_ntid_x())
#define BLOCK_INDEX ((int)__nvvm_read_ptx_sreg_ctaid_x())
#define BARRIER __nvvm_bar_sync(0)

/* A phase: i = 0 .. n - 1, shared out to the threads of the block. ONCE: n is at most THREADS. */
#define EACH(i, n) for (int i = THREAD; i < (n); i += THREADS)
#define ONCE(i, n) if (const int i = THREAD; i < (n))

/* An array of each thread that lives across barriers, in registers: its indices are constants once loops are unrolled. */
#define PRIVATE(type, name, dims) type name[1] dims
#define MINE(name) name[0]

/* An array of the block; and arrays one after the other in the dynamic shared memory of the launch. */
#define SHARED_SPACE __attribute__((address_space(3)))
#define SHARED(type, name, n) static SHARED_SPACE __attribute__((aligned(16))) type name[n]
extern "C" {
extern SHARED_SPACE __attribute__((aligned(16))) float carved[];
}
#define CARVING int carved_at = 0
#define CARVE(name, n) \
  SHARED_SPACE float *name = carved + carved_at; \
  carved_at += ((n) + 3) / 4 * 4

/* V neighbours, from a multiple of V on, in one access. */
template <int V> DEVICE void load_neighbours(float *to, SHARED_SPACE const float *from, int at) {
  typedef float vector __attribute__((vector_size(4 * V)));
  const vector v = *(SHARED_SPACE const vector *)(from + at);
#pragma unroll
  for (int i = 0; i < V; i++) to[i] = v[i];
}
template <int V> DEVICE void load_neighbours(float *to, const float *from, ptrdiff_t at) {
  typedef float vector __attribute__((vector_size(4 * V)));
  const vector v = *(const vector *)(from + at);
#pragma unroll
  for (int i = 0; i < V; i++) to[i] = v[i];
}
template <int V> DEVICE void store_neighbours(SHARED_SPACE float *to, int at, const float *from) {
  typedef float vector __attribute__((vector_size(4 * V)));
  vector v;
#pragma unroll
  for (int i = 0; i < V; i++) v[i] = from[i];
  *(SHARED_SPACE vector *)(to + at) = v;
}
