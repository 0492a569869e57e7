/* The backward pass of some rows of a batch: the gradients of the gates, from the last time step to the first. */
#pragma once
#include "product.h"

/* Rows first .. first + R - 1 of the batch. A time step is two phases: the cell; then thread u has the product for dh_u. */
template <int R> DEVICE void backward(const network &d) {
  const int H = d.units, T = d.steps, C = d.classes, N = 4 * H, batch = d.batch, padded = classes_padded(d), w_row = w_stride(d);
  const int first = BLOCK_INDEX * R, rows = min(R, batch - first), shared_units = d.shared_units;
  CARVING;
  CARVE(dz, N * R);                 /* [n][R] */
  CARVE(dh, H * R);                 /* [u][R] */
  CARVE(dc, H * R);                 /* [u][R] */
  CARVE(w_h, shared_units * w_row); /* [u][n] */
  PRIVATE(float, saved, [6]);       /* i, f, o, g, tanh c, c_prev of the thread's first element, read one time step ahead */

  const auto load_saved = [&](float *to, int j, int t) {
    const ptrdiff_t row = (ptrdiff_t)t * batch + first + min(j % R, rows - 1), at = row * 6 * H + j / R;
#pragma unroll
    for (int q = 0; q < 5; q++) to[q] = d.gate[at + q * H];
    to[5] = t > 0 ? (float)d.gate[at - (ptrdiff_t)batch * 6 * H + 5 * H] : 0.0f;
  };
  EACH(j, min(H * R, THREADS)) load_saved(MINE(saved), j, T - 1);
  copy_to_shared(w_h, d.w, (d.inputs + 1) * w_row, shared_units * w_row);
  EACH(j, H * R) {
    const int u = j / R, row = first + min(j % R, rows - 1); /* rows beyond the last repeat it */
    float sum = 0;
#pragma unroll 8
    for (int k = 0; k < C; k++) sum = fma1(d.dlogits[row * C + k], d.pred[VALUE][(u + 1) * padded + k], sum);
    dh[j] = sum;
    dc[j] = 0;
  }
  for (int t = T - 1; t >= 0; t--) {
    EACH(j, H * R) {
      const int u = j / R, r = j % R;
      float s[6];
      if (j < THREADS) {
#pragma unroll
        for (int q = 0; q < 6; q++) s[q] = MINE(saved)[q];
      } else {
        load_saved(s, j, t);
      }
      const struct cell_gradient gradient = cell_backward(splat(s[0]), splat(s[1]), splat(s[2]), splat(s[3]), splat(s[4]),
                                                          splat(s[5]), splat(dh[j]), splat(dc[j]));
      dc[j] = gradient.c_prev[0];
      const float of_gate[4] = {gradient.i[0], gradient.f[0], gradient.o[0], gradient.g[0]};
      const ptrdiff_t row = (ptrdiff_t)t * batch + first + r;
#pragma unroll
      for (int q = 0; q < 4; q++) {
        dz[(q * H + u) * R + r] = of_gate[q];
        if (r < rows) d.dz[row * N + q * H + u] = of_gate[q];
      }
    }
    if (t == 0) break;
    BARRIER;
    EACH(j, min(H * R, THREADS)) load_saved(MINE(saved), j, t - 1);
    EACH(u, H) {
      float sum[1][R];
#pragma unroll
      for (int r = 0; r < R; r++) sum[0][r] = 0;
      if (u < shared_units) {
        add_product<R <= 2 ? 16 : R == 4 ? 8 : 4>(sum, dz, 0, w_h, u * w_row, 0, N);
      } else {
#pragma unroll 8
        for (int n = 0; n < N; n++) {
          const float w = d.w_t[(ptrdiff_t)n * w_t_stride(d) + u];
#pragma unroll
          for (int r = 0; r < R; r++) sum[0][r] = fma1(dz[n * R + r], w, sum[0][r]);
        }
      }
#pragma unroll
      for (int r = 0; r < R; r++) dh[u * R + r] = sum[0][r];
    }
    BARRIER;
  }
}
