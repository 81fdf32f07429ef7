/**
 * PeleeNet and CSPPeleeNet, for images and for speech: dense layers of two ways, one seeing 3 × 3 and one 5 × 5.
 *
 * Papers: Wang, Li, Ling, "Pelee: A Real-Time Object Detection System on Mobile Devices", NeurIPS 2018, arXiv 1804.06882;
 * Wang et al., "CSPNet", CVPRW 2020, arXiv 1911.11929. Reference code: Robert-JunWang/PeleeNet (Apache-2.0), read, not
 * copied; its cap on the width of the 1 × 1 convolutions, which never binds in PeleeNet, is left out. CSPPeleeNet's cfg is
 * not published: `csp-peleenet` is a reconstruction (fusion `both`, γ 0.5, the first transition keeps its width, means before
 * the second one) of 2.86 M parameters and 0.892 BFLOPs where the authors' list
 * says 2.83 M and 0.888. The speech variants are ours.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { checkOption, isWhole } from './check-option.js';
import { crossStage, type Fusion } from './cross-stage.js';
import { CSP_SOURCE } from './cspnet.js';
import { type BuildOptions, imageEntry, type ModelEntry, speechEntry } from './entry.js';
import { classify, convNorm, SUB_BANDS } from './layers.js';
import { buildFramed } from './speech-frame.js';

const PELEE_SOURCE = 'Wang et al. 2018, arXiv 1804.06882; Robert-JunWang/PeleeNet';
const TWO: Pair = [2, 2];

export interface PeleeLayerOptions {
  /** Maps that a layer adds, half of them by each way. */
  readonly growth: number;
  /** Width of the 1 × 1 convolutions as a multiple of growth / 2. */
  readonly bottleneck: number;
  /** Sub-spectral normalisation after 3 × 3 convolutions. */
  readonly bands?: number;
}

/**
 * `[T, F, C]` → `[T, F, C + growth]`. Source: figure 1 of the paper and its code.
 * @throws ConfigError `pelee-growth` for a growth that two ways cannot share, `pelee-bottleneck` for a waist of no width.
 */
export function peleeLayer(
  g: GraphBuilder,
  x: Value,
  { growth, bottleneck, bands }: PeleeLayerOptions,
): Value {
  check('growth', isWhole(growth / 2), 'an even number of 2 or more, half for each way', growth);
  const channels = growth / 2;
  const kernel: Pair = [3, 3];
  const waist = channels * bottleneck;
  const halves = `above 0 and a whole number of times ${channels}, half the growth`;
  check('bottleneck', isWhole(waist), halves, bottleneck);
  const near = convNorm(g, convNorm(g, x, { name: 'near-reduce', channels: waist }), {
    name: 'near',
    channels,
    kernel,
    bands,
  });
  let far = convNorm(g, x, { name: 'far-reduce', channels: waist });
  far = convNorm(g, far, { name: 'far', channels, kernel, bands });
  far = convNorm(g, far, { name: 'farther', channels, kernel, bands });
  return g.concat([x, near, far]);
}

function check(option: string, met: boolean, allowed: string, value: number): void {
  checkOption(met, { code: `pelee-${option}`, what: 'a layer of PeleeNet', option, allowed, value });
}

/** Layers, bottleneck, width behind the stage, window of the means behind it. */
type StageRow = readonly [layers: number, bottleneck: number, channels: number, pool?: Pair];

interface PeleeConfig {
  readonly growth: number;
  readonly stages: readonly StageRow[];
  readonly fusion: Fusion;
  readonly gamma?: number;
  readonly bands?: number;
  /** Whether the first transition narrows, so that both parts together have the stage's width. */
  readonly narrowFirst?: boolean;
}

function peleeBody(g: GraphBuilder, x: Value, config: PeleeConfig): Value {
  const { fusion, gamma } = config;
  let y = x;
  config.stages.forEach(([layers, bottleneck, channels, pool], stage) => {
    const blocks = (_: GraphBuilder, part: Value) => {
      let all = part;
      for (let i = 0; i < layers; i++)
        all = g.scope(`layer${i}`, () => peleeLayer(g, all, { ...config, bottleneck }));
      return all;
    };
    y = g.scope(`stage${stage}`, () => {
      // PeleeNet's transition convolves and then pools; what crosses stages pools first, and so saves.
      const firstChannels = config.narrowFirst ? (bypassing: number) => channels - bypassing : undefined;
      if (fusion !== 'plain')
        return crossStage(g, y, { fusion, gamma, channels, firstChannels, blocks, pool });
      const whole = crossStage(g, y, { fusion, channels, blocks });
      return pool ? g.avgPool(whole, { kernel: pool }) : whole;
    });
  });
  return y;
}

