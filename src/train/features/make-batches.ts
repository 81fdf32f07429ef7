/** Turns stored clips into training batches; runs in a worker or on the calling thread, with the same bytes. */

import type { FrontEnd, FrontEndConfig } from '../../audio/front-end.js';
import { createMeydaFrontEnd } from '../../audio/meyda-front-end.js';
import { createWasmFrontEnd } from '../../audio/wasm-front-end.js';
import { sizeOf } from '../../graph/graph.js';
import { Random } from '../../numerics/random.js';
import type { AugmentConfig } from './augment-config.js';
import { maskFeatures, mixRows } from './augment-features.js';
import { createSampleAugmenter } from './augment-samples.js';
import { type EpochSize, epochSize, MADE_SILENCE, planEpoch, type TrainingClips } from './plan-epoch.js';
import type { StoredClips } from './stored-clips.js';

/** Everything a batch depends on beside (epoch, batch): plain data that workers can be sent. */
export interface BatchJobs {
  readonly seed: number;
  readonly batchSize: number;
  readonly sampleCount: number;
  readonly frontEnd: FrontEndConfig;
  readonly implementation: 'wasm' | 'meyda';
  readonly augment: AugmentConfig;
  /** What part of a target is spread over all labels. Source: Szegedy et al., 2016, section 7. */
  readonly labelSmoothing: number;
  /** A factor on the loss of each label's clips; absent: all 1. */
  readonly labelWeights?: Float32Array;
  readonly clips: TrainingClips;
  /** Where the store has each training clip. */
  readonly storedAt: Int32Array;
  /** Where the store has each noise file. */
  readonly noiseAt: Int32Array;
  readonly stored: StoredClips;
}

/** Where a batch goes: `[batchSize, …]` each. */
export interface BatchArrays {
  readonly features: Float32Array;
  readonly targets: Float32Array;
  readonly sampleWeights: Float32Array;
}

const CLIP_DRAW = 4;
const MIXUP_DRAW = 5;

export interface BatchMaker extends EpochSize {
  /** Writes batch `batch` of an epoch and returns how many clips it has. */
  make(epoch: number, batch: number, out: BatchArrays): number;
}

export async function startFrontEnd(
  config: FrontEndConfig,
  implementation: 'wasm' | 'meyda',
): Promise<FrontEnd> {
  return implementation === 'meyda' ? createMeydaFrontEnd(config) : createWasmFrontEnd(config);
}

/** A maker of the batches of `jobs`; it holds a front end and scratch memory of its own. */
export async function createBatchMaker(jobs: BatchJobs): Promise<BatchMaker> {
  const { seed, batchSize, sampleCount, augment, clips } = jobs;
  const frontEnd = await startFrontEnd(jobs.frontEnd, jobs.implementation);
  const shape = frontEnd.shape(sampleCount);
  const featureSize = sizeOf(shape);
  const samples = new Float32Array(sampleCount);
  const augmenter = createSampleAugmenter(jobs.stored, { config: augment, noise: jobs.noiseAt, sampleCount });
  const size = epochSize(clips, batchSize);
  let planned: { epoch: number; order: Int32Array } = { epoch: -1, order: new Int32Array() };

  function makeClip(clip: number, row: number, random: Random, out: BatchArrays): void {
    if (clip === MADE_SILENCE) augmenter.renderSilence(random, samples);
    else augmenter.renderClip(jobs.storedAt[clip], random, samples);
    const features = out.features.subarray(row * featureSize, (row + 1) * featureSize);
    frontEnd.compute(samples, features);
    maskFeatures(features, shape, augment.specAugment, random);
    const label = clip === MADE_SILENCE ? clips.silenceLabel! : clips.labelOf[clip];
    const target = out.targets.subarray(row * clips.labels, (row + 1) * clips.labels);
    target.fill(jobs.labelSmoothing / clips.labels);
    target[label] += 1 - jobs.labelSmoothing;
    out.sampleWeights[row] = jobs.labelWeights?.[label] ?? 1;
  }

  /** Neighbours make the pairs: the epoch's order is random already. */
  function mix(count: number, random: Random, out: BatchArrays): void {
    for (let a = 0; a + 1 < count; a += 2) {
      const pair = { a, b: a + 1, lambda: random.beta(augment.mixup) };
      mixRows(out.features, { ...pair, size: featureSize });
      mixRows(out.targets, { ...pair, size: clips.labels });
      mixRows(out.sampleWeights, { ...pair, size: 1 });
    }
  }

  return {
    ...size,
    make(epoch, batch, out) {
      if (planned.epoch !== epoch) planned = { epoch, order: planEpoch(clips, size, { seed, epoch }) };
      const first = batch * batchSize;
      const count = Math.min(batchSize, size.clipsPerEpoch - first);
      for (let row = 0; row < count; row++) {
        const random = new Random(seed, CLIP_DRAW, epoch, first + row);
        makeClip(planned.order[first + row], row, random, out);
      }
      if (augment.mixup > 0) mix(count, new Random(seed, MIXUP_DRAW, epoch, batch), out);
      return count;
    },
  };
}
