// Computes the golden cases with a native kernel for this Node's platform, and exits with 1 if a bit differs:
// node scripts/check-golden.mjs KERNEL [EVERY]. EVERY n computes only every n-th case.

import { CANONICAL } from '../dist/engines/arithmetic.js';
import { createFusedEngine } from '../dist/engines/fused/engine.js';
import { findDifferences, goldenCases } from '../dist/engines/fused/golden.js';
import { createNativeKernel, loadLibrary } from '../dist/engines/fused/native.js';
import { readPrebuilt } from '../dist/engines/fused/prebuilt.js';

const [name, every = '1'] = process.argv.slice(2);
const kernel = createNativeKernel(loadLibrary(readPrebuilt(name).path));
const cases = goldenCases.filter((_, at) => at % Number(every) === 0);
const differing = await findDifferences((input) => createFusedEngine(kernel, input), CANONICAL, cases, 4);
process.stdout.write(
  `${name} on ${process.platform} ${process.arch}, Node ${process.versions.node}: ${cases.length} cases, ${differing.length} differ\n`,
);
if (differing.length > 0) process.exitCode = 1;
