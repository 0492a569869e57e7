/** @file The programs that exported models are for give the predictions of the run. */

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { foundRun, ownProbabilities, scratch, testImages, trained } from './exported.testing.js';
import { npyBytes } from './npz.js';
import { onnxBytes } from './onnx.js';
import { lacks, python } from './readers.testing.js';
import { tfjsFiles } from './tfjs.js';

const runs = [
  ['base', await trained({ model: 'base' })],
  ['wn', await trained({ units: 16, forgetBias: 0.4, clip: 0.5, epochs: 20, lr: 0.1 })],
] as const;

/** The position of the largest number. */
function argMax(row: readonly number[]): number {
  return row.indexOf(Math.max(...row));
}

/** Checks probabilities of the test images against the project's own model, and against the run's summary. */
async function assertPredictions(directory: string, found: readonly (readonly number[])[]): Promise<void> {
  const expected = await ownProbabilities(directory);
  const { labels } = testImages();
  assert.equal(found.length, labels.length);
  assert.deepEqual(found.map(argMax), expected.map(argMax));
  for (const [image, row] of found.entries())
    for (const [k, value] of row.entries())
      assert.ok(Math.abs(value - expected[image]![k]!) < 1e-5, `image ${image}, class ${k}`);
  const { test_accuracy: accuracy, test_loss: loss } = foundRun(directory).summary!;
  const correct = found.filter((row, image) => argMax(row) === labels[image]).length;
  assert.equal(correct / labels.length, accuracy);
  assert.ok(accuracy! > 0.3 && accuracy! < 1, `the test needs a run with errors, got ${accuracy}`);
  const mean = found.reduce((sum, row, image) => sum - Math.log(row[labels[image]!]!), 0) / labels.length;
  assert.ok(Math.abs(mean - loss!) < 1e-5, `mean loss ${mean} instead of ${loss}`);
}

/** Serves files to `tf.loadLayersModel` as a web server does. */
async function loadFromServer(files: Readonly<Record<string, string | Uint8Array>>): Promise<tf.LayersModel> {
  const server = createServer(({ url = '' }, response) => response.end(files[url.slice(1)]));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    return await tf.loadLayersModel(`http://127.0.0.1:${port}/model.json`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

for (const [name, directory] of runs) {
  test(`${name}: TensorFlow.js loads the model and predicts the same`, async () => {
    tf.enableProdMode();
    await tf.setBackend('cpu');
    const model = await loadFromServer(tfjsFiles(foundRun(directory)));
    const { images, shape } = testImages();
    const output = model.predict(tf.tensor3d(images, shape)) as tf.Tensor2D;
    await assertPredictions(directory, output.arraySync());
  });

  const skip = lacks('onnx', 'onnxruntime', 'numpy');
  test(`${name}: onnx accepts the model, and onnxruntime predicts the same`, { skip }, async () => {
    const folder = mkdtempSync(join(scratch, 'onnx-'));
    const { images, shape } = testImages();
    writeFileSync(join(folder, 'model.onnx'), onnxBytes(foundRun(directory)));
    writeFileSync(join(folder, 'images.npy'), npyBytes({ shape, data: images }));
    const { inputs, outputs, metadata, probabilities, one } = python(
      `import json, sys, numpy, onnx, onnxruntime
model = onnx.load(sys.argv[1] + "/model.onnx")
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(sys.argv[1] + "/model.onnx", providers=["CPUExecutionProvider"])
images = numpy.load(sys.argv[1] + "/images.npy")
print(json.dumps({
  "inputs": [[each.name, each.shape] for each in session.get_inputs()],
  "outputs": [[each.name, each.shape] for each in session.get_outputs()],
  "metadata": session.get_modelmeta().custom_metadata_map,
  "probabilities": session.run(None, {"images": images})[0].tolist(),
  "one": session.run(None, {"images": images[:1]})[0].tolist(),
}))`,
      folder,
    ) as Record<string, unknown> & { probabilities: number[][]; metadata: Record<string, string> };
    assert.deepEqual(inputs, [['images', ['N', 8, 8]]]);
    assert.deepEqual(outputs, [['probabilities', ['N', 4]]]);
    assert.equal(metadata.run_id, foundRun(directory).record.run_id);
    assert.equal((one as number[][]).length, 1);
    await assertPredictions(directory, probabilities);
  });
}
