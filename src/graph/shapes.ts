/** The shape each op gives for the shapes it is given; the one place that checks whether they fit. */
import { ConfigError, ShapeError } from '../errors.js';
import type { Graph, GraphNode, Padding, Pair, Shape } from './graph.js';
import { sizeOf } from './graph.js';

/** A node before its shape is known. */
export type Unshaped<N extends GraphNode = GraphNode> = N extends GraphNode ? Omit<N, 'shape'> : never;

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation?: Pair;
}

/** ⌊(in + padding − dilation · (kernel − 1) − 1) / stride⌋ + 1 on each axis. */
export function windowedSize(input: Shape, window: Window, node: string): [number, number] {
  const size = (axis: 0 | 1) => {
    const { kernel, stride, padding } = window;
    const dilation = window.dilation?.[axis] ?? 1;
    checkPositive(node, 'kernel', kernel[axis]);
    checkPositive(node, 'stride', stride[axis]);
    checkPositive(node, 'dilation', dilation);
    const [before, after] = padding[axis];
    if (!(before >= 0 && after >= 0)) throw fault(node, 'padding of 0 or more', `${before}, ${after}`);
    const reach = dilation * (kernel[axis] - 1) + 1;
    const out = Math.floor((input[axis] + before + after - reach) / stride[axis]) + 1;
    if (out < 1)
      throw fault(node, `at least ${reach} positions on axis ${axis}`, `${input[axis] + before + after}`);
    return out;
  };
  return [size(0), size(1)];
}

/**
 * The shape of a node's output. `declared`: the shape the node claims, read by the ops that take it as an
 * argument (input, slice, reshape, resize, conv2d and the like for their channel count).
 * @throws ShapeError if the inputs do not fit the op.
 */
export function inferShape(node: Unshaped, inputs: readonly Shape[], declared: Shape): Shape {
  const name = node.name;
  const [t, f, c] = inputs[0] ?? declared;
  switch (node.op) {
    case 'input':
      expectInputs(name, inputs, 0);
      for (const size of declared) checkPositive(name, 'size', size);
      return declared;
    case 'conv2d': {
      expectInputs(name, inputs, 1);
      checkPositive(name, 'groups', node.groups);
      if (c % node.groups !== 0 || declared[2] % node.groups !== 0) {
        throw fault(name, `channels divisible by ${node.groups} groups`, `${c} → ${declared[2]}`);
      }
      return [...windowedSize(inputs[0], node, name), declared[2]];
    }
    case 'depthwiseConv2d':
      expectInputs(name, inputs, 1);
      checkPositive(name, 'multiplier', node.multiplier);
      return [...windowedSize(inputs[0], node, name), c * node.multiplier];
    case 'dense':
      expectInputs(name, inputs, 1);
      return [t, f, declared[2]];
    case 'batchNorm':
      expectInputs(name, inputs, 1);
      checkPositive(name, 'bands', node.bands);
      if (f % node.bands !== 0)
        throw fault(name, `a number of frequency rows divisible by ${node.bands} bands`, `${f}`);
      return [t, f, c];
    case 'add':
    case 'multiply':
    case 'maximum':
      expectInputs(name, inputs, 2);
      return broadcastShape(name, inputs[0], inputs[1]);
    case 'weightedSum':
      if (inputs.length === 0) throw fault(name, 'at least one input', 'none');
      for (const shape of inputs) expectSame(name, inputs[0], shape);
      return [t, f, c];
    case 'concat':
      if (inputs.length === 0) throw fault(name, 'at least one input', 'none');
      for (const shape of inputs) expectSame(name, [t, f, 0], [shape[0], shape[1], 0]);
      return [t, f, inputs.reduce((sum, shape) => sum + shape[2], 0)];
    case 'slice':
      expectInputs(name, inputs, 1);
      declared.forEach((size, axis) => {
        const end = node.start[axis] + size;
        if (!(node.start[axis] >= 0 && size >= 1 && end <= inputs[0][axis])) {
          throw fault(
            name,
            `a range within ${inputs[0][axis]} on axis ${axis}`,
            `${node.start[axis]} … ${end}`,
          );
        }
      });
      return declared;
    case 'padChannels':
      expectInputs(name, inputs, 1);
      if (!(node.before >= 0 && declared[2] >= c + node.before)) {
        throw fault(name, `at least ${c + node.before} channels`, `${declared[2]}`);
      }
      return [t, f, declared[2]];
    case 'channelShuffle':
    case 'maxout': {
      expectInputs(name, inputs, 1);
      const parts = node.op === 'maxout' ? node.pieces : node.groups;
      checkPositive(name, node.op === 'maxout' ? 'pieces' : 'groups', parts);
      if (c % parts !== 0) throw fault(name, `channels divisible by ${parts}`, `${c}`);
      return [t, f, node.op === 'maxout' ? c / parts : c];
    }
    case 'reshape':
      expectInputs(name, inputs, 1);
      if (sizeOf(declared) !== sizeOf(inputs[0]))
        throw fault(name, `${sizeOf(inputs[0])} numbers`, `${declared.join('×')}`);
      return declared;
    case 'maxPool':
    case 'avgPool':
      expectInputs(name, inputs, 1);
      return [...windowedSize(inputs[0], node, name), c];
    case 'resize':
      expectInputs(name, inputs, 1);
      return [declared[0], declared[1], c];
    case 'mean':
      expectInputs(name, inputs, 1);
      return [node.axes.includes('time') ? 1 : t, node.axes.includes('frequency') ? 1 : f, c];
    case 'softmaxCrossEntropy':
      expectInputs(name, inputs, 2);
      expectSame(name, inputs[0], inputs[1]);
      return [1, 1, 1];
    case 'activation':
    case 'dropout':
    case 'softmax':
    case 'gumbelSoftmax':
    case 'stopGradient':
      expectInputs(name, inputs, 1);
      return [t, f, c];
  }
}

