/**
 * The Big-Little module: branches that see their input at several scales, the coarser the deeper and wider, summed up.
 *
 * Paper: Chen, Fan, Mallinar, Sercu, Feris, "Big-Little Net: An Efficient Multi-Scale Feature Representation for Visual
 * and Speech Recognition", ICLR 2019, arXiv 1807.03848. Reference code: IBM/BigLittleNet (Apache-2.0), read, not copied.
 * Readings chosen where summaries, text and code differ: docs/papers.md.
 */
import type { GraphBuilder, Value } from '../graph/builder.js';
import type { Pair } from '../graph/graph.js';
import { checkOption, isWhole } from './check-option.js';
import { type ActivationChoice, convNorm } from './layers.js';
import { type Block, cropTime, strideByMean } from './residual-blocks.js';

/** One branch of a module. */
export interface Branch {
  /** By how much it sees its input shrunk, `[time, frequency]`; powers of 2. */
  readonly scale: Pair;
  /** Its width is the module's divided by this. */
  readonly widthDivisor: number;
  /** It has max(1, ⌊L / this⌋ − 1) blocks of the module's L layers. */
  readonly depthDivisor: number;
  /** What it counts in the sum. */
  readonly weight: number;
}

export interface BranchPreset {
  /** α: divides the width of the Little branch. */
  readonly alpha: number;
  /** β: divides the number of its blocks. */
  readonly beta: number;
  /** K; default 2. Branch j of K has divisors α^(K−1−j) and β^(K−1−j) and scale^j. */
  readonly branches?: number;
  /** Scale from one branch to the next; default [2, 2]. */
  readonly scale?: Pair;
  /** c: branch j counts c^j. Default 1. */
  readonly weight?: number;
}

/**
 * The branches that α, β and K stand for, finest first.
 * @throws ConfigError `big-little-OPTION` unless α, β and K are whole numbers of 1 or more and the weight is a number.
 */
export function branchesOf(preset: BranchPreset): Branch[] {
  const { alpha, beta, branches = 2, scale = [2, 2], weight = 1 } = preset;
  checkCount('alpha', alpha);
  checkCount('beta', beta);
  checkCount('branches', branches);
  check('weight', Number.isFinite(weight), 'a finite number', weight);
  return Array.from({ length: branches }, (_, j) => ({
    scale: [scale[0] ** j, scale[1] ** j],
    widthDivisor: alpha ** (branches - 1 - j),
    depthDivisor: beta ** (branches - 1 - j),
    weight: weight ** j,
  }));
}

export interface ModuleOptions {
  readonly channels: number;
  /** L: blocks of the coarsest branch, plus the fusion block. */
  readonly layers: number;
  /** Finest first. */
  readonly branches: readonly Branch[];
  /** Of the fusion block, `[time, frequency]`. */
  readonly stride: Pair;
  readonly block: Block;
  /** nearest: the released code; bilinear: as the paper is described. Default nearest. */
  readonly upsampling?: 'nearest' | 'bilinear';
  /** The branch weights are parameters that start at their numbers. */
  readonly learnedWeights?: boolean;
  /** After the sum of the branches; default `relu`. */
  readonly mergeActivation?: ActivationChoice;
  /** Blocks that do not pad time: branches are cut to the frames that all of them have. Default `same`. */
  readonly timePadding?: 'same' | 'valid';
}

/** @throws ConfigError `big-little-OPTION` unless `met`. */
function check(option: string, met: boolean, allowed: string, value: unknown): void {
  checkOption(met, { code: `big-little-${option}`, what: 'a Big-Little module', option, allowed, value });
}

function checkCount(option: string, value: number): void {
  check(option, isWhole(value), 'a whole number of 1 or more', value);
}

const UPSAMPLINGS = ['nearest', 'bilinear'];

/**
 * `[T, F, C]` → `[T', F', channels]`: branches, their sum at the finest one's size, ReLU, fusion block. Source: §3.2 and the code.
 * @throws ConfigError `big-little-OPTION` for options that no module has: layers below 1, a width that α does not divide and the like.
 */
