/** How training clips are varied, as plain JSON; every part can be turned off. */
import { ConfigError } from '../../errors.js';

/** Background noise under this part of the clips; crops of the data set's noise files, none where it has none. */
export type NoiseConfig = { readonly probability: number } & (
  | {
      /** Signal-to-noise ratio over the clip, drawn uniformly in decibels. */
      readonly snrDb: readonly [low: number, high: number];
    }
  | {
      /** The noise is scaled by a factor drawn uniformly, whatever the clip's level. */
      readonly amplitude: readonly [low: number, high: number];
    }
);

/** Masks over the map, each of a width drawn from 0 … max (both inclusive). Source: Park et al., 2019, "SpecAugment". */
export interface SpecAugmentConfig {
  readonly frequencyMasks: number;
  readonly maxBands: number;
  readonly timeMasks: number;
  readonly maxFrames: number;
  /** What masked numbers become: the clip's mean (of each map), or this number. Default `mean`. */
  readonly value?: 'mean' | number;
}

export interface AugmentConfig {
  /** The part of clips whose sound is varied at all (shift, speed, gain, noise). Default 1. */
  readonly probability?: number;
  /** A clip moves by up to this much either way, zeros coming in. */
  readonly shiftMs: number;
  /** Speed and pitch change by up to this part either way; 0.1 is ±10 %. */
  readonly speed: number;
  /** The level changes by up to this many decibels either way. */
  readonly gainDb: number;
  readonly noise: NoiseConfig;
  readonly specAugment: SpecAugmentConfig;
  /** α of mixup's Beta(α, α), over pairs of a batch; 0 is none. Source: Zhang et al., 2018. */
  readonly mixup: number;
}

/** What trains small networks well; gain is off. */
export const DEFAULT_AUGMENT: AugmentConfig = {
  probability: 1,
  shiftMs: 100,
  speed: 0.15,
  gainDb: 0,
  noise: { probability: 0.8, amplitude: [0, 0.1] },
  specAugment: { frequencyMasks: 2, maxBands: 6, timeMasks: 2, maxFrames: 20, value: 'mean' },
  mixup: 0.3,
};

/** For short trainings, which end before clips so varied are learnt. */
export const SHORT_AUGMENT: AugmentConfig = {
  ...DEFAULT_AUGMENT,
  specAugment: { frequencyMasks: 1, maxBands: 4, timeMasks: 1, maxFrames: 12, value: 'mean' },
  mixup: 0,
};

/** Clips as they are. */
export const NO_AUGMENT: AugmentConfig = {
  probability: 0,
  shiftMs: 0,
  speed: 0,
  gainDb: 0,
  noise: { probability: 0, snrDb: [0, 0] },
  specAugment: { frequencyMasks: 0, maxBands: 0, timeMasks: 0, maxFrames: 0 },
  mixup: 0,
};

/**
 * What BC-ResNet's authors do for a network of width τ: shift and noise together for 80 % of the clips, noise scaled by
 * U(0, 0.1), masks of value 0. `frequencyParam`, F: 1 for τ = 1 … 1.5, 3 for 2, 5 for 3, 7 for 6 and 8; 0 turns SpecAugment off
 * (τ = 1).
 *
 * Source: Kim et al., 2021; Qualcomm-AI-research/bcresnet: `main.py`, `utils.py`. Their widths are int(U(0, F)), so F − 1 at most.
 */
export function bcResNetAugment(frequencyParam: number): AugmentConfig {
  const masks = frequencyParam > 0 ? 2 : 0;
  return {
    ...NO_AUGMENT,
    probability: 0.8,
    shiftMs: 100,
    noise: { probability: 1, amplitude: [0, 0.1] },
    specAugment: {
      frequencyMasks: masks,
      maxBands: Math.max(0, frequencyParam - 1),
      timeMasks: masks,
      maxFrames: 19,
      value: 0,
    },
  };
}

/** The configuration if every number is in range. @throws ConfigError naming the field. */
export function checkAugment(config: AugmentConfig): AugmentConfig {
  const { noise, specAugment } = config;
  within('probability', config.probability ?? 1, 0, 1);
  within('shiftMs', config.shiftMs, 0, 1000);
  within('speed', config.speed, 0, 0.5);
  within('gainDb', config.gainDb, 0, 60);
  within('mixup', config.mixup, 0, 1);
  within('noise.probability', noise.probability, 0, 1);
  if ('snrDb' in noise) range('noise.snrDb', noise.snrDb, -60, 120);
  else range('noise.amplitude', noise.amplitude, 0, 1);
  for (const key of ['frequencyMasks', 'maxBands', 'timeMasks', 'maxFrames'] as const) {
    within(`specAugment.${key}`, specAugment[key], 0, 10_000);
    if (!Number.isInteger(specAugment[key]))
      throw fault(`specAugment.${key}`, 'a whole number', specAugment[key]);
  }
  const value = specAugment.value ?? 'mean';
  if (value !== 'mean' && !Number.isFinite(value))
    throw fault('specAugment.value', '"mean" or a number', value);
  return config;
}

function range(field: string, pair: readonly [number, number] | undefined, low: number, high: number): void {
  if (!Array.isArray(pair) || pair.length !== 2) throw fault(field, 'a pair [low, high]', pair);
  within(`${field}[0]`, pair[0], low, high);
  within(`${field}[1]`, pair[1], pair[0], high);
}

function within(field: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high)) throw fault(field, `a number from ${low} to ${high}`, value);
}

function fault(field: string, wanted: string, found: unknown): ConfigError {
  return new ConfigError('augment', `Cannot augment clips: expected ${field} to be ${wanted}, got ${found}`, {
    value: found,
  });
}
