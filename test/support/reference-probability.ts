/** Naive softmaxes, losses and noise. */
import { clipKey, gumbelNoise, uniformNoise } from '../../src/engine/noise.js';
import type {
  DropoutNode,
  GumbelSoftmaxNode,
  SoftmaxCrossEntropyNode,
  SoftmaxNode,
} from '../../src/graph/graph.js';
import { hashText } from '../../src/numerics/random.js';
import { at, fill, type Maps, type OpContext } from './reference-maps.js';

/** Softmax of values picked out of a map; `pick` gives the whole row an element belongs to. */
function softmaxOf(row: number[], index: number): number {
  const largest = Math.max(...row);
  const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
  return Math.exp(row[index] - largest) / sum;
}

export function softmax(node: SoftmaxNode, [x]: Maps[], context: OpContext): Float64Array {
  const axis = ['time', 'frequency', 'channels'].indexOf(node.axis);
  return fill(context.count, node.shape, (clip, ...position) => {
    const row = Array.from({ length: x.shape[axis] }, (_, i) => {
      const [t, f, c] = position.map((index, n) => (n === axis ? i : index));
      return at(x, clip, t, f, c);
    });
    return softmaxOf(row, position[axis]);
  });
}

export function dropout(node: DropoutNode, [x]: Maps[], context: OpContext): Float64Array {
  if (!context.training) return x.data.slice();
  const [, bands, channels] = x.shape;
  return fill(context.count, x.shape, (clip, t, f, c) => {
    const key = clipKey(context.seed, hashText(node.name), clip);
    const element = node.unit === 'channel' ? c : (t * bands + f) * channels + c;
    return uniformNoise(key, element) >= node.rate ? at(x, clip, t, f, c) / (1 - node.rate) : 0;
  });
}

export function gumbelSoftmax(node: GumbelSoftmaxNode, [x]: Maps[], context: OpContext): Float64Array {
  const [, bands, channels] = x.shape;
  const noisyRow = (clip: number, t: number, f: number) => {
    const key = clipKey(context.seed, hashText(node.name), clip);
    const row = Array.from({ length: channels }, (_, c) => at(x, clip, t, f, c));
    if (!context.training) return row;
    return row.map((_, c) => Math.log(softmaxOf(row, c)) + gumbelNoise(key, (t * bands + f) * channels + c));
  };
  const soft = fill(context.count, x.shape, (clip, t, f, c) => {
    const row = noisyRow(clip, t, f).map((value) => value / node.temperature);
    return softmaxOf(row, c);
  });
  const base = context.held?.get(node.name);
  if (base) return soft.map((value, i) => base.data[i] + value - context.soft.get(node.name)![i]);
  context.soft.set(node.name, soft);
  return fill(context.count, x.shape, (clip, t, f, c) => {
    const row = noisyRow(clip, t, f);
    return row.indexOf(Math.max(...row)) === c ? 1 : 0;
  });
}

export function crossEntropy(
  node: SoftmaxCrossEntropyNode,
  [logits, given]: Maps[],
  context: OpContext,
): Float64Array {
  const targets = context.held?.get(node.inputs[1]) ?? given;
  const [times, bands, channels] = logits.shape;
  return fill(context.count, node.shape, (clip) => {
    let sum = 0;
    for (let t = 0; t < times; t++)
      for (let f = 0; f < bands; f++) {
        const row = Array.from({ length: channels }, (_, c) => at(logits, clip, t, f, c) / node.temperature);
        for (let c = 0; c < channels; c++) sum -= at(targets, clip, t, f, c) * Math.log(softmaxOf(row, c));
      }
    return (node.weight * sum) / (times * bands);
  });
}
