/*
 * The memory of a network: one block that the host reserves, a header that both sides read, then arrays of floats.
 *
 * All LSTM parameters are one matrix of 4H columns (gates i, f, o, g), rows: w_x [I], b, w_h [H], and with weight
 * normalisation g_x, g_h. The prediction layer is one matrix of C columns: b, w [H]. A row [x_t, 1, h_{t-1}] of
 * `inputs` times the first matrix is then all of z_t, and [1, h_T] times the second the logits.
 * Columns beyond 4H, H and C only fill up vectors; what lies there never reaches a parameter.
 */
#pragma once
#include "threads.h"

enum { VALUE, GRADIENT, FIRST_MOMENT, SECOND_MOMENT, SLOTS };
enum { CLIP_NONE, CLIP_NORM, CLIP_GLOBAL_NORM, CLIP_VALUE };

enum { JOB_STEP, JOB_EVALUATE, JOB_PEAK, JOB_STOP };

/* What all threads do next. */
struct job {
  int kind;
  const uint8_t *images, *labels; /* [N, T, I], [N] */
  const int32_t *indices;         /* of a step [batch] */
  int count;                      /* of an evaluation: examples; of a peak: rounds */
  float rate;                     /* of a step: Adam's step size, or sgd's lr */
};

/* The header. The first 64 bytes are written by the host, before anything else; the next 64 are results,
 * which it reads and sets. */
struct net {
  int32_t units, inputs, classes, batch; /* H; I; C; B */
  int32_t weight_norm, adam, clip_mode;
  float clip, forget_bias;
  int32_t threads, spins; /* how often a waiting thread looks before it sleeps */
  int32_t phases;         /* how many of a step's phases are done: all, but in a profile */
  int32_t steps;          /* T */
  int32_t reserved[3];
  double metrics[6];    /* sums: steps, loss, accuracy, gradient norm before and after clipping, share clipped */
  double evaluation[2]; /* of the last call: loss summed over examples, correct */
  double loss, correct; /* of the step that goes on */
  struct job job;
  uint32_t round __attribute__((aligned(64)));   /* joins so far */
  int32_t arrived __attribute__((aligned(64))); /* threads at the next one */
};

/* Groups of columns have partial sums of their own, added in a fixed order: no result depends on who computes them. */
enum { W_X, B, W_H, G_X, G_H, PRED_B, PRED_W, VARIABLES };
struct partial {
  double square[VARIABLES];         /* of the gradient's elements */
  double clipped_square, above;     /* by value: after clipping, and how many were clipped */
};

struct layout {
  int rows, parameters;          /* I + 1 + H rows of w; rows of the parameter matrix */
  int units, classes;            /* H filled up to whole vectors, C to whole groups */
  int gates, input, dz_row;      /* floats from row to row of the LSTM's matrices, of `inputs` and of `dz` */
  int groups, columns;           /* groups, and vectors, of 4H */
  int w_panel, wh_panel;         /* vectors a panel */
  float *lstm[SLOTS], *pred[SLOTS];
  float *w;                      /* effective weights: panels of [rows][w_panel vectors] */
  float *wh;                     /* transposed w_h: panels of [4H][wh_panel vectors of units] */
  float *pred_t;                 /* transposed prediction weights [C][units] */
  float *inverse_x, *inverse_h;  /* 1 / max(norm, 1e-6) of each column [gates] */
  float *inputs;                 /* [T + 1][chunk][input]: x_t, 1, h_{t-1} */
  float *gate;                   /* [T][chunk][6][units]: i, f, o, g, tanh c, c */
  float *dz;                     /* [T][chunk][dz_row]; the last step's rows hold z in the forward pass */
  float *dh, *dc;                /* [chunk][units] */
  float *logits;                 /* [chunk][classes], then their gradients */
  float *loss, *correct;         /* [chunk] */
  float *zero;                   /* [units], c_{-1} */
  int16_t *seen;                 /* [T][chunk][I + 3]: pixels that are not 0, a list at the first row of each tile */
  int16_t *used;                 /* [rows][BLOCK + 3]: inputs that are not 0, likewise */
  float *packed_inputs;          /* [rows][BLOCK]: a block of inputs, a tile of rows at its first row, k by k */
  struct partial *partial;       /* [groups + 1], the last for the prediction layer */
#if !defined(__wasm__)
  struct worker *workers;        /* [threads], the first unused */
#endif
  float *packed_dz;              /* [threads][BLOCK][w_panel vectors]: a panel of a block of dz */
  uint64_t bytes;
};

