/* Sums of products in registers: one chain of fused multiply-adds for each element, in the order of k. */
#pragma once
#include "network.h"

/* COUNT values of k: a [k][R], and w [k] of each column. */
template <int R, int COLUMNS, int COUNT> struct operands {
  float a[COUNT * R], w[COLUMNS][COUNT];
};

template <int R, int COLUMNS, int COUNT, class A, class W>
DEVICE void load_operands(operands<R, COLUMNS, COUNT> &o, const A &a, int a_at, const W &w, int w_at, int distance) {
#pragma unroll
  for (int column = 0; column < COLUMNS; column++)
#pragma unroll
    for (int k = 0; k < COUNT; k += 4) load_neighbours<4>(o.w[column] + k, w, w_at + column * distance + k);
#pragma unroll
  for (int i = 0; i < COUNT * R; i += 4) load_neighbours<4>(o.a + i, a, a_at + i);
}

template <int R, int COLUMNS, int COUNT> DEVICE void add_operands(float (&sum)[COLUMNS][R], const operands<R, COLUMNS, COUNT> &o) {
#pragma unroll
  for (int k = 0; k < COUNT; k++)
#pragma unroll
    for (int column = 0; column < COLUMNS; column++)
#pragma unroll
      for (int r = 0; r < R; r++) sum[column][r] = fma1(o.a[k * R + r], o.w[column][k], sum[column][r]);
}

/*
 * sum [COLUMNS][R] += a [n][R] * w [COLUMNS][n], where the columns of w lie `distance` apart and a_at, w_at and distance are
 * multiples of 4. The next COUNT operands are loaded while the current ones are multiplied, to hide the latency.
 */
template <int COUNT, int R, int COLUMNS, class A, class W>
DEVICE void add_product(float (&sum)[COLUMNS][R], const A &a, int a_at, const W &w, int w_at, int distance, int n) {
  int k = 0;
  if (n >= COUNT) {
    operands<R, COLUMNS, COUNT> current, next;
    load_operands(current, a, a_at, w, w_at, distance);
#pragma unroll 2
    for (k = COUNT; k + COUNT <= n; k += COUNT) {
      load_operands(next, a, a_at + k * R, w, w_at + k, distance);
      add_operands(sum, current);
      current = next;
    }
    add_operands(sum, current);
  }
#pragma unroll 1
  for (; k < n; k++) {
#pragma unroll
    for (int column = 0; column < COLUMNS; column++) {
      const float w_k = w[w_at + column * distance + k];
#pragma unroll
      for (int r = 0; r < R; r++) sum[column][r] = fma1(a[a_at + k * R + r], w_k, sum[column][r]);
    }
  }
}
