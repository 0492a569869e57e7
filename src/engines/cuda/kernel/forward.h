/* The forward pass of some rows of a batch, from pixels to loss. A block owns its rows through all time steps. */
#pragma once
#include "network.h"

enum { KEPT = 80 };          /* rows of w_h that a thread can keep in registers, for its two columns */
enum { LARGEST_PAIRS = 256 }; /* pairs of columns, 2H, up to which it does */

/* sum [2][R] += a [R] * w [2]: the columns n and n + pairs of one row of w */
template <int R, class W>
DEVICE void add_row(float (&sum)[2][R], const float *a, const W &w, ptrdiff_t at, int pairs) {
  const float w_0 = w[at], w_1 = w[at + pairs];
#pragma unroll
  for (int r = 0; r < R; r++) sum[0][r] = fma1(a[r], w_0, sum[0][r]);
#pragma unroll
  for (int r = 0; r < R; r++) sum[1][r] = fma1(a[r], w_1, sum[1][r]);
}

/* sum [2][R] += a [k][R] * w [k][2 pairs], for k = first .. end - 1 */
template <int R, class A, class W>
DEVICE void add_rows(float (&sum)[2][R], const A &a, int a_at, const W &w, ptrdiff_t w_at, int pairs, int first, int end) {
#pragma unroll 4
  for (int k = first; k < end; k++) {
    float a_k[R];
    load_neighbours<R>(a_k, a, a_at + k * R);
    add_row<R>(sum, a_k, w, w_at + (ptrdiff_t)k * 2 * pairs, pairs);
  }
}

/* sum [2][R] += h [k][R] * kept [2][k], for k < min(KEPT, H rounded down to 8) */
template <int R, class A, class W> DEVICE void add_kept(float (&sum)[2][R], const A &h, const W &kept, int H) {
#pragma unroll
  for (int k = 0; k < KEPT; k += 8) {
    if (k + 8 > H) break;
    enum { NEIGHBOURS = 4, TOGETHER = NEIGHBOURS / R }; /* values of k per access */
#pragma unroll
    for (int j = k; j < k + 8; j += TOGETHER) {
      float a[NEIGHBOURS];
      load_neighbours<NEIGHBOURS>(a, h, j * R);
#pragma unroll
      for (int i = 0; i < TOGETHER; i++)
#pragma unroll
        for (int r = 0; r < R; r++) {
          sum[0][r] = fma1(a[i * R + r], kept[0][j + i], sum[0][r]);
          sum[1][r] = fma1(a[i * R + r], kept[1][j + i], sum[1][r]);
        }
    }
  }
}

/* The softmax of a row's logits, its loss, and the gradient of the logits; as softmax_cross_entropy of the C kernel. */
template <class L> DEVICE void softmax_cross_entropy(const network &d, const L &logits, int at, int label, int row, int train) {
  const int C = d.classes;
  int predicted = 0;
  for (int k = 1; k < C; k++)
    if (logits[at + k] > logits[at + predicted]) predicted = k;
  const float largest = logits[at + predicted], label_logit = logits[at + label];
  double sum = 0;
  for (int k = 0; k < C; k++) {
    const float power = vector_expm1(splat(logits[at + k] - largest))[0] + 1.0f;
    logits[at + k] = power;
    sum += power;
  }
  d.loss[row] = (float)(log_f64(sum) + largest - label_logit);
  d.correct[row] = (float)(predicted == label);
  if (!train) return;
  const float scale = (float)(1 / (sum * d.batch));
  for (int k = 0; k < C; k++) {
    float gradient = logits[at + k] * scale;
    if (k == label) gradient -= 1.0f / d.batch;
    d.dlogits[row * C + k] = gradient;
  }
}

/*
 * Rows first .. first + R - 1 of the batch. A thread has two columns of z: n of the gates i and f, and n + 2H of o and g.
 * A time step is two phases: the product with h_{t-1} and the activations; then the cell, and the next time step's product
 * with x.
 *
 * IN_REGISTERS: there are at most LARGEST_PAIRS pairs of columns, each with a thread that keeps rows of w_h in registers;
 * else threads loop over the pairs.
 */
