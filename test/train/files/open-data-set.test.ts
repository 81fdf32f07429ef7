import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataSetError } from '../../../src/errors.js';
import type { Clip, DataSet } from '../../../src/train/data-set.js';
import { openDataSet } from '../../../src/train/files/open-data-set.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-data-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes files (empty unless told what): opening decodes nothing. */
function put(...files: (string | [file: string, text: string])[]): void {
  for (const entry of files) {
    const [file, text] = typeof entry === 'string' ? [entry, ''] : entry;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

const namesOf = (clips: readonly Clip[]) =>
  clips.map(({ file }) => file.slice(folder.length + 1).replaceAll('\\', '/'));
const labelsOf = ({ labels }: DataSet, clips: readonly Clip[]) => clips.map(({ label }) => labels[label]);

async function refusal(options?: Parameters<typeof openDataSet>[1]): Promise<DataSetError> {
  const error = await openDataSet(folder, options).then(
    () => expect.fail('it opened'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DataSetError);
  return error as DataSetError;
}

/** Two words by ten speakers of three takes; Speech Commands' rule puts none of them outside training. */
function putWords(): void {
  for (const word of ['yes', 'no', 'cat']) {
    for (const speaker of ['ann', 'bob', 'cyd'])
      put(`${word}/${speaker}_nohash_0.wav`, `${word}/${speaker}_nohash_1.wav`);
  }
}

function putLists(): void {
  put(['validation_list.txt', 'yes/ann_nohash_0.wav\r\nyes\\ann_nohash_1.wav\r\n']);
  const rest = ['no/ann_nohash_0.wav', 'no/ann_nohash_1.wav', 'cat/ann_nohash_0.wav', 'cat/ann_nohash_1.wav'];
  put(['validation_list.txt', ['yes/ann_nohash_0.wav', 'yes\\ann_nohash_1.wav', ...rest].join('\r\n')]);
  const tested = ['yes', 'no', 'cat'].flatMap((word) =>
    [0, 1].map((take) => `${word}/bob_nohash_${take}.wav`),
  );
  put(['testing_list.txt', `${tested.join('\n')}\n`]);
}

describe('openDataSet on a folder', () => {
  it('names whom ATTRIBUTION.txt and the caller name, each once', async () => {
    putWords();
    put(['ATTRIBUTION.txt', '\ufeffAnn, CC BY 4.0\r\n\n  Bob \n']);
    const { attribution } = await openDataSet(folder, { attribution: ['Cyd', 'Bob'] });
    expect(attribution).toEqual(['Ann, CC BY 4.0', 'Bob', 'Cyd']);
  });

  it('sorts labels and splits by the lists, either slash and line end', async () => {
    putWords();
    putLists();
    const dataSet = await openDataSet(folder);
    expect(dataSet.labels).toEqual(['cat', 'no', 'yes']);
    expect(dataSet.unknownLabel).toBeUndefined();
    expect(dataSet.silenceLabel).toBeUndefined();
    expect(dataSet.validation.map(({ speaker }) => speaker)).toEqual(Array(6).fill('ann'));
    expect(dataSet.test.map(({ speaker }) => speaker)).toEqual(Array(6).fill('bob'));
    expect(namesOf(dataSet.train)).toEqual([
      'cat/cyd_nohash_0.wav',
      'cat/cyd_nohash_1.wav',
      'no/cyd_nohash_0.wav',
      'no/cyd_nohash_1.wav',
      'yes/cyd_nohash_0.wav',
      'yes/cyd_nohash_1.wav',
    ]);
    expect(labelsOf(dataSet, dataSet.train)).toEqual(['cat', 'cat', 'no', 'no', 'yes', 'yes']);
  });

  it('keeps the labels given in their order and turns the rest into _unknown_, with _silence_', async () => {
    putWords();
    putLists();
    const dataSet = await openDataSet(folder, { labels: ['yes', 'cat'] });
    expect(dataSet.labels).toEqual(['yes', 'cat', '_unknown_', '_silence_']);
    expect([dataSet.unknownLabel, dataSet.silenceLabel]).toEqual([2, 3]);
    expect(labelsOf(dataSet, dataSet.test)).toEqual(['cat', 'cat', '_unknown_', '_unknown_', 'yes', 'yes']);
    expect(dataSet.test.map(({ word }) => word)).toEqual(['cat', 'cat', 'no', 'no', 'yes', 'yes']);
  });

  it('adds no _unknown_ where the labels are all there is', async () => {
    putWords();
    const dataSet = await openDataSet(folder, { labels: ['yes', 'cat', 'no'] });
    expect(dataSet.labels).toEqual(['yes', 'cat', 'no', '_silence_']);
  });

  it('takes noise from _background_noise_ and adds _silence_ for it', async () => {
    putWords();
    put('_background_noise_/tap.wav', '_background_noise_/README.md');
    const dataSet = await openDataSet(folder);
    expect(dataSet.labels).toEqual(['cat', 'no', 'yes', '_silence_']);
    expect(dataSet.noiseFiles).toEqual([join(folder, '_background_noise_', 'tap.wav')]);
    expect([...dataSet.train, ...dataSet.validation].some(({ label }) => label === 3)).toBe(false);
  });

  it('puts the labels _unknown_ and _silence_ of folders last', async () => {
    putWords();
    put('_unknown_/a.wav', '_unknown_/b.wav', '_silence_/c.wav', '_silence_/d.wav');
    const { labels, unknownLabel, silenceLabel } = await openDataSet(folder);
    expect(labels).toEqual(['cat', 'no', 'yes', '_unknown_', '_silence_']);
    expect([unknownLabel, silenceLabel]).toEqual([3, 4]);
  });

  it('gives an evaluation the labels of a model, literally', async () => {
    put('yes/a.wav', 'dog/b.wav');
    const dataSet = await openDataSet(folder, {
      labels: ['_silence_', 'yes', '_unknown_'],
      purpose: 'evaluation',
    });
    expect(dataSet.labels).toEqual(['_silence_', 'yes', '_unknown_']);
    const clips = [...dataSet.train, ...dataSet.validation, ...dataSet.test];
    expect(clips.map(({ word, label }) => [word, label]).sort()).toEqual([
      ['dog', 2],
      ['yes', 1],
    ]);
  });

  it('lists words that a model without _unknown_ cannot know as skipped', async () => {
    put('yes/a.wav', 'dog/b.wav');
    const dataSet = await openDataSet(folder, { labels: ['yes', 'no'], purpose: 'evaluation' });
    expect(dataSet.skipped).toEqual([
      { file: join(folder, 'dog', 'b.wav'), reason: '"dog" is not among the labels' },
    ]);
  });

  it('makes files without _nohash_ or _NO_ speakers of their own, also of the same name', async () => {
    put('yes/1.wav', 'no/1.wav', 'yes/7_NO_1.wav', 'no/7_NO_2.wav');
    const { train, validation, test } = await openDataSet(folder);
    const speakers = new Map(
      [...train, ...validation, ...test].map((clip) => [namesOf([clip])[0], clip.speaker]),
    );
    expect(Object.fromEntries(speakers)).toEqual({
      'yes/1.wav': 'yes/1.wav',
      'no/1.wav': 'no/1.wav',
      'yes/7_NO_1.wav': '7',
      'no/7_NO_2.wav': '7',
    });
  });

  it('passes over hidden files, other files and folders in folders', async () => {
    putWords();
    put(
      'README.md',
      '.git/x.wav',
      'yes/._ann_nohash_0.wav',
      'yes/notes.txt',
      'yes/deep/er/dan_nohash_0.WAV',
      'stray.wav',
    );
    const { train, validation, test } = await openDataSet(folder);
    expect(train.length + validation.length + test.length).toBe(19);
    expect([...train, ...validation, ...test].find(({ speaker }) => speaker === 'dan')?.word).toBe('yes');
  });

  it('follows links, but not in circles, and lists those that point nowhere', async () => {
    putWords();
    mkdirSync(join(folder, 'yes', 'deep'));
    symlinkSync(join(folder, 'yes'), join(folder, 'yes', 'deep', 'loop'), 'junction');
    symlinkSync(join(folder, 'nowhere.wav'), join(folder, 'yes', 'gone.wav'));
    const dataSet = await openDataSet(folder, { maxSkippedShare: 0.1 });
    expect(dataSet.train.length + dataSet.validation.length + dataSet.test.length).toBe(18);
    expect(dataSet.skipped).toEqual([{ file: join(folder, 'yes', 'gone.wav'), reason: 'not a file' }]);
  });

  it('ignores listed words that were taken out, and tells of listed files that are gone', async () => {
    putWords();
    put(['validation_list.txt', 'bed/x_nohash_0.wav\nyes/zoe_nohash_0.wav\nyes/ann_nohash_0.wav\n']);
    rmSync(join(folder, 'yes', 'ann_nohash_1.wav'));
    for (const word of ['no', 'cat']) {
      for (const take of [0, 1]) rmSync(join(folder, word, `ann_nohash_${take}.wav`));
    }
    const dataSet = await openDataSet(folder, { maxSkippedShare: 0.1 });
    expect(namesOf(dataSet.validation)).toEqual(['yes/ann_nohash_0.wav']);
    expect(dataSet.skipped).toEqual([
      { file: join(folder, 'yes/zoe_nohash_0.wav'), reason: 'listed in validation_list.txt, but not there' },
    ]);
  });
});

describe('openDataSet on manifests', () => {
  const HEAD = 'file,class';

  it('reads CRLF, LF, quotes, either slash and other columns', async () => {
    put('clips/a.wav', 'clips/b, "2".wav', 'clips/c.wav', 'clips/d.wav');
    put(['train.csv', '\uFEFFid,class,file\r\n1,yes,clips\\a.wav\r\n2,no,"./clips/b, ""2"".wav"\r\n\r\n']);
    put(['val.csv', `${HEAD}\nclips/c.wav,yes\nclips/d.wav,"no"`]);
    const dataSet = await openDataSet(folder);
    expect(dataSet.labels).toEqual(['no', 'yes']);
    expect(namesOf(dataSet.train)).toEqual(['clips/a.wav', 'clips/b, "2".wav']);
    expect(labelsOf(dataSet, dataSet.validation)).toEqual(['yes', 'no']);
    expect(dataSet.test).toEqual([]);
  });

  it('lets training speakers validate where there is no val.csv', async () => {
    const rows = ['ann', 'bob', 'cyd', 'dan'].flatMap((speaker) => [
      `${speaker}_NO_1.wav,yes`,
      `${speaker}_NO_2.wav,no`,
    ]);
    put(...rows.map((row) => row.split(',')[0]), ['train.csv', [HEAD, ...rows].join('\n')]);
    const { train, validation, test } = await openDataSet(folder);
    expect([train.length, validation.length, test.length]).toEqual([6, 2, 0]);
    expect(new Set(validation.map(({ speaker }) => speaker)).size).toBe(1);
  });

  it('lists files that are not there, up to a share', async () => {
    put('a.wav', 'b.wav', 'c.wav', ['train.csv', `${HEAD}\na.wav,yes\nb.wav,no\ngone.wav,no`]);
    put(['val.csv', `${HEAD}\nc.wav,yes`]);
    const dataSet = await openDataSet(folder, { maxSkippedShare: 0.25 });
    expect(dataSet.skipped).toEqual([
      { file: join(folder, 'gone.wav'), reason: 'listed in train.csv, but not there' },
    ]);
    const error = await refusal();
    expect(error.code).toBe('unusable-files');
    expect(error.message).toBe(
      `Cannot use data set ${folder}: expected at most 5 % unusable files, got 1 of 4: ` +
        `${join(folder, 'gone.wav')} (listed in train.csv, but not there)`,
    );
  });

  it('refuses a label whose files are all missing', async () => {
    put('a.wav', ['train.csv', `${HEAD}\na.wav,yes\nx.wav,no\ny.wav,no`]);
    const error = await refusal({ maxSkippedShare: 1 });
    expect([error.code, error.value]).toEqual(['label-without-files', 'no']);
    expect(error.message).toBe(
      `Cannot use data set ${folder}: expected recordings of "no", got none of the files that train.csv lists (line 3: x.wav)`,
    );
  });

  it('refuses a file in two splits, or twice in one', async () => {
    put('a.wav', 'b.wav', ['train.csv', `${HEAD}\na.wav,yes\nb.wav,no`], ['val.csv', `${HEAD}\n./a.wav,yes`]);
    expect(await refusal()).toMatchObject({
      code: 'file-in-two-splits',
      message: `Cannot use data set ${folder}: expected a.wav in one split, got it in train and validation`,
    });
    put(['val.csv', `${HEAD}\n`], ['train.csv', `${HEAD}\na.wav,yes\nb.wav,no\na.wav,no`]);
    expect(await refusal()).toMatchObject({
      code: 'file-twice',
      message: `Cannot use data set ${folder}: expected a.wav once, got it as "yes" and as "no"`,
    });
  });

  it('refuses a speaker in two splits', async () => {
    put('x/7_NO_1.wav', 'x/7_NO_2.wav', 'x/8_NO_1.wav');
    put(
      ['train.csv', `${HEAD}\nx/7_NO_1.wav,yes\nx/8_NO_1.wav,no`],
      ['val.csv', `${HEAD}\nx/7_NO_2.wav,yes`],
    );
    expect(await refusal()).toMatchObject({
      code: 'speaker-in-two-splits',
      value: '7',
      message: `Cannot use data set ${folder}: expected speaker "7" in one split, got x/7_NO_1.wav in train and x/7_NO_2.wav in validation`,
    });
  });

  it('refuses manifests that cannot be read', async () => {
    put(['train.csv', 'path;label\na.wav;yes']);
    expect(await refusal()).toMatchObject({
      code: 'manifest-header',
      message: `Cannot read manifest ${join(folder, 'train.csv')}: expected a header with "file" and "class", got "path;label"`,
    });
    put(['train.csv', `${HEAD}\n"a.wav,yes\n`]);
    expect((await refusal()).code).toBe('manifest-quote');
    put(['train.csv', `${HEAD}\n"a\nb.wav",yes\nc.wav\n`]);
    expect(await refusal()).toMatchObject({
      code: 'manifest-row',
      message: expect.stringMatching(/expected a file and a class in line 4, got "c.wav"$/),
    });
  });

  it('shows what is no text in one short line', async () => {
    put(['train.csv', `RIFF\0\u001b[31m${'x'.repeat(1000)}`]);
    const { code, message } = await refusal();
    expect([code, message]).toEqual([
      'manifest-header',
      expect.stringMatching(/got "riff\\u0000\\u001b\[31mx{10,80}"$/),
    ]);
  });

  it('refuses text that is not UTF-8, whose names would not be found', async () => {
    const csv = `${HEAD}\nyes/é.wav,yes\n`;
    for (const [encoding, got] of [
      ['utf16le', 'UTF-16'],
      ['latin1', 'another encoding'],
    ] as const) {
      writeFileSync(
        join(folder, 'train.csv'),
        Buffer.from(`\ufeff${csv}`.slice(+(encoding === 'latin1')), encoding),
      );
      expect(await refusal()).toMatchObject({
        code: 'text-encoding',
        message: `Cannot read ${join(folder, 'train.csv')}: expected text in UTF-8, got ${got}`,
      });
    }
  });

  it('refuses manifests without rows, whatever the folders hold', async () => {
    putWords();
    put(['train.csv', `${HEAD}\n`], ['val.csv', HEAD]);
    expect(await refusal()).toMatchObject({
      code: 'empty',
      message: `Cannot use data set ${folder}: expected recordings listed in train.csv, val.csv, test.csv, got none`,
    });
  });
});

describe('openDataSet refuses', () => {
  it('a folder that is not there or is a file', async () => {
    rmSync(folder, { recursive: true });
    expect(await refusal()).toMatchObject({
      code: 'unreadable-folder',
      message: `Cannot open data set ${folder}: expected a folder that can be read, got none of that name (ENOENT)`,
    });
    writeFileSync(folder, '');
    expect((await refusal()).message).toContain('got a file (ENOTDIR)');
  });

  it('an empty folder', async () => {
    expect(await refusal()).toMatchObject({
      code: 'empty',
      message: `Cannot use data set ${folder}: expected recordings (.wav) in a sub-folder for each word, got none`,
    });
  });

  it('a single label', async () => {
    put('yes/a.wav', 'yes/b.wav');
    expect(await refusal()).toMatchObject({
      code: 'one-label',
      message: `Cannot use data set ${folder}: expected at least two labels, got only "yes"`,
    });
  });

  it('a label without training clips', async () => {
    putWords();
    mkdirSync(join(folder, 'empty'));
    expect(await refusal()).toMatchObject({
      code: 'label-without-clips',
      value: 'empty',
      message: `Cannot use data set ${folder}: expected at least one training clip of "empty", got none`,
    });
  });

  it('labels that are not there, or twice', async () => {
    putWords();
    expect(await refusal({ labels: ['yes', 'maybe'] })).toMatchObject({
      code: 'no-such-word',
      message: `Cannot use data set ${folder}: expected recordings of "maybe", got only "cat", "no", "yes"`,
    });
    expect((await refusal({ labels: ['yes', 'yes'] })).code).toBe('label-twice');
    expect((await refusal({ labels: ['yes', 'no', 'cat', '_unknown_'] })).code).toBe('no-unknown');
  });

  it('a label that no model file takes, but not names that objects inherit', async () => {
    put(
      'constructor/a_nohash_0.wav',
      'constructor/b_nohash_0.wav',
      'toString/a_nohash_0.wav',
      'toString/b_nohash_0.wav',
    );
    expect((await openDataSet(folder)).labels).toEqual(['constructor', 'toString']);
    put('__proto__/a_nohash_0.wav', '__proto__/b_nohash_0.wav');
    expect(await refusal()).toMatchObject({
      code: 'label-name',
      message: `Cannot use data set ${folder}: expected labels that a model file can hold, got "__proto__"`,
    });
  });

  it('one speaker alone, whose clips could only be in one split', async () => {
    put('yes/ann_nohash_0.wav', 'yes/ann_nohash_1.wav', 'no/ann_nohash_0.wav');
    const error = await refusal();
    expect(error.code).toBe('no-validation');
    expect(error.message).toContain('expected clips of at least two speakers');
  });

  it('a file in both split lists', async () => {
    putWords();
    put(['validation_list.txt', 'yes/ann_nohash_0.wav'], ['testing_list.txt', 'yes/ann_nohash_0.wav']);
    expect(await refusal()).toMatchObject({
      code: 'file-in-two-splits',
      message: `Cannot use data set ${folder}: expected yes/ann_nohash_0.wav in one split, got it in validation_list.txt and testing_list.txt`,
    });
  });

  it('an evaluation of words that the model does not know', async () => {
    put('dog/b.wav');
    expect(await refusal({ labels: ['yes', 'no'], purpose: 'evaluation' })).toMatchObject({
      code: 'no-known-word',
      message: `Cannot use data set ${folder}: expected recordings of "yes", "no", got only "dog"`,
    });
  });
});

const real = process.env.HEARKEN_DATA;
describe.skipIf(!real)('openDataSet on the recorded sets', () => {
  it('counts what their readme counts', async () => {
    const labels = 'yes,no,up,down,left,right,on,off,stop,go'.split(',');
    const english = await openDataSet(join(real!, 'speech-commands'), { labels });
    expect([english.train.length, english.validation.length, english.test.length]).toEqual([2437, 581, 1119]);
    const speakers = (clips: readonly Clip[]) => new Set(clips.map(({ speaker }) => speaker)).size;
    expect([english.train, english.validation, english.test].map(speakers)).toEqual([718, 154, 219]);
    expect([english.noiseFiles.length, english.labels.length]).toEqual([6, 12]);
    const arabic = await openDataSet(join(real!, 'arabic-commands'));
    expect([arabic.train.length, arabic.validation.length, arabic.test.length]).toEqual([4320, 960, 0]);
    expect([arabic.labels.length, speakers(arabic.train), speakers(arabic.validation)]).toEqual([40, 18, 6]);
  });
});
