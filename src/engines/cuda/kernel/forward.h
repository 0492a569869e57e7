/* The forward pass of some rows of a batch, from pixels to loss. A block owns its rows through all time steps. */
#pragma once
#include "product.h"

enum { KEPT = 80 };           /* rows of w_h that a thread can keep in registers, for its two columns */
enum { LARGEST_PAIRS = 256 }; /* pairs of columns, 2H, up to which it does */

/* sum [2][R] += h [k][R] * kept [2][k], for k = FIRST .. FIRST + COUNT - 1; COUNT is a multiple of 4 */
template <int R, int COUNT, class A, class W>
DEVICE void add_kept(float (&sum)[2][R], const A &h, const W &kept, const int first) {
  enum { TOGETHER = 4 / R }; /* values of k per access */
#pragma unroll
  for (int k = 0; k < COUNT; k += TOGETHER) {
    float a[4];
    load_neighbours<4>(a, h, (first + k) * R);
#pragma unroll
    for (int i = 0; i < TOGETHER; i++)
#pragma unroll
      for (int half = 0; half < 2; half++)
#pragma unroll
        for (int r = 0; r < R; r++) sum[half][r] = fma1(a[i * R + r], kept[half][first + k + i], sum[half][r]);
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

/* sum [2][R] += a [k][R] * w [k][n, n + pairs], for rows of w in device memory */
template <int R, class A> DEVICE void add_rows(float (&sum)[2][R], const network &d, const A &a, int a_at, int first, int count, int n) {
#pragma unroll 4
  for (int k = 0; k < count; k++) {
    float w[2];
#pragma unroll
    for (int half = 0; half < 2; half++) w[half] = d.w[(ptrdiff_t)(first + k) * w_stride(d) + 2 * half * d.units + n];
#pragma unroll
    for (int half = 0; half < 2; half++)
#pragma unroll
      for (int r = 0; r < R; r++) sum[half][r] = fma1(a[a_at + k * R + r], w[half], sum[half][r]);
  }
}

/*
 * Rows first .. first + R - 1 of the batch. A thread has two columns of z: n of the gates i and f, and n + 2H of o and g.
 * A time step is two phases: the product with h_{t-1} and the activations; then the cell, and the next time step's product
 * with x.
 *
 * ON_CHIP: each of at most LARGEST_PAIRS pairs of columns has a thread that keeps rows of w_h in registers, and the rest of w
 * is in shared memory. Else threads loop over the pairs and read w from device memory.
 */
template <int R, bool ON_CHIP> DEVICE void forward(const network &d, const examples &e) {
  const int H = d.units, I = d.inputs, T = d.steps, C = d.classes, pairs = 2 * H, batch = d.batch, stride = input_stride(d);
  const int first = BLOCK_INDEX * R, rows = min(R, e.count - first), x_row = round_up(I, 4) * R;
  const int kept_rows = ON_CHIP ? min(KEPT, H / 8 * 8) : 0, tail = w_t_stride(d) - kept_rows;
  CARVING;
  CARVE(x, T * x_row);                           /* [t][k][R]: pixels / 255 */
  CARVE(h, H * R);                               /* [u][R] */
  CARVE(c, H * R);                               /* [u][R] */
  CARVE(gate, 4 * H * R);                        /* [n][R]: i, f, o, g */
  CARVE(logits, C * R);                          /* [R][k] */
  CARVE(shared_w, ON_CHIP ? 2 * pairs * tail : 0); /* [n][k]: the last rows of w_h, w_x, b */
  PRIVATE(float, kept, [2][ON_CHIP ? KEPT : 1]);
  PRIVATE(float, z, [2][R]); /* of the next time step: x w_x + b */

  EACH(j, T * I * R) {
    const int r = R == 1 ? 0 : j / (T * I), pixel = j - r * T * I, t = pixel / I, k = pixel % I;
    const int row = first + min(r, rows - 1); /* rows beyond the last repeat it */
    const ptrdiff_t example = e.indices ? (int)e.indices[row] : row;
    const float value = (float)e.images[example * T * I + pixel] / 255.0f;
    x[t * x_row + k * R + r] = value;
    if (e.train && r < rows) d.input[((ptrdiff_t)t * batch + row) * stride + k] = value;
  }
  if (e.train)
    EACH(j, (T + 1) * rows) d.input[((ptrdiff_t)(j / rows) * batch + first + j % rows) * stride + I] = 1.0f;
  EACH(j, H * R) c[j] = 0;
  if (ON_CHIP) {
#pragma unroll 4
    EACH(j, 2 * pairs * (tail / 4)) {
      float four[4];
      const int n = j / (tail / 4), k = j % (tail / 4) * 4;
      load_neighbours<4>(four, d.w_t, n * w_t_stride(d) + kept_rows + k);
      store_neighbours<4>(shared_w, n * tail + k, four);
    }
    ONCE(n, pairs) {
#pragma unroll
      for (int k = 0; k < KEPT; k++)
#pragma unroll
        for (int half = 0; half < 2; half++)
          MINE(kept)[half][k] = k < kept_rows ? (float)d.w[(I + 1 + k) * w_stride(d) + half * pairs + n] : 0.0f;
    }
  }
  BARRIER;

  /* sum = x_t w_x + b, for the columns n and n + pairs */
  const auto multiply_input = [&](float (&sum)[2][R], int n, int t) {
#pragma unroll
    for (int r = 0; r < R; r++) sum[0][r] = sum[1][r] = 0;
    const int x_at = round_up(H, 4) - kept_rows, b_at = x_at + round_up(I, 4);
    if (ON_CHIP) add_product<4>(sum, x, t * x_row, shared_w, n * tail + x_at, pairs * tail, I);
    else add_rows<R>(sum, d, x, t * x_row, 0, I, n);
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float b;
      if (ON_CHIP) b = shared_w[(n + half * pairs) * tail + b_at];
      else b = d.w[I * w_stride(d) + n + half * pairs];
#pragma unroll
      for (int r = 0; r < R; r++) sum[half][r] = fma1(1.0f, b, sum[half][r]);
    }
  };
  /* gate = the activations of z_t = sum + h_{t-1} w_h, for the columns n and n + pairs */
  const auto activate = [&](float (&sum)[2][R], int n, int t) {
    if (t > 0 && ON_CHIP) {
      if (kept_rows == KEPT) {
        add_kept<R, KEPT>(sum, h, MINE(kept), 0);
      } else {
#pragma unroll
        for (int k = 0; k < KEPT; k += 8)
          if (k < kept_rows) add_kept<R, 8>(sum, h, MINE(kept), k);
      }
      add_product<4>(sum, h, kept_rows * R, shared_w, n * tail, pairs * tail, H - kept_rows);
    }
    if (t > 0 && !ON_CHIP) add_rows<R>(sum, d, h, 0, I + 1, H, n);
#pragma unroll
    for (int r = 0; r < R; r++) {
      gate[n * R + r] = sigmoid1(n < H ? sum[0][r] : sum[0][r] + d.forget_bias);
      gate[(pairs + n) * R + r] = n < H ? sigmoid1(sum[1][r]) : tanh1(sum[1][r]);
    }
  };
  if (ON_CHIP) ONCE(n, pairs) multiply_input(MINE(z), n, 0);
  for (int t = 0; t < T; t++) {
    if (ON_CHIP) {
      ONCE(n, pairs) activate(MINE(z), n, t);
    } else {
      EACH(n, pairs) {
        float sum[2][R];
        multiply_input(sum, n, t);
        activate(sum, n, t);
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
    if (ON_CHIP && t + 1 < T) ONCE(n, pairs) multiply_input(MINE(z), n, t + 1);
    BARRIER;
  }
  EACH(j, C * R) {
    const int k = j % C, r = j / C, padded = classes_padded(d);
    float sum = fma1(1.0f, d.pred[VALUE][k], 0.0f);
#pragma unroll 8
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
