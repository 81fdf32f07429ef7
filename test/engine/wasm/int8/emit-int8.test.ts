import { describe, expect, it } from 'vitest';
import { type KernelSet, relaxedSupported } from '../../../../src/engine/wasm/binaries.js';
import { compileInference } from '../../../../src/engine/wasm/inference-program.js';
import { createWasmEngine } from '../../../../src/engine/wasm/wasm-engine.js';
import { GraphBuilder } from '../../../../src/graph/builder.js';
import type { Graph, Tensors } from '../../../../src/graph/graph.js';
import { type Quantization, weightsOf } from '../../../../src/graph/quantization.js';
import { expectAllClose } from '../../../support/all-close.js';
import { caseData } from '../../../support/case-data.js';
import { CONVOLUTION_CASES } from '../../../support/op-cases/convolution-cases.js';
import { randomQuantization, runQuantized } from '../../../support/reference-int8.js';

const SETS: readonly KernelSet[] = relaxedSupported() ? ['strict', 'relaxed'] : ['strict'];
const CASES = CONVOLUTION_CASES.filter(({ graph }) => graph.nodes[1].op !== 'depthwiseConv2d');

async function run(
  graph: Graph,
  quantization: Quantization,
  given: { inputs: Tensors; tensors: Tensors; count: number; set: KernelSet },
): Promise<Tensors> {
  const { inputs, tensors, count, set } = given;
  const program = await compileInference(graph, { maxBatch: count + 1, quantization }, { set });
  program.assign(tensors);
  // What an earlier run left in memory must not matter.
  program.run(
    Object.fromEntries(Object.entries(inputs).map(([name, map]) => [name, map.map((x) => -x)])),
    count,
  );
  const outputs = program.run(inputs, count);
  return Object.fromEntries(Object.entries(outputs).map(([name, map]) => [name, map.slice()]));
}

describe.each(SETS)('integer products, %s kernels', (set) => {
  it.each(CASES)('$name: gives the bits of a naive loop', async (entry) => {
    const { graph, count } = entry;
    const data = caseData(entry);
    const quantization = randomQuantization(graph, graph.nodes.slice(1, 2), count);
    const tensors = { ...data.parameters, ...data.statistics };
    for (const [name, weight] of Object.entries(quantization.weights)) tensors[name] = weightsOf(weight);
    const found = await run(graph, quantization, { inputs: data.inputs, tensors, count, set });
    const maps = runQuantized(graph, quantization, { inputs: data.inputs, tensors, count });
    for (const name of graph.outputs) expect(found[name]).toEqual(Float32Array.from(maps.get(name)!.data));
  });

  it('folds a BatchNorm and an activation behind them, and puts a map read twice on its grid once', async () => {
    const builder = new GraphBuilder('folded');
    const x = builder.input('x', [6, 5, 5]);
    const a = builder.activation(
      builder.batchNorm(builder.conv2d(x, { channels: 9, kernel: [3, 3] })),
      'silu',
    );
    const b = builder.relu(builder.conv2d(x, { channels: 9 }));
    const graph = builder.build({ outputs: [builder.add(a, b)] });
    const products = graph.nodes.filter(({ op }) => op === 'conv2d');
    const drawn = randomQuantization(graph, products, 5);
    const [first] = products;
    const grids = Object.fromEntries(products.map(({ name }) => [name, drawn.grids[first.name]]));
    const quantization = { ...drawn, grids };
    const data = caseData({ ...CASES[0], name: 'folded', graph, count: 2, outputGradients: false });
    const tensors = { ...data.parameters, ...data.statistics };
    for (const [name, weight] of Object.entries(drawn.weights)) tensors[name] = weightsOf(weight);
    const found = await run(graph, quantization, { inputs: data.inputs, tensors, count: 2, set });
    const maps = runQuantized(graph, quantization, { inputs: data.inputs, tensors, count: 2 });
    const [output] = graph.outputs;
    // Folding rounds scale and shift to float32 once more than the reference.
    expectAllClose(found[output], maps.get(output)!.data, { relative: 1e-6 });
  });

  it('hands a map from product to product on its grid, whatever the kernel and the activation between', async () => {
    const builder = new GraphBuilder('chain');
    let x = builder.input('x', [9, 7, 3]);
    x = builder.relu(builder.conv2d(x, { channels: 10, kernel: [3, 3] }));
    x = builder.conv2d(x, { channels: 21, bias: true });
    x = builder.activation(
      builder.conv2d(x, { channels: 12, kernel: [3, 3], stride: [2, 2], groups: 3 }),
      'relu6',
    );
    x = builder.relu(builder.dense(x, { channels: 7 }));
    const branches = [builder.conv2d(x, { channels: 4 }), builder.conv2d(x, { channels: 5, kernel: [3, 1] })];
    const graph = builder.build({ outputs: branches });
    const products = graph.nodes.filter(({ op }) => op === 'conv2d' || op === 'dense');
    const drawn = randomQuantization(graph, products, 8);
    const [one, two] = products.slice(-2).map(({ name }) => name);
    const quantization = { ...drawn, grids: { ...drawn.grids, [two]: drawn.grids[one] } };
    const data = caseData({ ...CASES[0], name: 'chain', graph, count: 3, outputGradients: false });
    const tensors: Tensors = { ...data.parameters };
    for (const [name, weight] of Object.entries(drawn.weights)) tensors[name] = weightsOf(weight);
    const found = await run(graph, quantization, { inputs: data.inputs, tensors, count: 3, set });
    const maps = runQuantized(graph, quantization, { inputs: data.inputs, tensors, count: 3 });
    for (const name of graph.outputs) {
      const wanted = Float32Array.from(maps.get(name)!.data);
      expect(new Set(wanted).size).toBeGreaterThan(20);
      expect(found[name]).toEqual(wanted);
    }
  });

  it('keeps what lies far outside a grid at its ends', async () => {
    const builder = new GraphBuilder('ends');
    const graph = builder.build({
      outputs: [builder.conv2d(builder.input('x', [1, 4, 1]), { channels: 1, name: 'c' })],
    });
    const quantization: Quantization = {
      weights: { 'c/weight': { integers: Int8Array.of(1), scales: Float32Array.of(1) } },
      grids: { c: { scale: 0.5, zero: 27 } },
    };
    const inputs = { x: Float32Array.of(-3e38, 3e38, 0.25, 0.75) };
    const found = await run(graph, quantization, {
      inputs,
      tensors: { 'c/weight': Float32Array.of(1) },
      count: 1,
      set,
    });
    // (0 − 27) / 2 and (127 − 27) / 2; halves go to the even neighbour: 27.5 → 28, 28.5 → 28.
    expect(Array.from(found.c)).toEqual([-13.5, 50, 0.5, 0.5]);
  });
});

describe('createWasmEngine().compileInference with a quantization', () => {
  it('refuses integers that are not as many as the node reads', async () => {
    const builder = new GraphBuilder('short');
    const graph = builder.build({
      outputs: [builder.conv2d(builder.input('x', [2, 2, 3]), { channels: 2, name: 'c' })],
    });
    const quantization: Quantization = {
      weights: { 'c/weight': { integers: new Int8Array(5), scales: new Float32Array(2) } },
      grids: { c: { scale: 1, zero: 0 } },
    };
    const engine = await createWasmEngine();
    await expect(engine.compileInference(graph, { maxBatch: 1, quantization })).rejects.toMatchObject({
      name: 'EngineError',
      code: 'quantization',
      message: 'Cannot compile c: expected 3 × 2 integers as c/weight, got 5',
    });
  });
});
