import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WaveFile } from 'wavefile';
import { ConfigError, DataSetError } from '../../../../src/errors.js';
import { openDataSet } from '../../../../src/train/files/open-data-set.js';
import { synthesizeWords } from '../../../../src/train/files/synthesis/synthesize-words.js';
import { espeakVoices, FLITE_VOICES, type Voice } from '../../../../src/train/files/synthesis/voices.js';

const require = createRequire(import.meta.url);
const espeakIsInstalled = (() => {
  try {
    return Boolean(require.resolve('@echogarden/espeak-ng-emscripten'));
  } catch {
    return false;
  }
})();

describe('synthesizeWords', () => {
  let folder: string;
  let outDir: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearken-synthesis-'));
    outDir = join(folder, 'out');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const filesOf = (dir: string) =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
      .sort();

  it('speaks a data set whose speakers are parted', async () => {
    const warn = vi.spyOn(process, 'emitWarning');
    const result = await synthesizeWords(['yes', 'stop'], { outDir, clips: 5 });
    expect(warn).not.toHaveBeenCalled();
    expect(result).toMatchObject({ clips: 10, voices: ['rms', 'awb', 'kal', 'kal16', 'slt'] });
    expect(result.longestMs).toBe(1000);
    const dataSet = await openDataSet(outDir);
    expect(dataSet.labels).toEqual(['stop', 'yes', '_silence_']);
    expect(dataSet.noiseFiles).toHaveLength(5);
    for (const split of ['train', 'validation', 'test'] as const)
      expect([...new Set(dataSet[split].map(({ speaker }) => speaker))].sort()).toEqual(
        [...result.speakers[split]].sort(),
      );
    expect(dataSet.train.length + dataSet.validation.length + dataSet.test.length).toBe(10);
    for (const { file } of [...dataSet.train, ...dataSet.validation, ...dataSet.test]) {
      const wav = new WaveFile(readFileSync(file));
      expect(wav.fmt).toMatchObject({ sampleRate: 16000, numChannels: 1, bitsPerSample: 16 });
      const samples = wav.getSamples(false, Float64Array) as unknown as Float64Array;
      expect(samples).toHaveLength(16000);
      expect(Math.max(...samples)).toBeGreaterThan(0.05 * 32768);
    }
  });

  it('writes the same bytes with one thread and with two', async () => {
    const other = join(folder, 'other');
    const options = { clips: 4, seed: 9, noise: false };
    await synthesizeWords(['go'], { outDir, threads: 1, ...options });
    await synthesizeWords(['go'], { outDir: other, threads: 2, ...options });
    expect(filesOf(outDir)).toEqual(filesOf(other));
    expect(filesOf(outDir)).toHaveLength(4 + 4);
    for (const file of filesOf(outDir))
      expect(readFileSync(join(outDir, file))).toEqual(readFileSync(join(other, file)));
  });

  it('tells how far it is', async () => {
    const seen: [number, number][] = [];
    await synthesizeWords(['go'], { outDir, clips: 3, noise: false, onProgress: (...now) => seen.push(now) });
    expect(seen).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it('stops when told to and leaves the folder empty', async () => {
    const controller = new AbortController();
    const stopped = synthesizeWords(['go'], {
      outDir,
      clips: 40,
      noise: false,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(outDir)).toEqual([]);
  });

  it('passes on that the disk fails, and leaves the folder empty', async () => {
    // A folder in the place of a file to come.
    const onProgress = (done: number) => {
      if (done === 1) mkdirSync(join(outDir, 'validation_list.txt'));
    };
    await expect(
      synthesizeWords(['go'], { outDir, clips: 2, noise: false, onProgress }),
    ).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(outDir)).toEqual([]);
  });

  it('refuses a folder that holds something', async () => {
    mkdirSync(outDir);
    writeFileSync(join(outDir, 'mine.wav'), '');
    const failure = await synthesizeWords(['go'], { outDir }).catch((error) => error);
    expect(failure).toBeInstanceOf(DataSetError);
    expect(failure.code).toBe('output-not-empty');
    expect(failure.message).toContain('expected an empty or new folder, got one that holds mine.wav');
    expect(readdirSync(outDir)).toEqual(['mine.wav']);
  });

  it('says that the folder cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(synthesizeWords(['go'], { outDir: join(folder, 'file', 'out') })).rejects.toMatchObject({
      code: 'file-write',
    });
  });

  it.each([[['../up']], [['a/b']], [['']], [['-x']], [['_silence_']], [['yes ']], [['yes', 'yes']], [[]]])(
    'refuses the words %j',
    async (words) => {
      const failure = await synthesizeWords(words, { outDir }).catch((error) => error);
      expect(failure).toBeInstanceOf(ConfigError);
      expect(failure.code).toBe('bad-word');
      expect(failure.message).toMatch(/^Cannot speak.*: expected /);
      expect(existsSync(outDir)).toBe(false);
    },
  );

  it('refuses voices of which none trains', async () => {
    const voices = FLITE_VOICES.filter(({ name }) => name === 'slt');
    const failure = await synthesizeWords(['go'], { outDir, voices }).catch((error) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure.code).toBe('bad-voices');
    expect(failure.message).toContain('got only slt (test)');
  });

  it.skipIf(espeakIsInstalled)('says what to install for eSpeak NG', async () => {
    const failure = await synthesizeWords(['go'], { outDir, voices: espeakVoices('de') }).catch(
      (error) => error,
    );
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure.code).toBe('package-missing');
    expect(failure.message).toContain('npm install @echogarden/espeak-ng-emscripten');
  });

  // Not a development dependency (GPL): runs where someone installed it, with `npm install --no-save`.
  it.runIf(espeakIsInstalled)('speaks with eSpeak NG, the same with one thread and with two', async () => {
    const other = join(folder, 'other');
    const options = { clips: 11, noise: false, voices: espeakVoices('de') };
    await synthesizeWords(['hallo'], { outDir, threads: 1, ...options });
    await synthesizeWords(['hallo'], { outDir: other, threads: 2, ...options });
    expect(filesOf(outDir)).toHaveLength(11 + 3);
    for (const file of filesOf(outDir))
      expect(readFileSync(join(outDir, file)).equals(readFileSync(join(other, file))), file).toBe(true);
    const failure = await synthesizeWords(['hallo'], {
      outDir: join(folder, 'third'),
      voices: espeakVoices('xx'),
    }).catch((error) => error);
    expect(failure.code).toBe('speech-failed');
    expect(failure.message).toContain('eSpeak NG does not speak "xx"');
  });

  it('says which word a voice cannot speak', async () => {
    const voices = FLITE_VOICES.filter(({ name }) => name === 'kal').map(
      (voice): Voice => ({ ...voice, split: 'train' }),
    );
    const failure = await synthesizeWords(['你好'], { outDir, clips: 1, noise: false, voices }).catch(
      (error) => error,
    );
    expect(failure).toBeInstanceOf(DataSetError);
    expect(failure.code).toBe('speech-failed');
    expect(failure.message).toMatch(/^Cannot speak "你好": expected sound from voice kal, got/);
  });
});