/*
 * Examples that are worked on at once: a larger batch, and an evaluation, go through in chunks of about equal size, so
 * that what a chunk leaves for its gradients stays in the caches. Sums are added up chunk by chunk, so results depend
 * on this number, but on nothing of the machine.
 */
enum { CHUNK = 32 };
/* Rows of dz at once: a panel of them, 24 to 30 KB, stays in a near cache while all tiles of weights use it. */
enum { BLOCK = 1536 / VW };

/* At least n floats, in an odd number of cache lines: rows a power of two apart would push each other out of a cache. */
INLINE int odd_lines(int n) { return (round_up(n, 16) / 16 | 1) * 16; }

static struct layout layout_of(const struct net *net) {
  const int H = net->units, I = net->inputs, T = net->steps, C = net->classes;
  const uint64_t rows = CHUNK; /* 64 bits, for in wasm a network that is too large must not wrap around */
  struct layout l = {.rows = I + 1 + H, .units = round_up(H, VW), .gates = odd_lines(4 * H)};
  l.parameters = l.rows + (net->weight_norm ? 2 : 0);
  l.classes = round_up(C, GROUP);
  l.groups = round_up(4 * H, GROUP) / GROUP;
  l.columns = l.groups * (GROUP / VW);
  l.input = odd_lines(I + 1 + l.units);
  l.dz_row = odd_lines(larger(l.columns * VW, 3 * H + l.units));
  l.w_panel = panel_vectors(l.columns);
  l.wh_panel = panel_vectors(l.units / VW);

  uint64_t at = sizeof(struct net);
#define RESERVE(pointer, count) \
  pointer = (void *)((char *)net + (size_t)at); \
  at += ((uint64_t)(count) * sizeof *(pointer) + 63) / 64 * 64
  for (int slot = 0; slot < (net->adam ? SLOTS : FIRST_MOMENT); slot++) {
    RESERVE(l.lstm[slot], (uint64_t)l.parameters * l.gates);
    RESERVE(l.pred[slot], (H + 1) * l.classes);
  }
  RESERVE(l.w, (uint64_t)l.rows * (l.columns + l.w_panel) * VW);
  RESERVE(l.wh, (uint64_t)4 * H * (l.units + l.wh_panel * VW));
  RESERVE(l.pred_t, C * l.units);
  RESERVE(l.inverse_x, l.gates);
  RESERVE(l.inverse_h, l.gates);
  RESERVE(l.inputs, (T + 1) * rows * l.input);
  RESERVE(l.gate, T * rows * 6 * l.units);
  RESERVE(l.dz, T * rows * l.dz_row);
  RESERVE(l.dh, rows * l.units);
  RESERVE(l.dc, rows * l.units);
  RESERVE(l.logits, rows * l.classes);
  RESERVE(l.loss, rows);
  RESERVE(l.correct, rows);
  RESERVE(l.zero, l.units);
  RESERVE(l.seen, T * rows * (I + 3));
  RESERVE(l.used, (uint64_t)l.rows * (BLOCK + 3));
  RESERVE(l.packed_inputs, (uint64_t)l.rows * BLOCK);
  RESERVE(l.partial, l.groups + 1);
  /* What depends on the threads comes last: they may become fewer, and nothing else must move then. */
#if !defined(__wasm__)
  RESERVE(l.workers, net->threads);
#endif
  RESERVE(l.packed_dz, (uint64_t)net->threads * BLOCK * l.w_panel * VW);
#undef RESERVE
  l.bytes = at;
  return l;
}