export function bigLittleModule(g: GraphBuilder, x: Value, options: ModuleOptions): Value {
  const { branches, channels, block } = options;
  checkModule(options);
  const ends = branches.map((_, j) => g.scope(`branch${j}`, () => buildBranch(g, x, j, options)));
  const { mergeActivation = 'relu' } = options;
  const sum = merge(g, ends, options);
  const merged = mergeActivation === 'none' ? sum : g.activation(sum, mergeActivation);
  return g.scope('fusion', () => block(g, merged, { channels, stride: options.stride }));
}

function checkModule({ branches, layers, upsampling = 'nearest', timePadding }: ModuleOptions): void {
  check('branches', branches.length > 0, 'one or more', branches.length);
  checkCount('layers', layers);
  check('upsampling', UPSAMPLINGS.includes(upsampling), UPSAMPLINGS.join(' or '), upsampling);
  if (timePadding === 'valid')
    // Without time padding a branch that shrinks time cannot be laid over the others frame by frame.
    for (const { scale } of branches)
      check('scale', scale[0] === 1, '1 in time where time is not padded', scale[0]);
}

/** Width of branch j. */
function widthOf({ widthDivisor }: Branch, j: number, channels: number): number {
  const allowed = `such that the widthDivisor of branch ${j} divides ${channels} channels`;
  check('alpha', isWhole(widthDivisor) && isWhole(channels / widthDivisor), allowed, widthDivisor);
  return channels / widthDivisor;
}

/** Blocks of a branch, then 1 × 1 to the module's width on all but the coarsest. */
function buildBranch(g: GraphBuilder, x: Value, j: number, options: ModuleOptions): Value {
  const branch = options.branches[j];
  const coarsest = j === options.branches.length - 1;
  const { widthDivisor, depthDivisor } = branch;
  const channels = widthOf(branch, j, options.channels);
  checkCount('beta', depthDivisor);
  const count = Math.max(1, Math.floor(options.layers / depthDivisor) - 1);
  const { strides, pooled } = spreadScale(branch.scale, count);
  let y = x;
  for (const stride of pooled) y = strideByMean(g, y, stride);
  strides.forEach((stride, i) => {
    // With one block the released code keeps the ReLU.
    const lastRelu = !(coarsest && i === count - 1 && count > 1);
    y = g.scope(`block${i}`, () => options.block(g, y, { channels, stride, lastRelu, widthDivisor }));
  });
  return coarsest ? y : convNorm(g, y, { name: 'widen', channels: options.channels, activation: 'none' });
}

/**
 * A scale as strides of at most 2 of the first of `count` blocks; what they cannot carry is pooled before them.
 * @throws ConfigError if the scale is no power of 2.
 */
export function spreadScale(scale: Pair, count: number): { strides: Pair[]; pooled: Pair[] } {
  const halvings = scale.map((size) => {
    const power = Math.round(Math.log2(size));
    check('scale', size >= 1 && 2 ** power === size, 'a power of 2', size);
    return power;
  });
  const steps = Array.from({ length: Math.max(count, ...halvings) }, (_, i): Pair => {
    return [i < halvings[0] ? 2 : 1, i < halvings[1] ? 2 : 1];
  });
  return { pooled: steps.slice(0, steps.length - count), strides: steps.slice(steps.length - count) };
}

/** Σ weight × branch at the finest branch's size, or at the frames that all branches have if time is not padded. */
function merge(g: GraphBuilder, ends: readonly Value[], options: ModuleOptions): Value {
  const valid = options.timePadding === 'valid';
  const frames = valid ? Math.min(...ends.map((end) => end.shape[0])) : ends[0].shape[0];
  const rows = ends[0].shape[1];
  const sized = ends.map((end) => {
    const y = valid ? cropTime(g, end, frames) : end;
    const fits = y.shape[0] === frames && y.shape[1] === rows;
    return fits ? y : g.resize(y, [frames, rows], options.upsampling ?? 'nearest');
  });
  return sumUp(g, sized, options);
}

function sumUp(g: GraphBuilder, maps: readonly Value[], options: ModuleOptions): Value {
  const weights = options.branches.map((branch) => branch.weight);
  if (options.learnedWeights) return g.weightedSum(maps, { name: 'merge', weights, learned: true });
  if (weights.some((weight) => weight !== 1)) return g.weightedSum(maps, { name: 'merge', weights });
  return maps.reduce((sum, map) => g.add(sum, map, { name: 'merge' }));
}
