/**
 * The cross-stage partial stage: a part of the channels bypasses the blocks and meets the rest behind them.
 *
 * Paper: Wang, Liao, Yeh, Wu, Chen, Hsieh, "CSPNet: A New Backbone that can Enhance Learning Capability of CNN", CVPRW
 * 2020, arXiv 1911.11929, figure 3. Reference: cfg files of WongKinYiu/CrossStagePartialNetworks, read, not copied.
 * γ is the share that bypasses: the reading under which the paper's larger γ are the cheaper ones.
 */
import type { ConfigError } from '../errors.js';
import type { GraphBuilder, Value } from '../graph/builder.js';
import { ACTIVATION_KINDS } from '../graph/check-node.js';
import type { Pair } from '../graph/graph.js';
import { checkKeys, checkOption, refusal } from './check-option.js';
import { type ActivationChoice, convNorm } from './layers.js';

/**
 * Where the two parts meet. plain: there is one part (figure 3 a). both: transition, concatenation, transition (b).
 * first: concatenation, transition (c). last: transition, concatenation (d).
 */
export type Fusion = 'plain' | 'both' | 'first' | 'last';

const FUSIONS: readonly Fusion[] = ['plain', 'both', 'first', 'last'];

export interface CrossStageOptions {
  readonly fusion: Fusion;
  /** γ: the share of the channels that bypasses the blocks, above 0 and below 1. Default 0.5; `plain` has none. */
  readonly gamma?: number;
  /** Width behind the stage. */
  readonly channels: number;
  /** both: width behind the first transition, given what bypasses; default the width that the blocks end with. */
  readonly firstChannels?: (bypassing: number) => number;
  /** What the stage computes, on the part that it is given; it keeps the size. */
  readonly blocks: (g: GraphBuilder, x: Value) => Value;
  /**
   * Means over windows of this size: before the last transition of `both` and `first`, which then reads fewer places; behind
   * the transition of `last` and on what bypasses it; behind the blocks of `plain`.
   */
  readonly pool?: Pair;
  /** Of the transitions; default `relu`. `linear`: a convolution alone, without norm. */
  readonly activation?: ActivationChoice | 'linear';
  /** plain: whether a transition follows the blocks. Default true; residual networks have none. */
  readonly plainTransition?: boolean;
}

const OPTIONS: readonly string[] = [
  'fusion',
  'gamma',
  'channels',
  'firstChannels',
  'blocks',
  'pool',
  'activation',
  'plainTransition',
] satisfies (keyof CrossStageOptions)[];

const ACTIVATIONS: readonly string[] = ['linear', 'none', ...ACTIVATION_KINDS];

/**
 * A cross-stage partial stage around any blocks that keep the size: `[T, F, C]` → `[T', F', channels]`.
 * @throws ConfigError `csp-option` for an option that there is none of, `csp-fusion` and `csp-activation` for what is unknown, `csp-blocks` for no function, `csp-gamma` for a γ that leaves one part empty, `csp-width` where
 * `last` has fewer channels than bypass.
 * @example
 * // Half of 32 channels through a 3 × 3 convolution, both parts to 48 channels.
 * const blocks = (g: GraphBuilder, x: Value) => g.relu(g.conv2d(x, { kernel: [3, 3], channels: 16 }));
 * const y = crossStage(g, x, { fusion: 'both', gamma: 0.5, channels: 48, blocks });
 */
export function crossStage(g: GraphBuilder, x: Value, options: CrossStageOptions): Value {
  checkChoices(x.shape[2], options);
  const { fusion, channels, blocks, plainTransition = true, gamma = 0.5 } = options;
  const pooled = (y: Value) => (options.pool ? g.avgPool(y, { kernel: options.pool }) : y);
  const transition = (name: string, y: Value, width: number) => {
    const { activation } = options;
    if (activation === 'linear') return g.conv2d(y, { name, channels: width });
    return convNorm(g, y, { name, channels: width, activation });
  };
  if (fusion === 'plain') {
    const y = pooled(blocks(g, x));
    return plainTransition ? transition('transition', y, channels) : y;
  }
  const bypassing = bypassOf(x.shape[2], gamma);
  const bypass = g.slice(x, 0, bypassing, { name: 'bypass' });
  const part = blocks(g, g.slice(x, bypassing, x.shape[2] - bypassing, { name: 'part' }));
  switch (fusion) {
    case 'both': {
      const first = transition('transition1', part, options.firstChannels?.(bypassing) ?? part.shape[2]);
      return transition('transition2', pooled(g.concat([bypass, first])), channels);
    }
    case 'first':
      return transition('transition', pooled(g.concat([bypass, part])), channels);
    case 'last': {
      if (bypassing >= channels) throw narrowStage(channels, bypassing);
      const first = transition('transition', part, channels - bypassing);
      return g.concat([pooled(bypass), pooled(first)]);
    }
  }
}

function checkChoices(channels: number, options: CrossStageOptions): void {
  const what = stageOf(channels);
  checkKeys({ code: 'csp-option', what, options, known: OPTIONS });
  const { fusion, gamma = 0.5, activation = 'relu' } = options;
  const check = (option: string, value: string, known: readonly string[]) =>
    checkOption(known.includes(value), {
      ...{ code: `csp-${option}`, what, option, value },
      allowed: known.join(', '),
    });
  check('fusion', fusion, FUSIONS);
  check('activation', activation, ACTIVATIONS);
  const isFunction = typeof options.blocks === 'function';
  const blocks = { code: 'csp-blocks', what, option: 'blocks', allowed: 'a function' };
  checkOption(isFunction, { ...blocks, value: options.blocks });
  if (typeof gamma !== 'number' || !(gamma > 0 && gamma < 1)) throw wrongGamma(channels, gamma);
}

/** How many of `channels` bypass at γ. @throws ConfigError `csp-gamma` */
function bypassOf(channels: number, gamma: number): number {
  const bypassing = Math.round(channels * gamma);
  if (bypassing > 0 && bypassing < channels) return bypassing;
  throw wrongGamma(channels, gamma);
}

function wrongGamma(channels: number, gamma: number): ConfigError {
  const wanted = 'a gamma above 0 and below 1 that leaves channels on both sides';
  return refusal({ code: 'csp-gamma', what: stageOf(channels), wanted, found: gamma });
}

function narrowStage(channels: number, bypassing: number): ConfigError {
  const what = 'a cross-stage partial stage with fusion last';
  const wanted = `more than ${bypassing} channels, the width that bypasses`;
  return refusal({ code: 'csp-width', what, wanted, found: channels });
}

function stageOf(channels: number): string {
  return `a cross-stage partial stage of ${channels} channels`;
}
