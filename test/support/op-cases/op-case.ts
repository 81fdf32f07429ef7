/** What one case of the engines' common test table is. */
import { GraphBuilder, type Value } from '../../../src/graph/builder.js';
import type { Graph } from '../../../src/graph/graph.js';

export interface OpCase {
  readonly name: string;
  readonly graph: Graph;
  readonly count: number;
  readonly maxBatch: number;
  readonly normShard: number;
  /** Inputs whose rows are probabilities over channels (targets): they get no gradient. */
  readonly probabilities: readonly string[];
  readonly sampleWeights: boolean;
  /** Whether the outputs get random gradients; else the losses alone are differentiated. */
  readonly outputGradients: boolean;
}

export type CaseOptions = Partial<Omit<OpCase, 'name' | 'graph'>> & {
  /** Parameters that take another's place: name → the name it becomes. */
  readonly share?: Readonly<Record<string, string>>;
};

interface Ends {
  readonly outputs: readonly Value[];
  readonly losses?: readonly Value[];
}

/** A case of 3 clips in a program for 4, all in one shard, unless the options say otherwise. */
export function opCase(
  name: string,
  build: (g: GraphBuilder) => Value | Ends,
  options: CaseOptions = {},
): OpCase {
  const { share, ...rest } = options;
  const builder = new GraphBuilder(name);
  const ends = build(builder);
  const graph = builder.build('outputs' in ends ? ends : { outputs: [ends] });
  return {
    name,
    graph: share ? sharing(graph, share) : graph,
    count: 3,
    maxBatch: 4,
    normShard: 32,
    probabilities: [],
    sampleWeights: false,
    outputGradients: true,
    ...rest,
  };
}

/** The graph with parameters renamed, so that nodes share them. */
function sharing(graph: Graph, names: Readonly<Record<string, string>>): Graph {
  const rename = (value: unknown) => (typeof value === 'string' ? (names[value] ?? value) : value);
  const nodes = graph.nodes.map((node) =>
    Object.fromEntries(Object.entries(node).map(([key, value]) => [key, rename(value)])),
  );
  const parameters = Object.entries(graph.parameters).filter(([name]) => !(name in names));
  return { ...graph, nodes: nodes as unknown as Graph['nodes'], parameters: Object.fromEntries(parameters) };
}
