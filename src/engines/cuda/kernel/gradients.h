/* Gradients of the weights, as products over all rows and time steps; then those of weight normalisation, and norms. */
#pragma once
#include "network.h"

/*
 * A tile of 16 rows by 32 columns of the gradient of w. A warp has 8 columns of it; a thread has the rows i and i + 8 and the
 * columns n and n + 4, so that the threads of a warp read from different banks of shared memory.
 */
enum { TILE_I = 16, TILE_N = 32, GRADIENT_THREADS = 128, PAD = CHUNK + 4 };

/* The prediction layer: element (u, k) of dpred [1 + H, C] = [1, h_T]ᵀ dlogits */
DEVICE void prediction_gradient(const network &d, int block) {
  const int I = d.inputs, C = d.classes, batch = d.batch, padded = classes_padded(d), stride = input_stride(d);
  EACH(s, GRADIENT_THREADS) {
    const int j = block * GRADIENT_THREADS + s;
    if (j < (d.units + 1) * C) {
      const int k = j % C, u = j / C;
      float sum = 0;
#pragma unroll 8
      for (int b = 0; b < batch; b++)
        sum = fma1(d.input[((ptrdiff_t)d.steps * batch + b) * stride + I + u], d.dlogits[b * C + k], sum);
      d.pred[GRADIENT][u * padded + k] = sum;
    }
  }
}

/* Four examples of the two rows and two columns of a thread. */
struct quad {
  float a0[4], a1[4], b0[4], b1[4];
};

/*
 * dw [I + 1 + H, 4H] = inputsᵀ dz, chunk by chunk of at most CHUNK examples, then time step by time step; the products of
 * one chunk and time step are a stage. The next stage is read from memory while the current one is computed.
 */
