/* The CUDA kernels; ../network.ts knows their launches. Built by scripts/build-kernels.sh without any CUDA toolkit. */
#ifndef KERNEL
#include "words.h"
#endif
#include "backward.h"
#include "forward.h"
#include "gradients.h"
#include "update.h"

KERNEL(256) forward_1(network d, examples e) { forward<1, true>(d, e); }
KERNEL(256) forward_2(network d, examples e) { forward<2, true>(d, e); }
KERNEL(256) forward_4(network d, examples e) { forward<4, true>(d, e); }
KERNEL(512) forward_large_1(network d, examples e) { forward<1, false>(d, e); }
KERNEL(512) forward_large_2(network d, examples e) { forward<2, false>(d, e); }
KERNEL(512) forward_large_4(network d, examples e) { forward<4, false>(d, e); }

KERNEL(512) backward_1(network d) { backward<1>(d); }
KERNEL(512) backward_2(network d) { backward<2>(d); }
KERNEL(512) backward_4(network d) { backward<4>(d); }
KERNEL(512) backward_8(network d) { backward<8>(d); }

KERNEL(128) weight_gradients(network d) { compute_weight_gradients(d); }
KERNEL(512) gradient_sums(network d) { compute_gradient_sums(d); }
KERNEL(512) update(network d, global<const float> step_size) { update_group(d, step_size[0]); }
KERNEL(512) pack_weights(network d) { pack_group(d, BLOCK_INDEX); }

/* evaluation += the sums of loss and correct over `count` rows, from first to last */
KERNEL(32) sum_evaluation(network d, int count) {
  EACH(k, 2) {
    double sum = d.evaluation[k];
#pragma unroll 16
    for (int row = 0; row < count; row++) sum += k == 0 ? d.loss[row] : d.correct[row];
    d.evaluation[k] = sum;
  }
}
