/* The memory of a network on the device. The host fills the structures: ../network.ts has the same fields in the same order. */
#pragma once
#define SCALAR
#include "../../fused/kernel/math.h"
#include "../../fused/kernel/formulas.h"

enum { VALUE, GRADIENT, FIRST_MOMENT, SECOND_MOMENT, BUFFERS };
enum { W_X, B, W_H, G_X, G_H, PRED_B, PRED_W, VARIABLES, CLIPPED_SQUARE = VARIABLES, CLIPPED_COUNT, PARTIAL };
enum { CHUNK = 32 }; /* as in the C kernel: weight gradients are added chunk by chunk */

/* H units, I inputs, C classes, B examples per batch, T time steps. Rows of w: w_x [I], b, w_h [H]; of the matrix: also g_x, g_h. */
struct network {
  int32_t units, inputs, classes, batch, steps;
  int32_t weight_norm, adam, clip_mode;
  float clip, forget_bias;
  int32_t shared_units; /* backward: units whose rows of w_h are in shared memory */
  global<float> lstm[BUFFERS]; /* [rows of the matrix][lstm_stride] */
  global<float> pred[BUFFERS]; /* [1 + H][classes_padded] */
  global<float> w;             /* [I + 1 + H][w_stride]: effective weights */
  global<float> w_t;           /* [4H][w_t_stride]: the same, transposed: w_h [H], w_x [I], b, each from a multiple of 4 on */
  global<float> inverse_norm;  /* [2][4H]: 1 / max(norm, 1e-6) of the columns of w_x, of w_h */
  global<float> input;         /* [T + 1][B][input_stride]: x_t, 1, h_{t-1} */
  global<float> gate;          /* [T][B][6][H]: i, f, o, g, tanh c, c */
  global<float> dz;            /* [T][B][4H] */
  global<float> dlogits;       /* [B][C] */
  global<float> loss, correct; /* [the larger of B and the examples of an evaluation] */
  global<double> partial;      /* [groups + 1][PARTIAL]: of each group of 16 columns, and of the prediction layer */
  global<double> metrics;      /* [6]: as in the C kernel */
  global<double> evaluation;   /* [2] */
};

/* The examples of a pass: row r is example indices[r], or r if indices is null. */
struct examples {
  global<const uint8_t> images, labels; /* [N, T, I], [N] */
  global<const int32_t> indices;        /* [count] */
  int32_t count, train;
};

DEVICE int rows_of(const network &d) { return d.inputs + 1 + d.units; }
DEVICE int lstm_stride(const network &d) { return round_up(4 * d.units, GROUP); }
DEVICE int w_stride(const network &d) { return 4 * d.units + (d.units % 2 ? 0 : 4); } /* an odd number of 16 bytes: no bank conflicts */
DEVICE int w_t_stride(const network &d) { return (((d.units + 3) / 4 + (d.inputs + 3) / 4 + 1) | 1) * 4; } /* likewise odd */
DEVICE int input_stride(const network &d) { return round_up(rows_of(d), 4); }
DEVICE int classes_padded(const network &d) { return round_up(d.classes, GROUP); }

/* The shared formulas with vectors of one float. */
DEVICE float fma1(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
DEVICE float sigmoid1(float x) { return vector_sigmoid(splat(x))[0]; }
DEVICE float tanh1(float x) { return vector_tanh(splat(x))[0]; }

/* to [n] = from [n] by all threads; n is a multiple of 4. Eight loads of a thread are under way at a time. */
template <class To, class From> DEVICE void copy_to_shared(const To &to, const From &from, ptrdiff_t first, int n) {
#pragma unroll 4
  EACH(j, n / 4) {
    float four[4];
    load_neighbours<4>(four, from, first + 4 * j);
    store_neighbours<4>(to, 4 * j, four);
  }
}