DEVICE void compute_weight_gradients(const network &d) {
  const int H = d.units, I = d.inputs, T = d.steps, N = 4 * H, batch = d.batch, rows = rows_of(d), stride = input_stride(d);
  const int wide = (N + TILE_N - 1) / TILE_N, tiles = wide * ((rows + TILE_I - 1) / TILE_I);
  const int chunks = (batch + CHUNK - 1) / CHUNK;
  if (BLOCK_INDEX >= tiles) return prediction_gradient(d, BLOCK_INDEX - tiles);

  const int i0 = BLOCK_INDEX / wide * TILE_I, n0 = BLOCK_INDEX % wide * TILE_N;
  SHARED(float, a, 2 * TILE_I * PAD); /* [2][i][example] */
  SHARED(float, b, 2 * TILE_N * PAD); /* [2][n][example] */
  PRIVATE(float, sum, [2][2]);
  PRIVATE(float, next, [3][4]);

  /* Thread s reads 4 neighbours of example s % CHUNK: of the inputs once, of dz twice. */
  const auto read_stage = [&](float (&next)[3][4], int s, int t, int begin, int count) {
    const int example = s % CHUNK, i = i0 + s / CHUNK * 4, n = n0 + s / CHUNK * 4;
    if (example >= count) return;
    const ptrdiff_t row = (ptrdiff_t)t * batch + begin + example;
    if (i < stride) load_neighbours<4>(next[0], d.input, row * stride + i);
    if (n < N) load_neighbours<4>(next[1], d.dz, row * N + n);
    if (n + 16 < N) load_neighbours<4>(next[2], d.dz, row * N + n + 16);
  };
  const auto store_stage = [&](const float (&next)[3][4], int s, int half) {
    const int example = s % CHUNK, of_four = s / CHUNK * 4;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      a[(half * TILE_I + of_four + i) * PAD + example] = next[0][i];
      b[(half * TILE_N + of_four + i) * PAD + example] = next[1][i];
      b[(half * TILE_N + 16 + of_four + i) * PAD + example] = next[2][i];
    }
  };
  EACH(s, GRADIENT_THREADS) {
#pragma unroll
    for (int i = 0; i < 2; i++) MINE(sum)[i][0] = MINE(sum)[i][1] = 0;
#pragma unroll
    for (int part = 0; part < 3; part++)
#pragma unroll
      for (int i = 0; i < 4; i++) MINE(next)[part][i] = 0;
    read_stage(MINE(next), s, 0, 0, batch / chunks);
    store_stage(MINE(next), s, 0);
  }
  BARRIER;
  int half = 0;
  for (int chunk = 0; chunk < chunks; chunk++) {
    const int begin = batch * chunk / chunks, end = batch * (chunk + 1) / chunks, count = end - begin;
    for (int t = 0; t < T; t++, half = 1 - half) {
      const bool last_of_chunk = t + 1 == T, last = last_of_chunk && chunk + 1 == chunks;
      const int next_begin = last_of_chunk ? end : begin;
      const int next_count = last_of_chunk ? batch * (chunk + 2) / chunks - end : count;
      EACH(s, GRADIENT_THREADS) {
        const int i = s % 32 / 4, n = s / 32 * 8 + s % 4; /* of the tile */
        if (!last) read_stage(MINE(next), s, last_of_chunk ? 0 : t + 1, next_begin, next_count);
        float sums[2][2] = {{MINE(sum)[0][0], MINE(sum)[0][1]}, {MINE(sum)[1][0], MINE(sum)[1][1]}};
        const auto load_quad = [&](quad &q, int e) {
          load_neighbours<4>(q.a0, a, (half * TILE_I + i) * PAD + e);
          load_neighbours<4>(q.a1, a, (half * TILE_I + i + 8) * PAD + e);
          load_neighbours<4>(q.b0, b, (half * TILE_N + n) * PAD + e);
          load_neighbours<4>(q.b1, b, (half * TILE_N + n + 4) * PAD + e);
        };
        const auto add = [&](float a0, float a1, float b0, float b1) {
          sums[0][0] = fma1(a0, b0, sums[0][0]);
          sums[0][1] = fma1(a0, b1, sums[0][1]);
          sums[1][0] = fma1(a1, b0, sums[1][0]);
          sums[1][1] = fma1(a1, b1, sums[1][1]);
        };
        const auto add_quad = [&](const quad &q) {
#pragma unroll
          for (int j = 0; j < 4; j++) add(q.a0[j], q.a1[j], q.b0[j], q.b1[j]);
        };
        if (count == CHUNK) {
          quad current, following;
          load_quad(current, 0);
#pragma unroll
          for (int e = 4; e < CHUNK; e += 4) {
            load_quad(following, e);
            add_quad(current);
            current = following;
          }
          add_quad(current);
        } else {
          for (int e = 0; e < count; e++) {
            add(a[(half * TILE_I + i) * PAD + e], a[(half * TILE_I + i + 8) * PAD + e], b[(half * TILE_N + n) * PAD + e],
                b[(half * TILE_N + n + 4) * PAD + e]);
          }
        }
#pragma unroll
        for (int di = 0; di < 2; di++)
          if (t > 0 || i0 + i + 8 * di <= I) /* h_{-1} = 0 is left out */
            MINE(sum)[di][0] = sums[di][0], MINE(sum)[di][1] = sums[di][1];
        if (!last) store_stage(MINE(next), s, 1 - half);
      }
      BARRIER;
    }
  }
  EACH(s, GRADIENT_THREADS) {
#pragma unroll
    for (int di = 0; di < 2; di++)
#pragma unroll
      for (int dn = 0; dn < 2; dn++) {
        const int i = i0 + s % 32 / 4 + 8 * di, n = n0 + s / 32 * 8 + s % 4 + 4 * dn;
        if (i < rows && n < N) d.lstm[GRADIENT][i * lstm_stride(d) + n] = MINE(sum)[di][dn];
      }
  }
}

/* Direction and gain gradients of the 16 columns of a group, in place of the gradient of w. */
DEVICE void direction_gradients(const network &d, int group) {
  const int I = d.inputs, N = 4 * d.units, rows = rows_of(d), stride = lstm_stride(d);
  const global<float> v = d.lstm[VALUE], dw = d.lstm[GRADIENT];
  SHARED(float, share, 2 * GROUP);
  EACH(s, 2 * GROUP) {
    const int n = group * GROUP + s % GROUP, hidden = s / GROUP;
    if (n < N) {
      const int first = hidden ? I + 1 : 0, end = hidden ? rows : I;
      float dot = 0;
#pragma unroll 16
      for (int r = first; r < end; r++) dot = fma1(dw[r * stride + n], v[r * stride + n], dot);
      const float inverse = d.inverse_norm[hidden * N + n], dgain = dot * inverse;
      share[s] = direction_share(splat(dgain), splat(inverse))[0];
      dw[(rows + hidden) * stride + n] = dgain;
    }
  }
  BARRIER;
#pragma unroll 4
  EACH(j, rows * GROUP) {
    const int r = j / GROUP, column = j % GROUP, n = group * GROUP + column, hidden = r > I, at = r * stride + n;
    if (n < N && r != I)
      dw[at] = direction_gradient(splat(dw[at]), splat(v[at]), splat(v[(rows + hidden) * stride + n]),
                                  splat(d.inverse_norm[hidden * N + n]), splat(share[hidden * GROUP + column]))[0];
  }
  BARRIER;
}

