/*
 * Matrix products by register tiles: MR rows by NR vectors of sums stay in registers over the whole inner dimension.
 *
 * Every element of a product is one sum over k in ascending order, whatever tile it falls into, so results depend
 * neither on the tiles nor on how they are shared out. The slow twin is the definition of a product; the oracle tests replace it.
 */
#pragma once
#include "net.h"

/* c[m][n] (+)= sum over k of a[m][k] b[k][n], for `vectors` vectors of columns n. Strides in floats. */
struct product {
  int rows, tiles, k, vectors;
  const float *a;
  ptrdiff_t a_row, a_k; /* from row to row, from k to k: either may be 1 */
  ptrdiff_t a_tile;     /* 0, or a is packed: each tile at a_tile times its first row, k by k, its rows side by side */
  const float *b;
  ptrdiff_t b_k, b_panel; /* from k to k, and from one panel of columns to the next */
  int panel;              /* vectors a panel */
  float *c;
  ptrdiff_t c_row;
  int add; /* to what c holds */
  /*
   * What to leave out because a is 0 there, for each tile at `active_row` numbers times its first row: how many k are
   * listed, the k from which on all count, then the listed ones. Null: all k count.
   */
  const int16_t *active;
  ptrdiff_t active_row;
};

/* sum[i][j] += a[i] b[j] at one k */
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

INLINE void tile(const int rows, const int vectors, const struct product *p, const int16_t *active, const float *a,
                 ptrdiff_t a_k, const float *b, float *c) {
  vec sum[MR][NR];
  UNROLL
  for (int i = 0; i < rows; i++)
    UNROLL
    for (int j = 0; j < vectors; j++) sum[i][j] = p->add ? load(c + i * p->c_row + j * VW) : splat(0);
  const ptrdiff_t a_row = p->a_row, b_k = p->b_k;
  const int listed = active[0], dense = active[1];
  for (int n = 2; n < 2 + listed; n++) accumulate(rows, vectors, sum, a + active[n] * a_k, a_row, b + active[n] * b_k);
  a += dense * a_k;
  b += dense * b_k;
  for (int k = p->k - dense; k > 0; k--, a += a_k, b += b_k) accumulate(rows, vectors, sum, a, a_row, b);
  UNROLL
  for (int i = 0; i < rows; i++)
    UNROLL
    for (int j = 0; j < vectors; j++) store(c + i * p->c_row + j * VW, sum[i][j]);
}

/* One copy of the tile for each height and width, so that its loops unroll into registers. */
#define TILE(R, V) \
  case V: \
    if (V <= NR) tile(R, V, p, active, a, a_k, b, c); \
    break;
#define TILES(R) \
  static __attribute__((noinline)) void tiles_##R(int vectors, const struct product *p, const int16_t *active, \
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
 * Rows are cut into tiles of equal height, but for one row; a multiple of the threads, so that they share them evenly.
 * No number depends on where the cuts are.
 */
INLINE int tiles_of(const struct net *net, int rows) {
  return ((rows + MR - 1) / MR + net->threads - 1) / net->threads * net->threads;
}
INLINE int tile_start(int rows, int tiles, int tile) { return (int)((int64_t)rows * tile / tiles); }

/*
 * Lists the k below `count` at which any of a tile's rows is not 0; from `dense` on all count. Most pixels of an image
 * are 0, and a sum does not change by what they add.
 */
static void list_active(int16_t *active, const float *a, ptrdiff_t a_row, ptrdiff_t a_k, int rows, int count, int dense) {
  int listed = 0;
  for (int k = 0; k < count; k++, a += a_k) {
    int any = 0;
    for (int i = 0; i < rows; i++) any |= a[i * a_row] != 0;
    active[2 + listed] = (int16_t)k;
    listed += any;
  }
  active[0] = (int16_t)listed;
  active[1] = (int16_t)dense;
}

/* Tiles first .. end of a product's rows, but no row from `limit` on. */
static void multiply(const struct product *p, int first, int end, int limit) {
  static const int16_t all[2] = {0, 0};
  for (int column = 0; column < p->vectors; column += p->panel) {
    const int vectors = smaller(p->panel, p->vectors - column);
    const float *b = p->b + column / p->panel * p->b_panel;
    for (int t = first; t < end; t++) {
      const int row = tile_start(p->rows, p->tiles, t), height = tile_start(p->rows, p->tiles, t + 1) - row;
      const float *a = p->a + row * (p->a_tile ? p->a_tile : p->a_row);
      const ptrdiff_t a_k = p->a_tile ? height : p->a_k;
      float *c = p->c + row * p->c_row + column * VW;
      const int16_t *active = p->active ? p->active + row * p->active_row : all;
      switch (smaller(height, limit - row)) {
        case 1: tiles_1(vectors, p, active, a, a_k, b, c); break;
        case 2: tiles_2(vectors, p, active, a, a_k, b, c); break;
        case 3: tiles_3(vectors, p, active, a, a_k, b, c); break;
        case 4: tiles_4(vectors, p, active, a, a_k, b, c); break;
        case 5: tiles_5(vectors, p, active, a, a_k, b, c); break;
#if MR >= 6
        case 6: tiles_6(vectors, p, active, a, a_k, b, c); break;
#endif
      }
    }
  }
}
