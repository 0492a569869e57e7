/*
 * Matrix products by register tiles: MR rows x NR vectors of sums stay in registers over the complete inner dimension k.
 *
 * Every element of a product is one sum over k in ascending order, so results depend neither on the tile sizes nor on
 * which thread computes which tile. Tests compare the complete step with PyTorch values and with autodiff.
 */
#pragma once
#include "net.h"

/* c [rows, vectors * VW] (+)= a [rows, k] · b [k, vectors * VW]. Strides are in floats. */
struct product {
  int rows, tiles, k, vectors;
  const float *a;
  ptrdiff_t a_row, a_k; /* strides between rows and between k; either may be 1 */
  ptrdiff_t a_tile;     /* 0, or a is packed: a tile starts at a_tile * its first row and holds [k][its rows] */
  const float *b;
  ptrdiff_t b_k, b_panel; /* strides between k and between panels of columns */
  int panel;              /* vectors per panel */
  float *c;
  ptrdiff_t c_row;
  int add; /* 1: adds to c; 0: overwrites c */
  /*
   * Skips the k at which a is 0. The list of a tile starts at nonzero_stride * its first row: the number of listed k, the
   * k from which on all are used, then the listed k. Null: uses all k.
   */
  const int16_t *nonzero;
  ptrdiff_t nonzero_stride;
};

/* sum [rows, vectors] += a [rows] · b [vectors], for one k */
INLINE void accumulate(const int rows, const int vectors, vec sum[MR][NR], const float *a, ptrdiff_t a_row, const float *b) {
  vec bk[NR];
  UNROLL
  for (int j = 0; j < vectors; j++) bk[j] = load(b + j * VW);
  UNROLL
  for (int i = 0; i < rows; i++) {
    const vec ak = splat(a[i * a_row]);
    UNROLL
    for (int j = 0; j < vectors; j++) sum[i][j] = multiply_add(ak, bk[j], sum[i][j]);
  }
}

/* One register tile: c [rows, vectors] (+)= a [rows, k] · b [k, vectors]. */
INLINE void tile(const int rows, const int vectors, const struct product *p, const int16_t *nonzero, const float *a,
                 ptrdiff_t a_k, const float *b, float *c) {
  vec sum[MR][NR];
  UNROLL
  for (int i = 0; i < rows; i++)
    UNROLL
    for (int j = 0; j < vectors; j++) sum[i][j] = p->add ? load(c + i * p->c_row + j * VW) : splat(0);
  const ptrdiff_t a_row = p->a_row, b_k = p->b_k;
  const int listed = nonzero[0], dense = nonzero[1];
  for (int n = 2; n < 2 + listed; n++) accumulate(rows, vectors, sum, a + nonzero[n] * a_k, a_row, b + nonzero[n] * b_k);
  a += dense * a_k;
  b += dense * b_k;
  for (int k = p->k - dense; k > 0; k--, a += a_k, b += b_k) accumulate(rows, vectors, sum, a, a_row, b);
  UNROLL
  for (int i = 0; i < rows; i++)
    UNROLL
    for (int j = 0; j < vectors; j++) store(c + i * p->c_row + j * VW, sum[i][j]);
}

/* One copy of `tile` per height and width, so that its loops unroll into registers. */
#define TILE(R, V) \
  case V: \
    if (V <= NR) tile(R, V, p, nonzero, a, a_k, b, c); \
    break;
#define TILES(R) \
  static __attribute__((noinline)) void tiles_##R(int vectors, const struct product *p, const int16_t *nonzero, \
                                                  const float *a, ptrdiff_t a_k, const float *b, float *c) { \
    switch (vectors) { TILE(R, 1) TILE(R, 2) TILE(R, 3) TILE(R, 4) TILE(R, 5) } \
  }
TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
#if MR >= 6
TILES(6)
#endif

/*
 * Number of tiles of `rows` rows: a multiple of the threads, so that each thread gets equally many. Heights differ by at
 * most one row. No result depends on the tiles.
 */
INLINE int tiles_of(const struct net *net, int rows) {
  return ((rows + MR - 1) / MR + net->threads - 1) / net->threads * net->threads;
}
/* First row of a tile. */
INLINE int tile_start(int rows, int tiles, int tile) { return (int)((int64_t)rows * tile / tiles); }

/*
 * Lists the k < count at which any row of a [rows, count] is not 0; the product uses all k from `dense` on. Most pixels of
 * an image are 0, and adding their products does not change a sum.
 */
static void list_nonzero(int16_t *nonzero, const float *a, ptrdiff_t a_row, ptrdiff_t a_k, int rows, int count, int dense) {
  int listed = 0;
  for (int k = 0; k < count; k++, a += a_k) {
    int any = 0;
    for (int i = 0; i < rows; i++) any |= a[i * a_row] != 0;
    nonzero[2 + listed] = (int16_t)k;
    listed += any;
  }
  nonzero[0] = (int16_t)listed;
  nonzero[1] = (int16_t)dense;
}

/* Computes tiles first .. end - 1 of a product; rows from `limit` on are left out. */
static void multiply(const struct product *p, int first, int end, int limit) {
  static const int16_t all[2] = {0, 0};
  for (int column = 0; column < p->vectors; column += p->panel) {
    const int vectors = min(p->panel, p->vectors - column);
    const float *b = p->b + column / p->panel * p->b_panel;
    for (int t = first; t < end; t++) {
      const int row = tile_start(p->rows, p->tiles, t), height = tile_start(p->rows, p->tiles, t + 1) - row;
      const float *a = p->a + row * (p->a_tile ? p->a_tile : p->a_row);
      const ptrdiff_t a_k = p->a_tile ? height : p->a_k;
      float *c = p->c + row * p->c_row + column * VW;
      const int16_t *nonzero = p->nonzero ? p->nonzero + row * p->nonzero_stride : all;
      switch (min(height, limit - row)) {
        case 1: tiles_1(vectors, p, nonzero, a, a_k, b, c); break;
        case 2: tiles_2(vectors, p, nonzero, a, a_k, b, c); break;
        case 3: tiles_3(vectors, p, nonzero, a, a_k, b, c); break;
        case 4: tiles_4(vectors, p, nonzero, a, a_k, b, c); break;
        case 5: tiles_5(vectors, p, nonzero, a, a_k, b, c); break;
#if MR >= 6
        case 6: tiles_6(vectors, p, nonzero, a, a_k, b, c); break;
#endif
      }
    }
  }
}