/* What clipping needs of a group of columns, or, in the last block, of the prediction layer. */
DEVICE void compute_gradient_sums(const network &d) {
  const int H = d.units, I = d.inputs, N = 4 * H, groups = lstm_stride(d) / GROUP, group = BLOCK_INDEX, rows = rows_of(d);
  const bool prediction = group == groups;
  const int stride = prediction ? classes_padded(d) : lstm_stride(d), limit = prediction ? d.classes : N;
  const int panels = prediction ? classes_padded(d) / GROUP : 1;
  const global<float> gradient = prediction ? d.pred[GRADIENT] : d.lstm[GRADIENT];
  if (d.weight_norm && !prediction) direction_gradients(d, group);

  /* Variables in the order in which the C kernel adds their sums. */
  enum { MOST = 5 };
  const int variables = prediction ? 2 : d.weight_norm ? 5 : 3;
  SHARED(float, column_sums, 3 * MOST * GROUP); /* [square, clipped square, clipped count][variable][column] */
  SHARED(double, variable_sums, 3 * MOST);
  SHARED(double, total, PARTIAL);
  EACH(k, PARTIAL) total[k] = 0;
  for (int panel = 0; panel < panels; panel++) {
    EACH(s, variables * GROUP) {
      const int index = s / GROUP + (variables == 3 ? 2 : 0); /* g_x, g_h, w_x, b, w_h; or b, w */
      const int n = (prediction ? panel : group) * GROUP + s % GROUP;
      int first, end;
      if (prediction) first = index == 0 ? 0 : 1, end = index == 0 ? 1 : H + 1;
      else if (index < 2) first = rows + index, end = first + 1;
      else first = index == 2 ? 0 : index == 3 ? I : I + 1, end = index == 2 ? I : index == 3 ? I + 1 : rows;
      float square = 0, clipped_square = 0, clipped_count = 0;
      if (n < limit) {
#pragma unroll 16
        for (int r = first; r < end; r++) {
          const float g = gradient[r * stride + n];
          square = fma1(g, g, square);
          if (d.clip_mode == CLIP_VALUE) {
            const float c = clamp(splat(g), d.clip)[0];
            clipped_square = fma1(c, c, clipped_square);
            clipped_count += __builtin_fabsf(g) > d.clip ? 1.0f : 0.0f;
          }
        }
      }
      column_sums[s] = square;
      column_sums[MOST * GROUP + s] = clipped_square;
      column_sums[2 * MOST * GROUP + s] = clipped_count;
    }
    BARRIER;
    EACH(s, 3 * variables) {
      const int kind = s / variables, index = s % variables;
      double sum = 0;
      for (int column = 0; column < GROUP; column++) sum += column_sums[(kind * MOST + index) * GROUP + column];
      variable_sums[kind * MOST + index] = sum;
    }
    BARRIER;
    EACH(s, 1)
      for (int k = 0; k < variables; k++) {
        const int index = k + (variables == 3 ? 2 : 0);
        const int variable = prediction ? PRED_B + k : index < 2 ? G_X + index : index - 2;
        total[variable] = total[variable] + variable_sums[k];
        total[CLIPPED_SQUARE] = total[CLIPPED_SQUARE] + variable_sums[MOST + k];
        total[CLIPPED_COUNT] = total[CLIPPED_COUNT] + variable_sums[2 * MOST + k];
      }
    BARRIER;
  }
  EACH(k, PARTIAL) d.partial[group * PARTIAL + k] = total[k];
}
