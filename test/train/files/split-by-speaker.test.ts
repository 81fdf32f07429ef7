import { describe, expect, it } from 'vitest';
import { speakerPercent, splitBySpeaker } from '../../../src/train/files/split-by-speaker.js';

const words = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`);

describe('speakerPercent', () => {
  // Oracle: Python, `int(hashlib.sha1(name.encode()).hexdigest(), 16) % (2**27) * (100.0 / (2**27 - 1))`.
  it.each<[string, number]>([
    ['ann', 13.079620995220697],
    ['bob', 77.02980843953645],
    ['0ac15fe9', 84.44462779495588],
    ['f2e59fea', 11.76918977327041],
    ['11321027', 47.894783674886696],
    ['00000030', 7.895669399914662],
    ['clip.wav', 5.9757024494983435],
    ['أمل', 28.644847338235728],
  ])('gives %s the share of TensorFlow', (name, percent) => {
    expect(speakerPercent(name)).toBeCloseTo(percent, 9);
  });
});

describe('splitBySpeaker', () => {
  const many = Array.from({ length: 3000 }, (_, i) => ({
    path: `${['yes', 'no'][i % 2]}/speaker${i % 1000}_nohash_${i}.wav`,
    word: ['yes', 'no'][i % 2],
  }));

  it('follows the hash alone on a large set', () => {
    const splits = splitBySpeaker(many);
    many.forEach(({ path }, i) => {
      const percent = speakerPercent(path.replace(/^.*\/|_nohash_.*$/g, ''));
      expect(splits[i]).toBe(percent < 10 ? 'validation' : percent < 20 ? 'test' : 'train');
    });
    expect(splits.filter((split) => split === 'validation').length / 3000).toBeCloseTo(0.1, 1);
  });

  it('leaves every recording where it is when others come', () => {
    const splits = splitBySpeaker(many);
    const fewer = splitBySpeaker(many.slice(500));
    expect(fewer).toEqual(splits.slice(500));
  });

  it('gives small sets a validation and a test speaker, and each word training clips', () => {
    for (const speakers of [4, 5, 7, 10]) {
      const recordings = words(3).flatMap((word) =>
        Array.from({ length: speakers }, (_, s) => ({ path: `${word}/s${s}_nohash_0.wav`, word })),
      );
      const splits = splitBySpeaker(recordings);
      expect(new Set(splits)).toEqual(new Set(['train', 'validation', 'test']));
      for (const word of words(3)) {
        expect(recordings.some((recording, i) => recording.word === word && splits[i] === 'train')).toBe(
          true,
        );
      }
      recordings.forEach(({ path }, i) => {
        const twin = recordings.findIndex((other) => other.path.slice(3) === path.slice(3));
        expect(splits[i]).toBe(splits[twin]);
      });
    }
  });

  it('gives two speakers one split each, and keeps a word of one speaker in training', () => {
    const recordings = [
      { path: 'yes/ann_nohash_0.wav', word: 'yes' },
      { path: 'yes/bob_nohash_0.wav', word: 'yes' },
      { path: 'no/bob_nohash_0.wav', word: 'no' },
    ];
    expect(splitBySpeaker(recordings)).toEqual(['validation', 'train', 'train']);
  });

  it('does not depend on the order of the recordings', () => {
    const small = many.slice(0, 12);
    expect(splitBySpeaker([...small].reverse()).reverse()).toEqual(splitBySpeaker(small));
  });
});