template <int R, bool IN_REGISTERS> DEVICE void forward(const network &d, const examples &e) {
  const int H = d.units, I = d.inputs, T = d.steps, C = d.classes, N = 4 * H, pairs = 2 * H, batch = d.batch;
  const int first = BLOCK_INDEX * R, rows = min(R, e.count - first), stride = input_stride(d);
  const int kept_rows = IN_REGISTERS ? min(KEPT, H / 8 * 8) : 0;
  const int shared_rows = d.shared_weights ? I + 1 + H - kept_rows : 0; /* w_x, b and the last rows of w_h */
  CARVING;
  CARVE(x, T * I * R);              /* [t][k][R]: pixels / 255 */
  CARVE(h, H * R);                  /* [u][R] */
  CARVE(c, H * R);                  /* [u][R] */
  CARVE(gate, N * R);               /* [n][R]: i, f, o, g */
  CARVE(logits, C * R);             /* [R][k] */
  CARVE(shared_w, shared_rows * N); /* [k][n] */
  PRIVATE(float, kept, [2][IN_REGISTERS ? KEPT : 1]);
  PRIVATE(float, z, [2][R]); /* of the next time step: x w_x + b */

  EACH(j, T * I * R) {
    const int r = j / (T * I), pixel = j % (T * I), row = first + min(r, rows - 1); /* rows beyond the last repeat it */
    const ptrdiff_t example = e.indices ? (int)e.indices[row] : row;
    const float value = (float)e.images[example * T * I + pixel] / 255.0f;
    x[pixel * R + r] = value;
    if (e.train && r < rows) d.input[((ptrdiff_t)(pixel / I) * batch + row) * stride + pixel % I] = value;
  }
  if (e.train)
    EACH(j, (T + 1) * rows) d.input[((ptrdiff_t)(j / rows) * batch + first + j % rows) * stride + I] = 1.0f;
  EACH(j, shared_rows * N) shared_w[j] = d.w[j < (I + 1) * N ? j : j + kept_rows * N];
  EACH(j, H * R) c[j] = 0;
  BARRIER;

  /* sum = x_t w_x + b, for the columns n and n + pairs */
  const auto input_product = [&](float (&sum)[2][R], int n, int t) {
#pragma unroll
    for (int r = 0; r < R; r++) sum[0][r] = sum[1][r] = 0;
    float one[R];
#pragma unroll
    for (int r = 0; r < R; r++) one[r] = 1.0f;
    if (shared_rows) {
      add_rows<R>(sum, x, t * I * R, shared_w, n, pairs, 0, I);
      add_row<R>(sum, one, shared_w, I * N + n, pairs);
    } else {
      add_rows<R>(sum, x, t * I * R, d.w, n, pairs, 0, I);
      add_row<R>(sum, one, d.w, I * N + n, pairs);
    }
  };
  /* gate = the activations of z_t = sum + h_{t-1} w_h, for the columns n and n + pairs */
  const auto gates = [&](float (&sum)[2][R], int n, int t) {
    if (t > 0) {
      if (IN_REGISTERS) add_kept<R>(sum, h, MINE(kept), H);
      if (shared_rows) add_rows<R>(sum, h, 0, shared_w, (I + 1 - kept_rows) * N + n, pairs, kept_rows, H);
      else add_rows<R>(sum, h, 0, d.w, (ptrdiff_t)(I + 1) * N + n, pairs, kept_rows, H);
    }
#pragma unroll
    for (int r = 0; r < R; r++) {
      gate[n * R + r] = sigmoid1(n < H ? sum[0][r] : sum[0][r] + d.forget_bias);
      gate[(pairs + n) * R + r] = n < H ? sigmoid1(sum[1][r]) : tanh1(sum[1][r]);
    }
  };
  if (IN_REGISTERS) {
    ONCE(n, pairs) {
#pragma unroll
      for (int k = 0; k < KEPT; k++)
#pragma unroll
        for (int half = 0; half < 2; half++)
          MINE(kept)[half][k] = k < kept_rows ? (float)d.w[(I + 1 + k) * N + half * pairs + n] : 0.0f;
      input_product(MINE(z), n, 0);
    }
  }
  for (int t = 0; t < T; t++) {
    if (IN_REGISTERS) {
      ONCE(n, pairs) gates(MINE(z), n, t);
    } else {
      EACH(n, pairs) {
        float sum[2][R];
        input_product(sum, n, t);
        gates(sum, n, t);
      }
    }
    BARRIER;
    EACH(j, H * R) {
      const int u = j / R, r = j % R;
      const float i = gate[j], f = gate[H * R + j], o = gate[2 * H * R + j], g = gate[3 * H * R + j];
      const float c_t = cell_state(splat(i), splat(f), splat(g), splat(c[j]))[0], tanh_c = tanh1(c_t), h_t = o * tanh_c;
      c[j] = c_t;
      h[j] = h_t;
      if (e.train && r < rows) {
        const ptrdiff_t row = (ptrdiff_t)t * batch + first + r, at = row * 6 * H + u;
        d.gate[at] = i;
        d.gate[at + H] = f;
        d.gate[at + 2 * H] = o;
        d.gate[at + 3 * H] = g;
        d.gate[at + 4 * H] = tanh_c;
        d.gate[at + 5 * H] = c_t;
        d.input[(row + batch) * stride + I + 1 + u] = h_t;
      }
    }
    if (IN_REGISTERS && t + 1 < T) ONCE(n, pairs) input_product(MINE(z), n, t + 1);
    BARRIER;
  }
  EACH(j, C * R) {
    const int k = j % C, r = j / C, padded = classes_padded(d);
    float sum = fma1(1.0f, d.pred[VALUE][k], 0.0f);
#pragma unroll 4
    for (int u = 0; u < H; u++) sum = fma1(h[u * R + r], d.pred[VALUE][(u + 1) * padded + k], sum);
    logits[j] = sum;
  }
  BARRIER;
  EACH(r, rows) {
    const int row = first + r;
    const ptrdiff_t example = e.indices ? (int)e.indices[row] : row;
    softmax_cross_entropy(d, logits, r * C, e.labels[example], row, e.train);
  }
}
