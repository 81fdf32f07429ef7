/** Tells two data sets apart by what is heard in them, wherever their files lie. */
import type { FrontEndConfig } from '../audio/front-end.js';
import type { ClipStore } from './clip-store.js';
import type { DataSet } from './data-set.js';
import { Digest } from './digest.js';

/** Samples skipped between two that are looked at: a mix-up shows in any of them. */
const STRIDE = 8;

/** Plain JSON that is equal if labels, clips (order, label, sound), noise and front end are. */
export function describeData(dataSet: DataSet, store: ClipStore, frontEnd: FrontEndConfig): object {
  const heard = (files: readonly string[], labels: readonly number[]) => {
    const digest = new Digest();
    files.forEach((file, i) => {
      digest.add(labels[i] ?? -1);
      addSamples(digest, store.samples(store.indexOf(file)));
    });
    return digest.toString();
  };
  const clips = (split: 'train' | 'validation') =>
    heard(
      dataSet[split].map(({ file }) => file),
      dataSet[split].map(({ label }) => label),
    );
  return {
    labels: dataSet.labels,
    clipMs: dataSet.clipMs,
    frontEnd,
    train: clips('train'),
    validation: clips('validation'),
    noise: heard(dataSet.noiseFiles, []),
  };
}

function addSamples(digest: Digest, samples: Int16Array): void {
  digest.add(samples.length);
  for (let i = 0; i < samples.length; i += STRIDE) digest.add(samples[i]);
}