/** Strided 3 × 3 beside a max pool, after a strided 3 × 3; of an odd size the pool's last window holds what is left. Source: figure 4 of the paper. */
function peleeStem(g: GraphBuilder, x: Value): Value {
  return g.scope('stem', () => {
    const kernel: Pair = [3, 3];
    const first = convNorm(g, x, { channels: 32, kernel, stride: TWO });
    const narrow = convNorm(g, first, { channels: 16 });
    const left = convNorm(g, narrow, { channels: 32, kernel, stride: TWO });
    const padding = [[0, first.shape[0] % 2] as const, [0, first.shape[1] % 2] as const] as const;
    const right = g.maxPool(first, { kernel: TWO, padding });
    return convNorm(g, g.concat([left, right]), { channels: 32 });
  });
}

const IMAGE_STAGES: readonly StageRow[] = [
  [3, 1, 128, TWO],
  [4, 2, 256, TWO],
  [8, 4, 512, TWO],
  [6, 4, 704],
];

/**
 * PeleeNet (`plain`) or CSPPeleeNet on an image `[rows, columns, 3]`; `gamma` is the share that bypasses, 0.5 unless said.
 * @throws ConfigError as `crossStage` does.
 */
export function buildPeleeNet(
  name: string,
  { fusion, gamma }: Pick<PeleeConfig, 'fusion' | 'gamma'>,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  const x = peleeStem(g, g.input('features', input));
  const y = peleeBody(g, x, { growth: 32, stages: IMAGE_STAGES, fusion, gamma });
  return g.build({ outputs: [classify(g, y, { labels, dropout: 0.05 })] });
}

const IMAGE_ENTRIES: readonly ModelEntry[] = [
  imageEntry({
    name: 'peleenet',
    family: 'peleenet',
    source: PELEE_SOURCE,
    parameters: 2_802_248,
    build: (options) => buildPeleeNet('peleenet', { fusion: 'plain' }, options),
  }),
  imageEntry({
    name: 'csp-peleenet',
    family: 'cspnet',
    twin: 'peleenet',
    source: `${CSP_SOURCE}; reconstructed, its cfg is not published`,
    parameters: 2_856_488,
    build: (options) => buildPeleeNet('csp-peleenet', { fusion: 'both' }, options),
  }),
];

interface SpeechRow {
  readonly size: 'tiny' | 'small' | 'base';
  readonly stem: number;
  readonly growth: number;
  readonly stages: readonly StageRow[];
  readonly parameters: number;
  readonly twinParameters: number;
}

const HALF_ROWS: Pair = [1, 2];

const SPEECH_ROWS: readonly SpeechRow[] = [
  {
    size: 'tiny',
    stem: 24,
    growth: 8,
    stages: [
      [3, 4, 40, HALF_ROWS],
      [4, 4, 64, HALF_ROWS],
      [4, 4, 80],
    ],
    parameters: 50_668,
    twinParameters: 53_980,
  },
  {
    size: 'small',
    stem: 40,
    growth: 16,
    stages: [
      [3, 4, 80, HALF_ROWS],
      [5, 4, 144, HALF_ROWS],
      [6, 4, 208],
    ],
    parameters: 270_924,
    twinParameters: 284_804,
  },
  {
    size: 'base',
    stem: 64,
    growth: 32,
    stages: [
      [3, 4, 144, HALF_ROWS],
      [5, 4, 288, HALF_ROWS],
      [6, 4, 384],
    ],
    parameters: 999_532,
    twinParameters: 1_066_044,
  },
];

const speechPelee = (row: SpeechRow, fusion: 'plain' | 'both'): ModelEntry => {
  const { size, stem } = row;
  const crosses = fusion === 'both';
  const name = crosses ? `csp-peleenet-${size}` : `peleenet-${size}`;
  const config: PeleeConfig = { ...row, fusion, bands: SUB_BANDS, narrowFirst: true };
  return speechEntry({
    name,
    family: crosses ? 'cspnet' : 'peleenet',
    size,
    ...(crosses && { twin: `peleenet-${size}` }),
    source: crosses ? CSP_SOURCE : PELEE_SOURCE,
    parameters: crosses ? row.parameters : row.twinParameters,
    build: (options) => buildFramed(name, { stem }, (g, x) => peleeBody(g, x, config), options),
  });
};

const SPEECH_ENTRIES = SPEECH_ROWS.flatMap((row) => [speechPelee(row, 'both'), speechPelee(row, 'plain')]);

export const PELEENETS: readonly ModelEntry[] = [...IMAGE_ENTRIES, ...SPEECH_ENTRIES];
