/** What a DRNet can be made of, looked at before it is built. */
import { ConfigError, HearkenError } from '../errors.js';
import { type Graph, nodesByName, type Pair, type Shape } from '../graph/graph.js';
import { totalStride } from '../graph/receptive-field.js';
import { CANDIDATE_KINDS, type CandidateKind, type MapSize, sizeIn } from './candidates.js';
import { checkInput, checkKeys, checkLabels, checkOption, isWhole } from './check-option.js';
import type { Backbone, DrNetConfig } from './drnet.js';
import type { BuildOptions } from './entry.js';
import { PREDICTOR_KINDS } from './resolution-predictor.js';

/** What each option may be; any value where the list is empty. A key that `DrNetConfig` lacks does not compile here. */
const OPTIONS: Readonly<Record<keyof DrNetConfig, readonly string[]>> = {
  resolutions: [],
  candidates: CANDIDATE_KINDS,
  predictor: PREDICTOR_KINDS,
  predictorSize: [],
  predictorInput: ['resize', 'candidates'],
};

/** @throws ConfigError `drnet-option` for an option that there is none of. */
export function checkOptions(name: string, options: object): void {
  checkKeys({ code: 'drnet-option', what: name, options, known: Object.keys(OPTIONS) });
}

/** @throws ConfigError for an option, a choice or a size that there is none of, labels below 1, an input that is no map's, candidates that do not suit it. */
export function checkConfig(
  name: string,
  config: DrNetConfig,
  { labels, input }: Required<BuildOptions>,
): void {
  checkOptions(name, config);
  checkLabels(name, labels);
  checkInput(name, input);
  for (const [key, value] of Object.entries(config)) {
    const choices = OPTIONS[key as keyof DrNetConfig];
    if (key === 'predictor' && isBackbone(value)) continue;
    if (value !== undefined && choices.length > 0 && !choices.includes(value))
      throw fault('build a DRNet', key, `${key} ${choices.join(' or ')}`, value);
  }
  if (config.predictorSize !== undefined) expectSize(name, 'predictorSize', config.predictorSize);
  if (config.candidates === 'front-end' && input[2] !== 1)
    throw fault(
      `build ${name}`,
      'candidates',
      `candidates to be resize for an input of ${input[2]} maps (front-end is for log-mel maps alone)`,
      'front-end',
    );
}

/** @throws ConfigError `drnet-OPTION` for what is no size, neither a part nor a pair. */
function expectSize(what: string, option: 'resolutions' | 'predictorSize', value: unknown): void {
  const isPart = typeof value === 'number' && value > 0 && value <= 1;
  const isPair = Array.isArray(value) && value.length === 2 && value.every((side) => isWhole(side));
  const allowed = 'a part of the input above 0 and at most 1, or a pair of whole numbers';
  const each = option === 'resolutions' ? 'each of resolutions' : option;
  checkOption(isPart || isPair, { code: `drnet-${option}`, what, option: each, allowed, value });
}

function isBackbone(value: unknown): value is Backbone {
  return typeof value === 'object' && value !== null && typeof (value as Backbone).build === 'function';
}

/** `[time, frequency]` of each resolution. @throws ConfigError for fewer than two, or one that is not smaller than the one before. */
export function resolutionsOf(
  name: string,
  wanted: readonly MapSize[],
  input: Shape,
  kind: CandidateKind,
): Pair[] {
  if (!Array.isArray(wanted)) throw fault(`build ${name}`, 'resolutions', 'a list of resolutions', wanted);
  if (wanted.length < 2)
    throw fault(`build ${name}`, 'resolutions', 'two resolutions or more', `${wanted.length}`);
  for (const size of wanted) expectSize(name, 'resolutions', size);
  const sizes = wanted.map((size) => sizeIn(input, size, kind));
  sizes.forEach((size, i) => {
    checkSize('resolutions', size, input);
    const before = sizes[i - 1];
    if (before && !(size[0] <= before[0] && size[1] <= before[1] && size.join() !== before.join()))
      throw fault(
        `build ${name}`,
        'resolutions',
        `a size below ${before.join(' × ')} next`,
        size.join(' × '),
      );
  });
  return sizes;
}

/** @throws ConfigError `drnet-OPTION` for a size that is no part of the input. */
export function checkSize(
  option: 'resolutions' | 'predictorSize',
  size: Pair,
  [time, frequency]: Shape,
): void {
  const fits = (part: number, whole: number) => Number.isInteger(part) && part >= 1 && part <= whole;
  if (fits(size[0], time) && fits(size[1], frequency)) return;
  const what = option === 'resolutions' ? 'resolution' : 'predictor';
  const found = size.join(' × ');
  throw fault(`look at ${what} ${found}`, option, `1 to ${time} × 1 to ${frequency}`, found);
}

/** @throws ConfigError for a backbone of many answers a clip, or a resolution below its strides. */
export function checkBackbone(name: string, backbone: Graph, sizes: readonly Pair[]): void {
  checkAnswers(name, 'backbone', backbone);
  const stride = totalStride(backbone);
  const small = sizes.find((size) => size[0] < stride[0] || size[1] < stride[1]);
  if (!small) return;
  const wanted = `resolutions of at least the strides of ${backbone.name}, ${stride.join(' × ')}`;
  throw fault(`build ${name}`, 'resolutions', wanted, small.join(' × '));
}

/** @throws ConfigError for a network of many answers a clip. */
export function checkAnswers(name: string, option: 'backbone' | 'predictor', network: Graph): void {
  const { shape } = nodesByName(network).get(network.outputs[0])!;
  const answers = shape[0] * shape[1];
  if (answers === 1) return;
  throw fault(`build ${name}`, option, `a ${option} of one answer a clip`, `${answers} of ${network.name}`);
}

/** A network at one size of the map. @throws ConfigError where its layers do not fit, with the smallest size that they fit on. */
export function buildAt(
  name: string,
  backbone: Backbone,
  options: Required<BuildOptions>,
  { whole, option = 'resolutions' }: { whole: Shape; option?: 'resolutions' | 'predictorSize' },
): Graph {
  try {
    return backbone.build(options);
  } catch (error) {
    if (!(error instanceof HearkenError)) throw error;
    const [time, frequency] = options.input;
    const least = ([0, 1] as const).map((axis) => leastOn(axis, backbone, { ...options, input: whole }));
    const wanted = `${option} that ${backbone.name} can take, of at least ${least.join(' × ')}`;
    throw fault(
      `build ${name}`,
      option,
      wanted,
      `${time} × ${frequency} (${error.message.replace(/^Cannot /, 'it cannot ')})`,
    );
  }
}

/** The fewest positions on one axis that a backbone can be built on, the other axis being whole. */
function leastOn(axis: 0 | 1, backbone: Backbone, { labels, input }: Required<BuildOptions>): number {
  let [low, high] = [1, input[axis]];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [time, frequency, maps] = input;
    const tried: Shape = axis === 0 ? [middle, frequency, maps] : [time, middle, maps];
    if (canBuild(backbone, { labels, input: tried })) high = middle;
    else low = middle + 1;
  }
  return low;
}

function canBuild(backbone: Backbone, options: Required<BuildOptions>): boolean {
  try {
    backbone.build(options);
    return true;
  } catch (error) {
    if (error instanceof HearkenError) return false;
    throw error;
  }
}

function fault(doing: string, option: string, wanted: string, found: unknown): ConfigError {
  return new ConfigError(`drnet-${option}`, `Cannot ${doing}: expected ${wanted}, got ${found}`, {
    value: option,
  });
}
