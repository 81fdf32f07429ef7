/**
 * CSPNet for speech: cross-stage partial stages of separable residual blocks, their fusion variants and heads, and the
 * plain twin of each: the same blocks on all channels.
 *
 * Paper of the stages: Wang et al., CVPRW 2020, arXiv 1911.11929. The networks are ours: stages split by channels, as
 * the paper draws them and its cfg files do not; time strided by the stem alone, sub-spectral norms, squeeze-excitation.
 */
import type { GraphBuilder, Value } from '../graph/builder.js';
import type { Graph } from '../graph/graph.js';
import { crossStage, type Fusion } from './cross-stage.js';
import { CSP_SOURCE } from './cspnet.js';
import { type BuildOptions, type ModelEntry, speechEntry } from './entry.js';
import { fuseScales, mostRows, type ScaleFusion } from './feature-fusion.js';
import { convNorm, depthwiseNorm, SUB_BANDS } from './layers.js';
import { type Block, separableBlock } from './residual-blocks.js';
import { buildFramed } from './speech-frame.js';
import { HALVE_LAST, type StageRow, stageRows } from './speech-network.js';

/** Width, blocks, stride of the depthwise convolution before them. */

interface CspSpeechConfig {
  readonly stem: number;
  readonly stages: readonly StageRow[];
  readonly fusion: Fusion;
  readonly gamma?: number;
  /** Gathers the maps of all stages instead of the last alone; `headChannels` for each. */
  readonly head?: ScaleFusion;
  readonly headChannels?: number;
}

const BLOCK: Block = separableBlock({ bands: SUB_BANDS, squeeze: 0.25, kernel: [5, 3] });

/** A CSPNet, or with the fusion `plain` its twin, on log-mel maps `[T, F, maps]`. */
export function buildCspSpeech(
  name: string,
  config: CspSpeechConfig,
  options: Required<BuildOptions>,
): Graph {
  const { stem, stages, head, headChannels = 8 } = config;
  const body = (g: GraphBuilder, x: Value) => {
    const ends: Value[] = [];
    stages.forEach((row, i) => {
      ends.push(g.scope(`stage${i}`, () => buildStage(g, ends.at(-1) ?? x, row, config)));
    });
    if (!head) return ends[ends.length - 1];
    const bands = Math.min(SUB_BANDS, mostRows(ends));
    return fuseScales(g, ends, { fusion: head, channels: headChannels, bands });
  };
  return buildFramed(name, { stem }, body, options);
}

function buildStage(
  g: GraphBuilder,
  x: Value,
  [channels, count, stride]: StageRow,
  { fusion, gamma }: CspSpeechConfig,
): Value {
  const moved = depthwiseNorm(g, x, { name: 'down', stride, bands: SUB_BANDS, activation: 'none' });
  const wide = convNorm(g, moved, { name: 'widen', channels });
  const blocks = (_: GraphBuilder, part: Value) => {
    let y = part;
    for (let i = 0; i < count; i++)
      y = g.scope(`block${i}`, () => BLOCK(g, y, { channels: part.shape[2], stride: [1, 1] }));
    return y;
  };
  return crossStage(g, wide, { fusion, gamma, channels, blocks, plainTransition: false });
}

const TINY = { stem: 16, stages: stageRows(HALVE_LAST, [24, 40, 44], [2, 3, 3]) };
const SMALL = { stem: 24, stages: stageRows(HALVE_LAST, [56, 80, 112], [2, 4, 4]) };
const BASE = { stem: 32, stages: stageRows(HALVE_LAST, [96, 152, 208], [3, 5, 5]) };

type Size = 'tiny' | 'small' | 'base';
type Row = readonly [name: string, size: Size, twin: string, config: CspSpeechConfig, parameters: number];

/** What crosses stages: name after `csp-resnet-`, size, twin after the same, network, parameters. */
const VARIANTS: readonly Row[] = [
  ['tiny', 'tiny', 'tiny-plain', { ...TINY, fusion: 'both' }, 28_810],
  ['small', 'small', 'small-plain', { ...SMALL, fusion: 'both' }, 128_836],
  ['base', 'base', 'base-plain', { ...BASE, fusion: 'both' }, 445_388],
  ['tiny-g25', 'tiny', 'tiny-plain', { ...TINY, fusion: 'both', gamma: 0.25 }, 43_024],
  ['tiny-g75', 'tiny', 'tiny-plain', { ...TINY, fusion: 'both', gamma: 0.75 }, 17_818],
  ['tiny-first', 'tiny', 'tiny-plain', { ...TINY, fusion: 'first' }, 27_674],
  ['tiny-last', 'tiny', 'tiny-plain', { ...TINY, fusion: 'last' }, 24_482],
  ['tiny-fpn', 'tiny', 'tiny-plain-fpn', { ...TINY, fusion: 'both', head: 'fpn' }, 32_694],
  ['tiny-gfm', 'tiny', 'tiny-plain-gfm', { ...TINY, fusion: 'both', head: 'gfm' }, 34_806],
  ['tiny-efm', 'tiny', 'tiny-plain-efm', { ...TINY, fusion: 'both', head: 'efm' }, 33_718],
];

/** The twins: the same rows with one part. */
const PLAIN: readonly (readonly [name: string, size: Size, config: CspSpeechConfig, parameters: number])[] = [
  ['tiny-plain', 'tiny', { ...TINY, fusion: 'plain' }, 53_876],
  ['small-plain', 'small', { ...SMALL, fusion: 'plain' }, 277_428],
  ['base-plain', 'base', { ...BASE, fusion: 'plain' }, 1_081_456],
  ['tiny-plain-fpn', 'tiny', { ...TINY, fusion: 'plain', head: 'fpn' }, 57_760],
  ['tiny-plain-gfm', 'tiny', { ...TINY, fusion: 'plain', head: 'gfm' }, 59_872],
  ['tiny-plain-efm', 'tiny', { ...TINY, fusion: 'plain', head: 'efm' }, 58_784],
];

const entry = (suffix: string, size: Size, config: CspSpeechConfig, parameters: number, twin?: string) => {
  const name = `csp-resnet-${suffix}`;
  return speechEntry({
    name,
    family: 'cspnet',
    size,
    ...(twin && { twin: `csp-resnet-${twin}` }),
    source: twin ? CSP_SOURCE : `${CSP_SOURCE}; plain twin`,
    parameters,
    build: (options) => buildCspSpeech(name, config, options),
  });
};

export const SPEECH_CSPNETS: readonly ModelEntry[] = [
  ...VARIANTS.map(([suffix, size, twin, config, parameters]) =>
    entry(suffix, size, config, parameters, twin),
  ),
  ...PLAIN.map(([suffix, size, config, parameters]) => entry(suffix, size, config, parameters)),
];
