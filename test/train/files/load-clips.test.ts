import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeWav } from '../../../src/audio/wav.js';
import { DataSetError } from '../../../src/errors.js';
import { ClipStore } from '../../../src/train/clip-store.js';
import type { Clip, DataSet } from '../../../src/train/data-set.js';
import { loadClips, loadDataSet } from '../../../src/train/files/load-clips.js';
import { mapConcurrently } from '../../../src/train/files/map-concurrently.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-clips-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, content: Uint8Array | string): { file: string } {
  writeFileSync(join(folder, name), content);
  return { file: join(folder, name) };
}

const tone = (count: number, hz = 440, sampleRateHz = 16_000) =>
  Float32Array.from({ length: count }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / sampleRateHz));

/** A PCM header that promises `bytes` of samples, and 10 samples. */
function lyingWav(bytes: number): Uint8Array {
  const wav = writeWav(tone(10), { sampleRateHz: 16_000 });
  new DataView(wav.buffer, wav.byteOffset).setUint32(40, bytes, true);
  return wav;
}

describe('loadClips', () => {
  it('stores 16 kHz clips to the bit and others resampled', async () => {
    const samples = Int16Array.of(5, -7, 32767, -32768);
    const a = put('a.wav', writeWav(samples, { sampleRateHz: 16_000 }));
    const b = put('b.wav', writeWav(tone(24_000, 1000, 48_000), { sampleRateHz: 48_000 }));
    const store = new ClipStore({ clipMs: 1000 });
    expect(await loadClips([a, b], { store })).toEqual([]);
    expect(store.samples(store.indexOf(a.file))).toEqual(samples);
    const resampled = store.samples(store.indexOf(b.file));
    expect(resampled.length).toBe(8000);
    const ideal = tone(8000, 1000);
    for (let i = 1000; i < 7000; i++) expect(Math.abs(resampled[i] / 32768 - ideal[i])).toBeLessThan(0.002);
  });

  it('lists what cannot be read and stores the rest', async () => {
    const good = put('good.wav', writeWav(tone(100), { sampleRateHz: 16_000 }));
    const bad = [
      put('text.wav', 'this is no sound'),
      put('empty.wav', ''),
      put('none.wav', writeWav(new Float32Array(0), { sampleRateHz: 16_000 })),
      put('cut.wav', writeWav(tone(1000), { sampleRateHz: 16_000 }).subarray(0, 500)),
      put('huge.wav', lyingWav(3_000_000_000)),
      { file: join(folder, 'gone.wav') },
      { file: folder },
    ];
    const store = new ClipStore({ clipMs: 1000 });
    const skipped = await loadClips([...bad, good], { store });
    expect(skipped.map(({ file }) => file)).toEqual(bad.map(({ file }) => file));
    for (const { reason } of skipped) expect(reason.length).toBeGreaterThan(5);
    expect(store.size).toBe(1);
    expect(store.has(good.file)).toBe(true);
  });

  it('reports progress and reads nothing twice', async () => {
    const clips = ['a', 'b', 'c'].map((name) =>
      put(`${name}.wav`, writeWav(tone(50), { sampleRateHz: 16_000 })),
    );
    const store = new ClipStore({ clipMs: 1000 });
    const seen: string[] = [];
    await loadClips(clips, { store, onProgress: ({ done, total }) => seen.push(`${done}/${total}`) });
    expect(seen).toEqual(['1/3', '2/3', '3/3']);
    for (const { file } of clips) rmSync(file);
    expect(await loadClips(clips, { store })).toEqual([]);
  });

  it('stops when aborted', async () => {
    const clips = Array.from({ length: 50 }, (_, i) =>
      put(`${i}.wav`, writeWav(tone(50), { sampleRateHz: 16_000 })),
    );
    const store = new ClipStore({ clipMs: 1000 });
    const controller = new AbortController();
    const loading = loadClips(clips, {
      store,
      signal: controller.signal,
      onProgress: ({ done }) => done === 3 && controller.abort(new Error('enough')),
    });
    await expect(loading).rejects.toThrow('enough');
    expect(store.size).toBeLessThan(20);
  });
});

