/* The backward pass of some rows of a batch: the gradients of the gates, from the last time step to the first. */
#pragma once
#include "network.h"

/* sum [R] += dz [N][R] * w [N]: one chain for each row, in the order of the columns; N is a multiple of 4 */
template <int R, class A, class W> DEVICE void add_columns(float (&sum)[R], const A &dz, const W &w, int w_first, int N) {
#pragma unroll 4
  for (int n = 0; n < N; n += 4) {
    float w_n[4];
    load_neighbours<4>(w_n, w, w_first + n);
    enum { NEIGHBOURS = 4, TOGETHER = R < 4 ? NEIGHBOURS / R : 1 };
#pragma unroll
    for (int j = 0; j < 4; j += TOGETHER) {
#pragma unroll
      for (int part = 0; part < R * TOGETHER; part += NEIGHBOURS) {
        float a[NEIGHBOURS];
        load_neighbours<NEIGHBOURS>(a, dz, (n + j) * R + part);
#pragma unroll
        for (int i = 0; i < NEIGHBOURS; i++) {
          const int r = (part + i) % R;
          sum[r] = fma1(a[i], w_n[j + (part + i) / R], sum[r]);
        }
      }
    }
  }
}

/* Rows first .. first + R - 1 of the batch. A time step is two phases: the cell; then thread u has the product for h_u. */
template <int R> DEVICE void backward(const network &d) {
  const int H = d.units, T = d.steps, C = d.classes, N = 4 * H, batch = d.batch, padded = classes_padded(d);
  const int first = BLOCK_INDEX * R, rows = min(R, batch - first), shared_units = d.shared_units;
  const int stride = N + (N % 8 ? 0 : 4); /* an odd number of 16 bytes: no bank conflicts */
  CARVING;
  CARVE(dz, N * R);                    /* [n][R] */
  CARVE(dh, H * R);                    /* [u][R] */
  CARVE(dc, H * R);                    /* [u][R] */
  CARVE(w_h, shared_units * stride);   /* [u][stride] */
  EACH(j, shared_units * N) w_h[j / N * stride + j % N] = d.w[(d.inputs + 1) * N + j];
  EACH(j, H * R) {
    const int u = j / R, row = first + min(j % R, rows - 1); /* rows beyond the last repeat it */
    float sum = 0;
    for (int k = 0; k < C; k++) sum = fma1(d.dlogits[row * C + k], d.pred[VALUE][(u + 1) * padded + k], sum);
    dh[j] = sum;
    dc[j] = 0;
  }
  for (int t = T - 1; t >= 0; t--) {
    EACH(j, H * R) {
      const int u = j / R, r = j % R;
      const ptrdiff_t row = (ptrdiff_t)t * batch + first + min(r, rows - 1), at = row * 6 * H + u;
      const float c_prev = t > 0 ? (float)d.gate[at - (ptrdiff_t)batch * 6 * H + 5 * H] : 0.0f;
      const struct cell_gradient gradient =
          cell_backward(splat(d.gate[at]), splat(d.gate[at + H]), splat(d.gate[at + 2 * H]), splat(d.gate[at + 3 * H]),
                        splat(d.gate[at + 4 * H]), splat(c_prev), splat(dh[j]), splat(dc[j]));
      dc[j] = gradient.c_prev[0];
      const float of_gate[4] = {gradient.i[0], gradient.f[0], gradient.o[0], gradient.g[0]};
#pragma unroll
      for (int q = 0; q < 4; q++) {
        dz[(q * H + u) * R + r] = of_gate[q];
        if (r < rows) d.dz[row * N + q * H + u] = of_gate[q];
      }
    }
    if (t == 0) break;
    BARRIER;
    EACH(u, H) {
      float sum[R];
#pragma unroll
      for (int r = 0; r < R; r++) sum[r] = 0;
      if (u < shared_units) {
        add_columns<R>(sum, dz, w_h, u * stride, N);
      } else {
        for (int n = 0; n < N; n++) {
          const float w = d.w_h_t[(ptrdiff_t)n * H + u];
#pragma unroll
          for (int r = 0; r < R; r++) sum[r] = fma1(dz[n * R + r], w, sum[r]);
        }
      }
#pragma unroll
      for (int r = 0; r < R; r++) dh[u * R + r] = sum[r];
    }
    BARRIER;
  }
}
