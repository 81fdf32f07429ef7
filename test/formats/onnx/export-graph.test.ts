import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.js';
import { exportOnnxGraph } from '../../../src/formats/onnx/export-graph.js';
import { nodesByName, sizeOf } from '../../../src/graph/graph.js';
import { expectAllClose } from '../../support/all-close.js';
import { caseData } from '../../support/case-data.js';
import { runOnnx } from '../../support/onnx-runtime.js';
import type { OpCase } from '../../support/op-cases/op-case.js';
import { OP_CASES } from '../../support/op-cases.js';
import { runReference } from '../../support/reference.js';

/** As the engines' own: float32 sums of a few hundred terms. */
const RELATIVE = 5e-5;

const hasLoss = ({ graph }: OpCase) => graph.nodes.some(({ op }) => op === 'softmaxCrossEntropy');

describe('exportOnnxGraph', () => {
  const inference = OP_CASES.filter((entry) => !hasLoss(entry));
  it.each(inference.map((entry) => [entry.name, entry] as const))(
    'gives ONNX Runtime what naive loops get: %s',
    async (_, { graph, count, ...entry }) => {
      const data = caseData({ graph, count, ...entry });
      const nodes = nodesByName(graph);
      const inputs = Object.fromEntries(
        graph.inputs.map((name) => {
          const { shape } = nodes.get(name)!;
          const values = data.inputs[name].slice(0, count * sizeOf(shape));
          return [name, { data: values, dims: [count, ...shape] }];
        }),
      );
      const bytes = exportOnnxGraph(graph, { ...data.parameters, ...data.statistics });
      const { outputs, dims } = await runOnnx(bytes, inputs);
      const { maps } = runReference(graph, { ...data, count, training: false });
      for (const name of graph.outputs) {
        expect(dims[name]).toEqual([count, ...nodes.get(name)!.shape]);
        expectAllClose(outputs[name], maps.get(name)!.data, { relative: RELATIVE, absolute: 1e-6 }, name);
      }
    },
  );

  it('refuses a loss, naming the node', () => {
    const entry = OP_CASES.find(hasLoss)!;
    const loss = entry.graph.nodes.find(({ op }) => op === 'softmaxCrossEntropy')!;
    const { parameters, statistics } = caseData(entry);
    let thrown: unknown;
    try {
      exportOnnxGraph(entry.graph, { ...parameters, ...statistics });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({
      code: 'export-op',
      value: loss.name,
      message: `Cannot export ${entry.graph.name} to ONNX: expected ops of inference, got softmaxCrossEntropy in node ${loss.name}`,
    });
  });
});