describe('loadDataSet', () => {
  function makeSet(takes: number): DataSet {
    const clipOf = (label: number, take: number): Clip => {
      const { file } = put(`${label}-${take}.wav`, writeWav(tone(100 + take), { sampleRateHz: 16_000 }));
      return { file, label, word: String(label), speaker: file };
    };
    const clips = (first: number, count: number) =>
      [0, 1].flatMap((label) => Array.from({ length: count }, (_, take) => clipOf(label, first + take)));
    return {
      labels: ['0', '1'],
      train: clips(0, takes),
      validation: clips(100, 2),
      test: clips(200, 2),
      noiseFiles: [put('noise.wav', writeWav(tone(40_000), { sampleRateHz: 16_000 })).file],
      skipped: [],
      clipMs: 1000,
    };
  }

  it('loads training and validation with the noise, whole, and leaves the test split alone', async () => {
    const set = makeSet(4);
    for (const { file } of set.test) rmSync(file);
    const progress: number[] = [];
    const { dataSet, store } = await loadDataSet(set, {
      onProgress: ({ done, total }) => progress.push(done / total),
    });
    expect(dataSet).toEqual(set);
    expect(store.size).toBe(8 + 4 + 1);
    expect(store.samples(store.indexOf(set.noiseFiles[0])).length).toBe(40_000);
    expect([progress.length, progress.at(-1)]).toEqual([13, 1]);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  it('takes unreadable files out and lists them', async () => {
    const set = makeSet(20);
    writeFileSync(set.train[3].file, 'no sound');
    const { dataSet, store } = await loadDataSet(set);
    expect(dataSet.train).toEqual(set.train.filter((_, i) => i !== 3));
    expect(dataSet.skipped.map(({ file }) => file)).toEqual([set.train[3].file]);
    expect(dataSet.train.every(({ file }) => store.has(file))).toBe(true);
  });

  it('refuses more unreadable files than the share, naming them', async () => {
    const set = makeSet(20);
    writeFileSync(set.train[3].file, 'no sound');
    const error = await loadDataSet(set, { maxSkippedShare: 0, name: 'mine' }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DataSetError);
    expect(error).toMatchObject({ code: 'unusable-files' });
    expect((error as Error).message).toContain(
      `Cannot use data set mine: expected at most 0 % unusable files, got 1 of 45: ${set.train[3].file} (expected `,
    );
  });

  it('refuses a label that lost its last training clip', async () => {
    const set = makeSet(2);
    for (const { file, label } of set.train) if (label === 1) writeFileSync(file, 'no sound');
    await expect(loadDataSet(set, { maxSkippedShare: 1, name: 'mine' })).rejects.toMatchObject({
      code: 'label-without-clips',
      message: 'Cannot use data set mine: expected at least one training clip of "1", got none',
    });
  });
});

describe('mapConcurrently', () => {
  it('keeps order and never runs more than the limit', async () => {
    let running = 0;
    let most = 0;
    const results = await mapConcurrently([5, 1, 3, 2, 4], { limit: 2 }, async (turns) => {
      most = Math.max(most, ++running);
      for (let i = 0; i < turns; i++) await Promise.resolve();
      running--;
      return turns * 10;
    });
    expect(results).toEqual([50, 10, 30, 20, 40]);
    expect(most).toBe(2);
  });

  it('stops at the first error', async () => {
    let started = 0;
    const work = async (item: number) => {
      started++;
      if (item === 1) throw new Error('broken');
    };
    await expect(mapConcurrently([0, 1, 2, 3, 4, 5, 6], { limit: 1 }, work)).rejects.toThrow('broken');
    expect(started).toBe(2);
  });
});
