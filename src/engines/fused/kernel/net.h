/*
 * The memory of a network: one block that the host allocates, with a header (struct net) and then arrays of floats.
 *
 * All LSTM parameters are one matrix with 4H columns (gates i, f, o, g) and the rows w_x [I], b [1], w_h [H] and, with
 * weight normalisation, g_x [1], g_h [1]. The prediction layer is one matrix with C columns and the rows b [1], w [H].
 * So z_t = [x_t, 1, h_{t-1}] · the first matrix, and logits = [1, h_T] · the second.
 * Columns beyond 4H, H and C are padding to complete vectors; padding never reaches a parameter.
 */
#pragma once
#include "threads.h"

/* The buffers of a parameter matrix; engine.ts has the same numbers. */
enum { VALUE, GRADIENT, FIRST_MOMENT, SECOND_MOMENT, BUFFERS };

enum { JOB_STEP, JOB_EVALUATE, JOB_PEAK, JOB_STOP };

/* The next job of all threads. */
struct job {
  int kind;
  const uint8_t *images, *labels; /* [N, T, I], [N] */
  const int32_t *indices;         /* [batch], of a step */
  int count;                      /* examples of an evaluation, or rounds of a peak measurement */
  float step_size;                /* of a step: Adam's corrected step size, or the learning rate of SGD */
};

/* The header. wnlstm_init writes it; the host reads and resets `metrics` and reads `evaluation`. */
struct net {
  int32_t units, inputs, classes, batch; /* H, I, C, B */
  int32_t weight_norm, adam, clip_mode;
  float clip, forget_bias;
  int32_t threads, spins; /* spins: iterations before a waiting thread sleeps */
  int32_t phases;         /* phases of a step that run: 4, fewer in a benchmark */
  int32_t steps;          /* T */
  double metrics[6];    /* sums of: steps, loss, accuracy, gradient norm before and after clipping, clipped fraction */
  double evaluation[2]; /* of the last call: sums over examples of the loss and of correct predictions */
  double loss, correct; /* sums over the examples of the current step */
  struct job job;
  uint32_t generation __attribute__((aligned(64))); /* barriers completed */
  int32_t arrived __attribute__((aligned(64)));     /* threads that wait at the next barrier */
};

/* Partial sums of one group of columns. They are added in a fixed order, so results do not depend on the threads. */
enum { W_X, B, W_H, G_X, G_H, PRED_B, PRED_W, VARIABLES };
struct partial {
  double square[VARIABLES];             /* sum of squared gradients of each variable */
  double clipped_square, clipped_count; /* clip mode value: sum of squares after clipping, elements clipped */
};

/* Where each array of a network lies. [chunk] is CHUNK examples. */
struct layout {
  int rows, parameter_rows;                 /* I + 1 + H rows of w; rows of the LSTM's parameter matrix */
  int units_padded, classes_padded;         /* H padded to a multiple of VW, C to a multiple of GROUP */
  int lstm_stride, input_stride, dz_stride; /* row strides of the LSTM's matrices, of `inputs` and of `dz` */
  int groups, columns;                      /* number of column groups, and of vectors, in 4H */
  int w_panel, wh_panel;                    /* vectors per panel */
  float *lstm[BUFFERS], *pred[BUFFERS];
  float *w;                                 /* effective LSTM weights: panels of [rows][w_panel vectors] */
  float *w_h_t;                             /* effective w_h, transposed: panels of [4H][wh_panel vectors of units] */
  float *pred_w_t;                          /* prediction weights, transposed: [C][units_padded] */
  float *inverse_norm_x, *inverse_norm_h;   /* [lstm_stride]: 1 / max(norm, 1e-6) of each column */
  float *inputs;                            /* [T + 1][chunk][input_stride]: x_t, 1, h_{t-1} */
  float *gate;                              /* [T][chunk][6][units_padded]: i, f, o, g, tanh c, c */
  float *dz;                                /* [T][chunk][dz_stride]; the last time step's rows hold z in the forward pass */
  float *dh, *dc;                           /* [chunk][units_padded] */
  float *logits;                            /* [chunk][classes_padded]: logits, then their gradients */
  float *loss, *correct;                    /* [chunk] */
  float *zero;                              /* [units_padded]: c_{-1} = 0 */
  int16_t *nonzero_pixels;                  /* [T][chunk][I + 3]: a list of nonzero pixels at the first row of each tile */
  int16_t *nonzero_inputs;                  /* [rows][BLOCK + 3]: a list of nonzero inputs at the first row of each tile */
  float *packed_inputs;                     /* [rows][BLOCK]: a block of inputs, transposed; a tile starts at its first row */
  struct partial *partial;                  /* [groups + 1]; the last is the prediction layer's */
#if !defined(__wasm__)
  struct worker *workers;                   /* [threads]; the first is unused */
#endif
  float *packed_dz;                         /* [threads][BLOCK][w_panel vectors]: one panel of a block of dz */
  uint64_t bytes;
};

