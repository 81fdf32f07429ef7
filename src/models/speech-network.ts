/**
 * The frame of the residual speech networks: stem, three stages, last stage, head. A stage is a Big-Little module in the
 * networks of big-little-speech.ts and bl-ghostnet.ts, a plain stack of as many blocks in their single-branch twins.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair, Shape } from '../graph/graph.js';
import { type BranchPreset, bigLittleModule, branchesOf } from './big-little-module.js';
import { type BuildOptions, SPEECH_INPUT, SPEECH_LABELS } from './entry.js';
import { type ActivationChoice, classify, convNorm, frequencyAwareHead, inputNorm } from './layers.js';
import { type Block, paddingOf, stackBlocks } from './residual-blocks.js';

/** Width, layers L, stride of the fusion block. */
export type StageRow = readonly [channels: number, layers: number, stride: Pair];

/** Three stages of which the first two halve frequency; time is left to the stem, or left alone. */
export const HALVE_FIRST: readonly Pair[] = [
  [1, 2],
  [1, 2],
  [1, 1],
];
/** Three stages of which the last two halve frequency. */
export const HALVE_LAST: readonly Pair[] = [
  [1, 1],
  [1, 2],
  [1, 2],
];

/** Rows of stages from their strides, widths and layers. */
export function stageRows(
  strides: readonly Pair[],
  channels: readonly number[],
  layers: readonly number[],
): StageRow[] {
  return strides.map((stride, i) => [channels[i], layers[i], stride] as const);
}

export interface SpeechConfig {
  /** Whether each frequency band is normalised before the stem. */
  readonly inputNorm?: boolean;
  readonly block: Block;
  /** Width, kernel and stride of the stem. */
  readonly stem: { readonly channels: number; readonly kernel?: Pair; readonly stride: Pair };
  readonly stages: readonly StageRow[];
  /** Last stage: width, plain blocks. */
  readonly last: readonly [channels: number, count: number];
  readonly branches: BranchPreset;
  readonly upsampling?: 'nearest' | 'bilinear';
  readonly learnedWeights?: boolean;
  readonly mergeActivation?: ActivationChoice;
  /** `valid`: no padding and no stride in time, one posterior a frame. The block's style must say the same. */
  readonly timePadding?: 'same' | 'valid';
  /** Sub-spectral normalisation of the stem; the block's style says it for the blocks. */
  readonly bands?: number;
  readonly head: SpeechHead;
  /** Before the last dense layer. */
  readonly dropout: number;
}

/**
 * mean: over time and frequency. frequency: first one weight a frequency row and channel (`frequencyAwareHead`). frames:
 * rows and channels of each frame through a dense layer of `width`, nothing is pooled.
 */
export type SpeechHead =
  | { readonly kind: 'mean' }
  | { readonly kind: 'frequency' }
  | { readonly kind: 'frames'; readonly width: number };

/** What stands in the place of a stage. */
export type StageBuilder = (
  g: GraphBuilder,
  x: Value,
  config: SpeechConfig,
  row: StageRow,
  name: string,
) => Value;

/** A Big-Little module. */
export const bigLittleStage: StageBuilder = (g, x, config, [channels, layers, stride], name) =>
  g.scope(name, () =>
    bigLittleModule(g, x, { ...config, channels, layers, stride, branches: branchesOf(config.branches) }),
  );

/** As many blocks of the full width, the last one with the stride, as the fusion block has it. */
export const singleBranchStage: StageBuilder = (g, x, { block }, [channels, count, stride], name) =>
  stackBlocks(g, x, { name, block, channels, count, stride, strided: 'last' });

/** A speech network on `[T, F, maps]`; logits `[1, 1, labels]`, or `[T', 1, labels]` with the head `frames`. */
export function buildSpeechNetwork(
  name: string,
  config: SpeechConfig,
  stage: StageBuilder,
  { labels = SPEECH_LABELS, input = SPEECH_INPUT }: BuildOptions,
): Graph {
  const { block, bands } = config;
  const { channels, kernel = [3, 3], stride } = config.stem;
  const g = new GraphBuilder(name);
  let x = g.input('features', input);
  if (config.inputNorm) x = inputNorm(g, x);
  x = convNorm(g, x, { name: 'stem', channels, kernel, stride, padding: paddingOf(kernel, config), bands });
  config.stages.forEach((row, i) => {
    x = stage(g, x, config, row, `stage${i}`);
  });
  const [width, count] = config.last;
  x = stackBlocks(g, x, { name: 'last', block, channels: width, count, stride: [1, 1] });
  return g.build({ outputs: [buildHead(g, x, config, labels)] });
}

function buildHead(g: GraphBuilder, x: Value, { head, dropout }: SpeechConfig, labels: number): Value {
  if (head.kind === 'frames') {
    const [frames, rows, channels] = x.shape;
    const flat = g.reshape(x, [frames, 1, rows * channels] satisfies Shape);
    const hidden = convNorm(g, flat, { name: 'hidden', channels: head.width });
    return g.dense(g.dropout(hidden, dropout), { name: 'logits', channels: labels });
  }
  const pooled = head.kind === 'frequency' ? frequencyAwareHead(g, x) : x;
  return classify(g, pooled, { labels, dropout });
}
