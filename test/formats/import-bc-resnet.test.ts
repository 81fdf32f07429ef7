import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { ModelFileError } from '../../src/errors.js';
import { importBcResNet } from '../../src/formats/import-bc-resnet.js';
import { decodeSafetensors, type StoredTensor } from '../../src/formats/safetensors.js';
import { buildModel } from '../../src/models/models.js';
import { expectAllClose } from '../support/all-close.js';

const fixture = (name: string) =>
  decodeSafetensors(readFileSync(new URL(`../fixtures/${name}.safetensors`, import.meta.url)), name);
const weights = fixture('bc-resnet-pytorch');
const LABELS = 3;
const graph = buildModel('bc-resnet-1', { labels: LABELS, input: [16, 40, 1] });

function importFault(tensors: Record<string, StoredTensor>, into = graph): unknown {
  try {
    importBcResNet({ tensors, metadata: {} }, into, 'w.safetensors');
  } catch (error) {
    return error;
  }
}

describe('importBcResNet', () => {
  it('gives the logits that PyTorch gave with the same weights', async () => {
    const { features, logits } = fixture('bc-resnet-pytorch-scores').tensors;
    const { parameters, statistics } = importBcResNet(weights, graph, 'bc-resnet-pytorch');
    const engine = await createWasmEngine({ kernels: 'strict' });
    const count = features.shape[0];
    const program = await engine.compileInference(graph, { maxBatch: count });
    program.assign({ ...parameters, ...statistics });
    const found = program.run({ features: features.data as Float32Array }, count).logits;
    expectAllClose(found.subarray(0, count * LABELS), logits.data as Float32Array, { absolute: 1e-5 });
    engine.dispose();
  });

  it('names the tensor that is missing, has another shape or type, or has no place', () => {
    const norm = 'BCBlocks.2.1.f2.0.block.1.ssnorm.running_var';
    const { [norm]: variance, ...rest } = weights.tensors;
    const short = { dtype: 'F32', shape: [16], data: new Float32Array(16) } as const;
    const double = { dtype: 'F64', shape: [80], data: new Float64Array(80) } as const;
    const cases: [Record<string, StoredTensor>, string, string][] = [
      [rest, norm, 'expected F32 [80], got none'],
      [{ ...rest, [norm]: short }, norm, 'expected F32 [80], got F32 [16]'],
      [{ ...rest, [norm]: double }, norm, 'expected F32 [80], got F64 [80]'],
      [
        { ...weights.tensors, 'stem.0.weight': variance },
        'stem.0.weight',
        'expected no tensor of that name, got one',
      ],
    ];
    for (const [tensors, tensor, what] of cases) {
      const thrown = importFault(tensors);
      expect(thrown).toBeInstanceOf(ModelFileError);
      expect(thrown).toMatchObject({
        code: 'import-tensor',
        value: tensor,
        message: `Cannot import ${tensor} of w.safetensors: ${what}`,
      });
    }
  });

  it('refuses another width and another number of labels', () => {
    expect(importFault(weights.tensors, buildModel('bc-resnet-2', { labels: LABELS }))).toMatchObject({
      message:
        'Cannot import cnn_head.0.weight of w.safetensors: expected F32 [32, 1, 5, 5], got F32 [16, 1, 5, 5]',
    });
    expect(importFault(weights.tensors, buildModel('bc-resnet-1', { labels: 4 }))).toMatchObject({
      message:
        'Cannot import classifier.5.weight of w.safetensors: expected F32 [4, 32, 1, 1], got F32 [3, 32, 1, 1]',
    });
  });
});
