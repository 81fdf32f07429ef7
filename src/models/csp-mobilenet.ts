/**
 * CSPMobileNet-V2: depthwise convolutions with two outputs a channel inside cross-stage partial stages.
 *
 * Paper: Wang et al., CVPRW 2020, arXiv 1911.11929. Reference: csmobilenet-v2.cfg of
 * WongKinYiu/CrossStagePartialNetworks (public domain, as Darknet is), read, not copied.
 * What differs: nothing in the arithmetic. Named beside MobileNetV2, which it is derived from, though its doubled depthwise
 * convolutions cost more MACs; its authors compare accuracy.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { CSP_SOURCE } from './cspnet.js';
import { type BuildOptions, imageEntry, type ModelEntry } from './entry.js';
import { classify, convNorm, depthwiseNorm } from './layers.js';

const TWO: Pair = [2, 2];

/** Units of one width: 1 × 1 to three times their input's, depthwise to twice that, linear 1 × 1 to `channels`. */
type Run = readonly [channels: number, units: number];

/** Width of the 1 × 1 before the stage, and its runs; the first unit of the first run starts from that 1 × 1. */
const STAGES: readonly (readonly [entry: number, runs: readonly Run[]])[] = [
  [48, [[24, 2]]],
  [
    72,
    [
      [32, 3],
      [64, 4],
    ],
  ],
  [192, [[96, 3]]],
  [
    288,
    [
      [160, 3],
      [320, 1],
    ],
  ],
];

/** Units of the part that is computed; each but the first of its run adds its input. */
function stageUnits(g: GraphBuilder, entry: Value, runs: readonly Run[]): Value {
  let x = entry;
  runs.forEach(([channels, units], run) => {
    for (let i = 0; i < units; i++) {
      const opens = run === 0 && i === 0;
      x = g.scope(`run${run}-unit${i}`, () => {
        const wide = opens ? x : convNorm(g, x, { name: 'widen', channels: 3 * x.shape[2] });
        const y = depthwiseNorm(g, wide, { multiplier: 2, stride: opens ? TWO : [1, 1] });
        const narrow = convNorm(g, y, { name: 'narrow', channels, activation: 'none' });
        return i === 0 ? narrow : g.add(narrow, x, { name: 'residual' });
      });
    }
  });
  return x;
}

/** CSPMobileNet-V2 on an image `[rows, columns, 3]`. */
export function buildCspMobileNet(name: string, { labels, input }: Required<BuildOptions>): Graph {
  const g = new GraphBuilder(name);
  const kernel: Pair = [3, 3];
  let x = convNorm(g, g.input('features', input), { name: 'stem', channels: 32, kernel, stride: TWO });
  x = g.scope('stage0', () => {
    const bypass = convNorm(g, x, { name: 'bypass', channels: 16, kernel, groups: 16 });
    const part = depthwiseNorm(g, convNorm(g, x, { name: 'part', channels: 32 }));
    return g.concat([convNorm(g, part, { name: 'narrow', channels: 16, activation: 'none' }), bypass]);
  });
  STAGES.forEach(([entry, runs], stage) => {
    x = g.scope(`stage${stage + 1}`, () => {
      const y = convNorm(g, x, { name: 'entry', channels: entry });
      const bypass = depthwiseNorm(g, y, { name: 'bypass', stride: TWO });
      return g.concat([stageUnits(g, y, runs), bypass]);
    });
  });
  x = convNorm(g, x, { name: 'last', channels: 640 });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

export const CSP_MOBILENETS: readonly ModelEntry[] = [
  imageEntry({
    name: 'csp-mobilenet-v2',
    family: 'cspnet',
    twin: 'mobilenet-v2',
    source: CSP_SOURCE,
    parameters: 2_541_424,
    build: (options) => buildCspMobileNet('csp-mobilenet-v2', options),
  }),
];