/*
 * Examples per chunk. Larger batches, and evaluations, run in chunks of about equal size, so that the activations of a
 * chunk stay in the caches. Sums are added chunk by chunk, so results depend on this constant, but not on the machine.
 */
enum { CHUNK = 32 };
/* Rows of dz per block: a panel of them (24 to 30 KB) stays in the L1 cache while all tiles of weights read it. */
enum { BLOCK = 1536 / VW };

/* A row stride of at least n floats and an odd number of cache lines: strides of a power of two conflict in caches. */
INLINE int odd_lines(int n) { return (round_up(n, 16) / 16 | 1) * 16; }

/* Computes where the arrays of a network lie. */
static struct layout layout_of(const struct net *net) {
  const int H = net->units, I = net->inputs, T = net->steps, C = net->classes;
  const uint64_t rows = CHUNK; /* 64 bits: in wasm the size of a network that is too large must not overflow */
  struct layout l = {.rows = I + 1 + H, .units_padded = round_up(H, VW), .lstm_stride = odd_lines(4 * H)};
  l.parameter_rows = l.rows + (net->weight_norm ? 2 : 0);
  l.classes_padded = round_up(C, GROUP);
  l.groups = round_up(4 * H, GROUP) / GROUP;
  l.columns = l.groups * (GROUP / VW);
  l.input_stride = odd_lines(I + 1 + l.units_padded);
  l.dz_stride = odd_lines(max(l.columns * VW, 3 * H + l.units_padded));
  l.w_panel = panel_vectors(l.columns);
  l.wh_panel = panel_vectors(l.units_padded / VW);

  uint64_t offset = sizeof(struct net);
#define RESERVE(pointer, count) \
  pointer = (void *)((char *)net + (size_t)offset); \
  offset += ((uint64_t)(count) * sizeof *(pointer) + 63) / 64 * 64
  for (int buffer = 0; buffer < (net->adam ? BUFFERS : FIRST_MOMENT); buffer++) {
    RESERVE(l.lstm[buffer], (uint64_t)l.parameter_rows * l.lstm_stride);
    RESERVE(l.pred[buffer], (H + 1) * l.classes_padded);
  }
  RESERVE(l.w, (uint64_t)l.rows * (l.columns + l.w_panel) * VW);
  RESERVE(l.w_h_t, (uint64_t)4 * H * (l.units_padded + l.wh_panel * VW));
  RESERVE(l.pred_w_t, C * l.units_padded);
  RESERVE(l.inverse_norm_x, l.lstm_stride);
  RESERVE(l.inverse_norm_h, l.lstm_stride);
  RESERVE(l.inputs, (T + 1) * rows * l.input_stride);
  RESERVE(l.gate, T * rows * 6 * l.units_padded);
  RESERVE(l.dz, T * rows * l.dz_stride);
  RESERVE(l.dh, rows * l.units_padded);
  RESERVE(l.dc, rows * l.units_padded);
  RESERVE(l.logits, rows * l.classes_padded);
  RESERVE(l.loss, rows);
  RESERVE(l.correct, rows);
  RESERVE(l.zero, l.units_padded);
  RESERVE(l.nonzero_pixels, T * rows * (I + 3));
  RESERVE(l.nonzero_inputs, (uint64_t)l.rows * (BLOCK + 3));
  RESERVE(l.packed_inputs, (uint64_t)l.rows * BLOCK);
  RESERVE(l.partial, l.groups + 1);
  /* Arrays whose size depends on the threads come last: if fewer threads start, nothing else moves. */
#if !defined(__wasm__)
  RESERVE(l.workers, net->threads);
#endif
  RESERVE(l.packed_dz, (uint64_t)net->threads * BLOCK * l.w_panel * VW);
#undef RESERVE
  l.bytes = offset;
  return l;
}