function broadcastShape(node: string, a: Shape, b: Shape): Shape {
  const size = (axis: number) => {
    if (a[axis] !== b[axis] && a[axis] !== 1 && b[axis] !== 1) {
      throw fault(node, `sizes that are equal or 1 on axis ${axis}`, `${a.join('×')} and ${b.join('×')}`);
    }
    return Math.max(a[axis], b[axis]);
  };
  return [size(0), size(1), size(2)];
}

/**
 * Checks a graph that came from outside: names unique, inputs earlier in the list (so there is no cycle),
 * shapes as inferred, parameters there and of the right shape.
 * @throws ShapeError or ConfigError naming the node.
 */
export function checkGraph(graph: Graph): void {
  const shapes = new Map<string, Shape>();
  for (const node of graph.nodes) {
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
    const inferred = inferShape(node, inputs, node.shape);
    expectSame(node.name, inferred, node.shape);
    checkParameters(graph, node, inputs[0]);
    shapes.set(node.name, node.shape);
  }
  for (const name of [...graph.inputs, ...graph.outputs, ...graph.losses]) {
    if (!shapes.has(name))
      throw new ConfigError('graph-name', `Cannot use graph: there is no node ${name}`, { value: name });
  }
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
  for (const [name, shape] of parameterShapes(node, input)) {
    const spec = graph.parameters[name] ?? graph.statistics[name];
    if (!spec)
      throw new ConfigError(
        'graph-parameter',
        `Cannot use graph: node ${node.name} needs ${name}, which is not declared`,
        { value: name },
      );
    if (spec.shape.join() !== shape.join()) {
      throw new ShapeError(
        'parameter-shape',
        `Cannot use ${name}: expected shape ${shape.join('×')}, got ${spec.shape.join('×')}`,
        { value: name },
      );
    }
  }
}

function expectInputs(node: string, inputs: readonly Shape[], count: number): void {
  if (inputs.length !== count) throw fault(node, `${count} inputs`, `${inputs.length}`);
}

function expectSame(node: string, wanted: Shape, found: Shape): void {
  if (wanted.join() !== found.join()) throw fault(node, wanted.join('×'), found.join('×'));
}

function checkPositive(node: string, what: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 1)) throw fault(node, `${what} of 1 or more`, `${value}`);
}

function fault(node: string, wanted: string, found: string): ShapeError {
  return new ShapeError('node-shape', `Cannot build node ${node}: expected ${wanted}, got ${found}`, {
    value: node,
  });
}
