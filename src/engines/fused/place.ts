/** @file Where parameters lie in the two matrices of the kernels; see kernel/net.h. */

import type { ModelSpec } from '../../model/spec.js';

/** The position of a parameter: its matrix, of the LSTM (1) or the prediction layer (0), and its first row there. */
export function placeOf(
  name: string,
  { inputs, units }: Pick<ModelSpec, 'inputs' | 'units'>,
): { lstm: 0 | 1; firstRow: number } {
  switch (name) {
    case 'lstm/w_x':
      return { lstm: 1, firstRow: 0 };
    case 'lstm/b':
      return { lstm: 1, firstRow: inputs };
    case 'lstm/w_h':
      return { lstm: 1, firstRow: inputs + 1 };
    case 'lstm/g_x':
      return { lstm: 1, firstRow: inputs + 1 + units };
    case 'lstm/g_h':
      return { lstm: 1, firstRow: inputs + 2 + units };
    case 'pred/b':
      return { lstm: 0, firstRow: 0 };
    case 'pred/w':
      return { lstm: 0, firstRow: 1 };
    default:
      throw new Error(`the kernel has no parameter ${name}`);
  }
}
