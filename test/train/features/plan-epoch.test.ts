import { describe, expect, it } from 'vitest';
import {
  epochSize,
  MADE_SILENCE,
  planEpoch,
  type TrainingClips,
} from '../../../src/train/features/plan-epoch.js';

/** `counts[label]` clips of each label. */
function clipsOf(counts: readonly number[], rest: Partial<TrainingClips> = {}): TrainingClips {
  const labelOf = Int32Array.from(counts.flatMap((count, label) => Array(count).fill(label)));
  return { labels: counts.length, labelOf, hasNoise: false, ...rest };
}

function plan(clips: TrainingClips, { seed = 1, epoch = 0, batchSize = 1 } = {}): number[] {
  return [...planEpoch(clips, epochSize(clips, batchSize), { seed, epoch })];
}

const sorted = (items: readonly number[]) => [...items].sort((a, b) => a - b);

describe('epochSize', () => {
  it('draws unknown and silence at the mean size of a word', () => {
    const clips = clipsOf([10, 20, 500, 0], { unknownLabel: 2, silenceLabel: 3 });
    expect(epochSize(clips, 10)).toEqual({
      perLabel: [10, 20, 15, 15],
      batchesPerEpoch: 6,
      clipsPerEpoch: 60,
    });
  });

  it('rounds to whole batches, and makes one smaller batch of a small set', () => {
    expect(epochSize(clipsOf([70, 70]), 64)).toMatchObject({ batchesPerEpoch: 2, clipsPerEpoch: 128 });
    expect(epochSize(clipsOf([50, 50]), 64)).toMatchObject({ batchesPerEpoch: 2, clipsPerEpoch: 128 });
    expect(epochSize(clipsOf([40, 40]), 64)).toMatchObject({ batchesPerEpoch: 1, clipsPerEpoch: 64 });
    expect(epochSize(clipsOf([5, 6]), 64)).toMatchObject({ batchesPerEpoch: 1, clipsPerEpoch: 11 });
  });
});

describe('planEpoch', () => {
  it('holds every word clip once, shuffled anew each epoch and seed', () => {
    const clips = clipsOf([30, 30]);
    const orders = [plan(clips), plan(clips, { epoch: 1 }), plan(clips, { seed: 2 })];
    for (const order of orders) expect(sorted(order)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(new Set(orders.map(String)).size).toBe(3);
    expect(plan(clips)).toEqual(orders[0]);
  });

  it('draws other unknown clips each epoch, none twice while they last', () => {
    const clips = clipsOf([10, 10, 100], { unknownLabel: 2 });
    const drawn = [0, 1].map((epoch) => plan(clips, { epoch }).filter((clip) => clip >= 20));
    for (const unknown of drawn) expect(new Set(unknown).size).toBe(10);
    expect(sorted(drawn[0])).not.toEqual(sorted(drawn[1]));
  });

  it('repeats unknown clips where there are too few', () => {
    const unknown = plan(clipsOf([10, 10, 3], { unknownLabel: 2 })).filter((clip) => clip >= 20);
    expect(unknown.length).toBe(10);
    expect(new Set(unknown).size).toBe(3);
  });

  it('makes silence where none is recorded, and half of it where noise is there too', () => {
    const silent = (clips: TrainingClips) => plan(clips).filter((clip) => clip === MADE_SILENCE).length;
    expect(silent(clipsOf([40, 40, 0], { silenceLabel: 2 }))).toBe(40);
    expect(silent(clipsOf([40, 40, 7], { silenceLabel: 2 }))).toBe(0);
    const both = silent(clipsOf([200, 200, 7], { silenceLabel: 2, hasNoise: true }));
    expect(both).toBeGreaterThan(70);
    expect(both).toBeLessThan(130);
  });

  it('fills the last batch from the start of the epoch', () => {
    const order = plan(clipsOf([5, 6]), { batchSize: 8 });
    expect(order.length).toBe(8);
    const filled = plan(clipsOf([6, 6]), { batchSize: 8 });
    expect(filled.length).toBe(16);
    expect(filled.slice(12)).toEqual(filled.slice(0, 4));
  });
});
