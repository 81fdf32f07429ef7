/** The engines' table of small graphs for exporters: what another runtime makes of the file, against naive loops. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import type { Graph, Tensors } from '../../src/graph/graph.js';
import { nodesByName, sizeOf } from '../../src/graph/graph.js';
import { expectAllClose } from './all-close.js';
import { caseData } from './case-data.js';
import type { OpCase } from './op-cases/op-case.js';
import { OP_CASES } from './op-cases.js';
import { runReference } from './reference.js';

export type NamedMaps = Readonly<
  Record<string, { readonly data: Float32Array; readonly dims: readonly number[] }>
>;

/** As the engines' own: float32 sums of a few hundred terms. */
const TOLERANCE = { relative: 5e-5, absolute: 1e-6 };

const hasLoss = ({ graph }: OpCase) => graph.nodes.some(({ op }) => op === 'softmaxCrossEntropy');

/** Registers a test a case without a loss; `run` exports the graph and runs it elsewhere. */
export function runExportedOpCases(
  run: (graph: Graph, tensors: Tensors, inputs: NamedMaps) => Promise<NamedMaps>,
): void {
  const inference = OP_CASES.filter((entry) => !hasLoss(entry)).map((entry) => [entry.name, entry] as const);
  it.each(inference)('gives what naive loops get: %s', async (_, entry) => {
    const { graph, count } = entry;
    const data = caseData(entry);
    const nodes = nodesByName(graph);
    const inputs = Object.fromEntries(
      graph.inputs.map((name) => {
        const { shape } = nodes.get(name)!;
        const values = data.inputs[name].slice(0, count * sizeOf(shape));
        return [name, { data: values, dims: [count, ...shape] }];
      }),
    );
    const found = await run(graph, { ...data.parameters, ...data.statistics }, inputs);
    const { maps } = runReference(graph, { ...data, count, training: false });
    for (const name of graph.outputs) {
      expect(found[name].dims).toEqual([count, ...nodes.get(name)!.shape]);
      expectAllClose(found[name].data, maps.get(name)!.data, TOLERANCE, name);
    }
  });
}

/** Registers a test that a graph with a loss is refused, naming the node. */
export function refusesLosses(
  format: string,
  exportGraph: (graph: Graph, tensors: Tensors) => unknown,
): void {
  describe('a loss', () => {
    it('is refused, naming the node', () => {
      const entry = OP_CASES.find(hasLoss)!;
      const loss = entry.graph.nodes.find(({ op }) => op === 'softmaxCrossEntropy')!;
      const { parameters, statistics } = caseData(entry);
      let thrown: unknown;
      try {
        exportGraph(entry.graph, { ...parameters, ...statistics });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(ConfigError);
      expect(thrown).toMatchObject({
        code: 'export-op',
        value: loss.name,
        message: `Cannot export ${entry.graph.name} to ${format}: expected ops of inference, got softmaxCrossEntropy in node ${loss.name}`,
      });
    });
  });
}
