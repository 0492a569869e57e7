// Computes recorded trainings on a native kernel of the platform that this Node is for, and exits with 1 if a bit
// differs: node scripts/check-golden.mjs KERNEL [EVERY]. EVERY n takes every n-th of the trainings.

import { CANONICAL } from '../dist/engines/arithmetic.js';
import { readPrebuilt } from '../dist/engines/fused/prebuilt.js';
import { findDifferences, goldenCases } from '../dist/engines/fused/golden.js';
import { createNativeKernel, loadLibrary } from '../dist/engines/fused/native.js';

const [name, every = '1'] = process.argv.slice(2);
const kernel = createNativeKernel(loadLibrary(readPrebuilt(name).path));
const cases = goldenCases.filter((_, at) => at % Number(every) === 0);
const differing = await findDifferences(() => kernel, CANONICAL, cases, 4);
process.stdout.write(
  `${name} on ${process.platform} ${process.arch}, Node ${process.versions.node}: ${cases.length} trainings, ${differing.length} differ\n`,
);
if (differing.length > 0) process.exitCode = 1;
