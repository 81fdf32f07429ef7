/** Checks of a whole graph: names, order, shapes, parameters, ends. */
import { ConfigError, ShapeError } from '../errors.js';
import type { Graph, GraphNode, ParameterSpec, Shape, StatisticSpec } from './graph.js';
import { sizeOf } from './graph.js';
import { expectSame, inferShape } from './infer-shape.js';
import { shownValue } from './shown-value.js';

/**
 * Checks a graph that came from outside: names unique, inputs earlier in the list (so there is no cycle),
 * shapes as inferred, parameters and statistics there and of the right shape, ends that exist.
 * @throws ShapeError or ConfigError naming the node.
 */
export function checkGraph(graph: Graph): void {
  checkFields(graph);
  const shapes = new Map<string, Shape>();
  for (const node of graph.nodes) {
    if (!Array.isArray(node?.inputs))
      throw new ConfigError(
        'graph-fields',
        `Cannot use graph: expected nodes with inputs, got ${shownValue(node)}`,
        {
          value: node,
        },
      );
    if (shapes.has(node.name))
      throw new ConfigError('graph-name', `Cannot use graph: node ${node.name} stands twice in the list`, {
        value: node.name,
      });
    const inputs = node.inputs.map((input) => {
      const shape = shapes.get(input);
      if (!shape) {
        throw new ConfigError(
          'graph-order',
          `Cannot use graph: node ${node.name} reads ${input}, which is not an earlier node`,
          { value: node.name },
        );
      }
      return shape;
    });
    expectSame(node.name, inferShape(node, inputs, node.shape), node.shape);
    checkParameters(graph, node, inputs[0]);
    shapes.set(node.name, node.shape);
  }
  checkEnds(graph, shapes);
}

const LISTS = ['nodes', 'inputs', 'outputs', 'losses'] as const;
const RECORDS = ['parameters', 'statistics'] as const;

/** @throws ConfigError `graph-fields` for what is no graph at all. */
function checkFields(graph: Partial<Graph> | null | undefined): void {
  const sound = [
    ...LISTS.filter((field) => Array.isArray(graph?.[field])),
    ...RECORDS.filter((field) => graph?.[field] && typeof graph[field] === 'object'),
  ];
  const wanted = [...LISTS, ...RECORDS];
  if (sound.length === wanted.length) return;
  const found = typeof graph === 'object' && graph ? sound.join(', ') || 'none of them' : typeof graph;
  throw new ConfigError(
    'graph-fields',
    `Cannot use graph: expected ${wanted.join(', ')}, got ${graph === null ? 'null' : found}`,
    { value: graph },
  );
}

function checkEnds(graph: Graph, shapes: ReadonlyMap<string, Shape>): void {
  for (const name of [...graph.inputs, ...graph.outputs, ...graph.losses]) {
    if (!shapes.has(name))
      throw new ConfigError('graph-name', `Cannot use graph: there is no node ${name}`, { value: name });
  }
  const inputs = graph.nodes.filter((node) => node.op === 'input').map((node) => node.name);
  if (inputs.length !== graph.inputs.length || !inputs.every((name) => graph.inputs.includes(name))) {
    throw new ConfigError(
      'graph-inputs',
      `Cannot use graph: expected its inputs to be ${inputs.join(', ')}, got ${graph.inputs.join(', ')}`,
      { value: graph.inputs },
    );
  }
  for (const name of graph.losses) expectSame(name, [1, 1, 1], shapes.get(name)!);
}

/** The parameters and statistics a node needs: name and shape of each. */
export function parameterShapes(
  node: GraphNode,
  input: Shape | undefined,
): [name: string, shape: number[]][] {
  const c = input?.[2] ?? 0;
  const bias = (name: string | undefined, size: number): [string, number[]][] =>
    name ? [[name, [size]]] : [];
  switch (node.op) {
    case 'conv2d':
      return [
        [node.weight, [...node.kernel, c / node.groups, node.shape[2]]],
        ...bias(node.bias, node.shape[2]),
      ];
    case 'depthwiseConv2d':
      return [[node.weight, [...node.kernel, c, node.multiplier]], ...bias(node.bias, node.shape[2])];
    case 'dense':
      return [[node.weight, [c, node.shape[2]]], ...bias(node.bias, node.shape[2])];
    case 'weightedSum':
      return node.weight ? [[node.weight, [node.inputs.length]]] : [];
    case 'batchNorm': {
      const shape = node.bands > 1 ? [node.bands, c] : [c];
      return [node.gamma, node.beta, node.mean, node.variance].map((name) => [name, shape]);
    }
    default:
      return [];
  }
}

function checkParameters(graph: Graph, node: GraphNode, input: Shape | undefined): void {
  const statistics = node.op === 'batchNorm' ? [node.mean, node.variance] : [];
  for (const [name, shape] of parameterShapes(node, input)) {
    const specs: Readonly<Record<string, ParameterSpec | StatisticSpec>> = statistics.includes(name)
      ? graph.statistics
      : graph.parameters;
    if (!Object.hasOwn(specs, name))
      throw new ConfigError(
        'graph-parameter',
        `Cannot use graph: node ${node.name} needs ${name}, which is not declared`,
        { value: name },
      );
    expectParameter(name, shape, specs[name]);
  }
}

function expectParameter(name: string, shape: readonly number[], spec: ParameterSpec | StatisticSpec): void {
  if (spec.shape.join() !== shape.join()) {
    throw new ShapeError(
      'parameter-shape',
      `Cannot use ${name}: expected shape ${shape.join('×')}, got ${spec.shape.join('×')}`,
      { value: name },
    );
  }
  if ('init' in spec && spec.init.kind === 'values') checkValues(name, spec.init.values, sizeOf(shape));
}

function checkValues(name: string, values: readonly number[], count: number): void {
  if (values.length === count && values.every(Number.isFinite)) return;
  const [wanted, found] =
    values.length === count
      ? ['starting values that are finite numbers', values.join(', ')]
      : [`${count} starting values`, values.length];
  throw new ShapeError('parameter-shape', `Cannot use ${name}: expected ${wanted}, got ${found}`, {
    value: name,
  });
}
