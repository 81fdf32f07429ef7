/** Every op of graph.ts as a naive float64 loop, written from its docstring and from nothing else. */
import type { ActivationNode, BinaryNode, GraphNode } from '../../src/graph/graph.js';
import { at, fill, type Maps, type OpContext, repeated } from './reference-maps.js';
import { batchNorm } from './reference-norms.js';
import { crossEntropy, dropout, gumbelSoftmax, softmax } from './reference-probability.js';
import { conv2d, depthwiseConv2d, pool, resize } from './reference-windows.js';

const relu6 = (x: number) => Math.min(Math.max(x, 0), 6);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const ACTIVATIONS: Record<ActivationNode['kind'], (x: number, slope: number) => number> = {
  relu: (x) => Math.max(x, 0),
  relu6,
  leakyRelu: (x, slope) => (x > 0 ? x : slope * x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  silu: (x) => x * sigmoid(x),
  softplus,
  hardSwish: (x) => (x * relu6(x + 3)) / 6,
  sigmoid,
  hardSigmoid: (x) => relu6(x + 3) / 6,
  mish: (x) => x * Math.tanh(softplus(x)),
};

const BINARY: Record<BinaryNode['op'], (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  multiply: (a, b) => a * b,
  maximum: (a, b) => Math.max(a, b),
};

/** The map of one node for a whole batch. */
export function runReferenceOp(node: GraphNode, inputs: Maps[], context: OpContext): Float64Array {
  const { count, parameters } = context;
  const [x] = inputs;
  switch (node.op) {
    case 'input':
      throw new Error('inputs are given, not run');
    case 'conv2d':
      return conv2d(node, inputs, context);
    case 'depthwiseConv2d':
      return depthwiseConv2d(node, inputs, context);
    case 'dense':
      return fill(count, node.shape, (clip, t, f, o) => {
        let sum = node.bias ? parameters[node.bias][o] : 0;
        for (let c = 0; c < x.shape[2]; c++)
          sum += at(x, clip, t, f, c) * parameters[node.weight][c * node.shape[2] + o];
        return sum;
      });
    case 'batchNorm':
      return batchNorm(node, inputs, context);
    case 'activation':
      return x.data.map((value) => ACTIVATIONS[node.kind](value, node.slope ?? NaN));
    case 'add':
    case 'multiply':
    case 'maximum':
      return fill(count, node.shape, (...position) =>
        BINARY[node.op](repeated(inputs[0], ...position), repeated(inputs[1], ...position)),
      );
    case 'weightedSum': {
      const weights = node.weight ? parameters[node.weight] : node.weights!;
      return fill(count, node.shape, (...position) =>
        inputs.reduce((sum, maps, i) => sum + weights[i] * at(maps, ...position), 0),
      );
    }
    case 'concat':
      return fill(count, node.shape, (clip, t, f, c) => {
        let which = 0;
        let channel = c;
        while (channel >= inputs[which].shape[2]) channel -= inputs[which++].shape[2];
        return at(inputs[which], clip, t, f, channel);
      });
    case 'slice':
      return fill(count, node.shape, (clip, t, f, c) =>
        at(x, clip, t + node.start[0], f + node.start[1], c + node.start[2]),
      );
    case 'padChannels':
      return fill(count, node.shape, (clip, t, f, c) => {
        const channel = c - node.before;
        return channel >= 0 && channel < x.shape[2] ? at(x, clip, t, f, channel) : 0;
      });
    case 'channelShuffle':
      return fill(count, node.shape, (clip, t, f, c) => {
        const i = Math.floor(c / node.groups);
        const g = c % node.groups;
        return at(x, clip, t, f, g * (x.shape[2] / node.groups) + i);
      });
    case 'maxout':
      return fill(count, node.shape, (clip, t, f, c) => {
        const pieces = Array.from({ length: node.pieces }, (_, i) => c + i * node.shape[2]);
        return Math.max(...pieces.map((channel) => at(x, clip, t, f, channel)));
      });
    case 'reshape':
      return x.data.slice();
    case 'maxPool':
    case 'avgPool':
      return pool(node, inputs, context);
    case 'resize':
      return resize(node, inputs, context);
    case 'mean':
      return fill(count, node.shape, (clip, t, f, c) => {
        const values: number[] = [];
        for (let i = 0; i < x.shape[0]; i++)
          for (let j = 0; j < x.shape[1]; j++)
            if ((node.axes.includes('time') || i === t) && (node.axes.includes('frequency') || j === f))
              values.push(at(x, clip, i, j, c));
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      });
    case 'dropout':
      return dropout(node, inputs, context);
    case 'softmax':
      return softmax(node, inputs, context);
    case 'gumbelSoftmax':
      return gumbelSoftmax(node, inputs, context);
    case 'stopGradient':
      return context.held?.get(node.name)?.data ?? x.data.slice();
    case 'softmaxCrossEntropy':
      return crossEntropy(node, inputs, context);
  }
}
