/** A data set of synthetic sounds in memory: each label has a way of gliding that no other has. */
import { Random } from '../../src/numerics/random.js';
import { ClipStore } from '../../src/train/clip-store.js';
import type { Clip, DataSet } from '../../src/train/data-set.js';

const LABELS = ['falling', 'rising', 'steady'];
const RATE_HZ = 16000;

export interface ToneOptions {
  /** Training clips a label; half as many validate. Default 12. */
  readonly perLabel?: number;
  readonly clipMs?: number;
  readonly seed?: number;
}

/** Glides from or to a random pitch around 1 kHz, at a random level, under faint noise. */
export function toneDataSet({ perLabel = 12, clipMs = 1000, seed = 1 }: ToneOptions = {}): {
  dataSet: DataSet;
  store: ClipStore;
} {
  const store = new ClipStore({ clipMs });
  const clipsOf = (split: string, count: number): Clip[] =>
    LABELS.flatMap((word, label) =>
      Array.from({ length: count }, (_, i) => {
        const file = `${split}/${word}/${i}.wav`;
        store.add(file, glide(label, clipMs, new Random(seed, split.length, label, i)));
        return { file, label, word, speaker: file };
      }),
    );
  const dataSet: DataSet = {
    labels: LABELS,
    train: clipsOf('train', perLabel),
    validation: clipsOf('validation', Math.ceil(perLabel / 2)),
    test: [],
    noiseFiles: [],
    skipped: [],
    clipMs,
  };
  return { dataSet, store };
}

function glide(label: number, clipMs: number, random: Random): Float32Array {
  const samples = new Float32Array((RATE_HZ * clipMs) / 1000);
  const middleHz = random.between(900, 1200);
  const slope = [-0.6, 0.6, 0][label] * middleHz;
  const level = random.between(0.1, 0.5);
  let phase = 0;
  for (let i = 0; i < samples.length; i++) {
    const hz = middleHz + slope * ((2 * i) / samples.length - 1);
    phase += (2 * Math.PI * hz) / RATE_HZ;
    samples[i] = level * Math.sin(phase) + 0.01 * random.between(-1, 1);
  }
  return samples;
}
