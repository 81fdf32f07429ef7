import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/run.js';
import { readModelFile } from '../../src/formats/files/read-model-file.js';
import { createFakeIo, hearken } from './fake-io.js';
import { writeTinyWords } from './tiny-words.js';

let folder: string;
let words: string;
const RECIPE = ['--model', 'bc-resnet-1', '--epochs', '3', '--batch', '8', '--lr', '0.02', '--threads', '1'];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-train-'));
  words = join(folder, 'words');
  writeTinyWords(words);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const train = (out: string, ...flags: string[]) => hearken('train', words, '--out', out, ...RECIPE, ...flags);

describe('hearken train', () => {
  const out = () => join(folder, 'words.safetensors');

  it('makes a model and a report of a folder, and says so as one JSON value', async () => {
    const { code, stdout, stderr } = await train(out(), '--json');
    expect([code, stderr]).toEqual([0, expect.stringContaining('training: ')]);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      model: 'bc-resnet-1',
      file: out(),
      epochs: 3,
      labels: ['fall', 'rise', 'stay'],
    });
    expect(result.validation.clips).toBeGreaterThan(0);
    expect(result.samplesPerSecond).toBe(0); // the clock of the test stands still
    const model = await readModelFile(out());
    expect(model.labels).toEqual(['fall', 'rise', 'stay']);
    expect(model.training).toMatchObject({ seed: 1, epochs: 3, recipe: { batchSize: 8 } });
    const report = readFileSync(join(folder, 'words.html'), 'utf8');
    expect(report).toContain(`<pre>hearken train ${words} --out ${out()} --model bc-resnet-1`);
    expect(report).toMatch(/src="data:audio\/wav;base64,|validation accuracy<\/dt><dd>100.00 %/);
    // No lock and no checkpoint are left.
    expect(readdirSync(folder).sort()).toEqual(['words', 'words.html', 'words.safetensors']);
  });

  it('gives the same bytes for the same seed at any number of threads, others for another', async () => {
    const twin = join(folder, 'twin.safetensors');
    expect((await train(twin, '--threads', '2', '--no-report')).code).toBe(0);
    expect(readFileSync(twin).equals(readFileSync(out()))).toBe(true);
    expect((await train(twin, '--seed', '2', '--no-report')).code).toBe(0);
    expect(readFileSync(twin).equals(readFileSync(out()))).toBe(false);
  });

  it('does not resume what is finished', async () => {
    const before = readFileSync(out());
    const { code, stderr } = await train(out(), '--resume', '--no-report');
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^error: Cannot resume .*: expected a checkpoint in .*last\.safetensors, got a model that is finished \(without/,
    );
    expect(readFileSync(out()).equals(before)).toBe(true);
  });

  it('keeps licence and attribution in the model file and changes nothing else', async () => {
    const named = join(folder, 'named.safetensors');
    const flags = [
      '--licence',
      'CC BY 4.0',
      '--attribution',
      'Ann <a@b>',
      '--attribution',
      'Bob',
      '--no-report',
    ];
    expect((await train(named, ...flags)).code).toBe(0);
    const { licence, attribution, ...rest } = await readModelFile(named);
    expect([licence, attribution]).toEqual(['CC BY 4.0', ['Ann <a@b>', 'Bob']]);
    expect(rest).toEqual(await readModelFile(out()));
    const inspected = JSON.parse((await hearken('inspect', named, '--json')).stdout);
    expect(inspected).toMatchObject({ licence, attribution });
    const shown = (await hearken('inspect', named)).stdout;
    expect(shown).toMatch(/^licence +CC BY 4\.0$/m);
    expect(shown.match(/^data by +(Ann <a@b>|Bob)$/gm)).toHaveLength(2);
  });

  it('stops at Ctrl-C with what can be resumed, and resumes to the same bytes', async () => {
    const stopped = join(folder, 'stopped.safetensors');
    const controller = new AbortController();
    const io = createFakeIo(['train', words, '--out', stopped, ...RECIPE], controller.signal);
    // The clock moves with each look at it, so that every step writes a line.
    let lines = 0;
    const stderr = {
      write: (text: string) => {
        io.stderr.write(text);
        if (text.startsWith('training: ') && ++lines === 6) controller.abort();
      },
    };
    const nowMs = () => {
      io.pass(3000);
      return io.nowMs();
    };
    expect(await run({ ...io, stderr, nowMs })).toBe(130);
    expect(existsSync(stopped)).toBe(false);
    expect(io.written.stderr).toContain('--resume goes on');
    expect(readdirSync(`${stopped}.checkpoint`)).toEqual(['last.safetensors']);

    const again = await train(stopped);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('--restart begins anew')]);
    const otherwise = await train(stopped, '--resume', '--seed', '2');
    expect([otherwise.code, otherwise.stderr]).toEqual([
      1,
      expect.stringContaining('the same seed as before'),
    ]);

    const resumed = await train(stopped, '--resume');
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('going on in epoch ')]);
    expect(resumed.stderr).not.toContain('epoch 4 of 3');
    expect(readFileSync(stopped).equals(readFileSync(out()))).toBe(true);
    expect(existsSync(`${stopped}.checkpoint`)).toBe(false);
  });

  it('starts from a trained model with a head for other labels, its features frozen', async () => {
    const tuned = join(folder, 'tuned.safetensors');
    const flags = ['--init', out(), '--freeze', 'features', '--labels', 'rise,stay', '--no-report'];
    const { code, stderr } = await train(tuned, ...flags);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const [before, after] = [await readModelFile(out()), await readModelFile(tuned)];
    expect(after.labels).toEqual(['rise', 'stay', '_unknown_', '_silence_']);
    expect(after.parameters['stem/weight']).toEqual(before.parameters['stem/weight']);
    expect(after.training).toMatchObject({ init: { model: 'bc-resnet-1', freeze: 'features' } });
  });

  it('learns from a teacher', async () => {
    const pupil = join(folder, 'pupil.safetensors');
    const { code } = await train(pupil, '--teacher', out(), '--epochs', '1', '--no-report');
    expect(code).toBe(0);
    expect((await readModelFile(pupil)).training).toMatchObject({ teacher: 'bc-resnet-1' });
  });

  it('evaluates, recognises and verifies what it trained', async () => {
    const learned = join(folder, 'learned.safetensors');
    expect((await train(learned, '--model', 'ghost-25k', '--epochs', '20', '--no-report')).code).toBe(0);
    const report = join(folder, 'evaluation.html');
    const evaluated = await hearken(
      'evaluate',
      learned,
      words,
      '--split',
      'all',
      '--json',
      '--report',
      report,
    );
    expect(evaluated.code).toBe(0);
    const result = JSON.parse(evaluated.stdout);
    expect(result).toMatchObject({ split: 'all', clips: 36, skipped: [] });
    expect(result.accuracy).toBe(result.correct / 36);
    // Tones that rise, fall and stay are easy: a model that learned nothing gets a third.
    expect(result.accuracy).toBeGreaterThan(0.9);
    expect(result.confusion.flat().reduce((sum: number, count: number) => sum + count)).toBe(36);
    expect(readFileSync(report, 'utf8')).toContain('Evaluation report');

    const files = ['rise', 'fall'].map((word) => join(words, word, 'speaker0_nohash_0.wav'));
    const recognized = await hearken('recognize', learned, ...files, '--json');
    const rows = JSON.parse(recognized.stdout);
    expect(rows.map(({ file }: { file: string }) => file)).toEqual(files);
    expect(rows.map(({ label }: { label: string }) => label)).toEqual(['rise', 'fall']);
    for (const { label, score, scores } of rows) {
      expect(scores[label]).toBe(score);
      const total = Object.values<number>(scores).reduce((sum, value) => sum + value);
      expect(total).toBeCloseTo(1, 5);
    }

    const verified = await hearken('verify', learned, '--json');
    expect([verified.code, JSON.parse(verified.stdout).agrees]).toEqual([0, true]);
  });
});

describe('hearken train, bad input', () => {
  async function failure(...argv: string[]): Promise<string> {
    const { code, stdout, stderr } = await hearken('train', ...argv);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.match(/^error: Cannot .*: expected .*, got .*$/gm)).toHaveLength(1);
    expect(stderr).not.toContain('    at ');
    return stderr;
  }

  it('tells what is wrong with a folder in one line and leaves nothing behind', async () => {
    const out = join(folder, 'bad.safetensors');
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    expect(await failure(empty, '--out', out)).toContain('recordings');
    mkdirSync(join(folder, 'one', 'yes'), { recursive: true });
    writeTinyWords(join(folder, 'one'), { speakers: 3 });
    rmSync(join(folder, 'one', 'rise'), { recursive: true });
    rmSync(join(folder, 'one', 'fall'), { recursive: true });
    rmSync(join(folder, 'one', 'yes'), { recursive: true });
    expect(await failure(join(folder, 'one'), '--out', out)).toContain('two labels');
    expect(await failure(join(folder, 'none'), '--out', out)).toContain('none');
    expect(await failure(words, '--out', join(folder, 'no', 'm.safetensors'))).toContain('does not exist');
    expect(await failure(words, '--out', folder)).toContain('a folder of that name');
    expect(existsSync(`${out}.checkpoint`)).toBe(false);
  });

  it('tells which batch the system has no memory for', async () => {
    const limit = 50_000_000;
    const Real = SharedArrayBuffer;
    // What V8 does where an allocation fails. 4096 maps of 98 × 40 in 32 bits take 64 MB.
    class Refusing extends Real {
      constructor(bytes: number) {
        if (bytes > limit) throw new RangeError('Array buffer allocation failed');
        super(bytes);
      }
    }
    vi.stubGlobal('SharedArrayBuffer', Refusing);
    try {
      const told = await failure(words, '--out', join(folder, 'm'), ...RECIPE, '--batch', '4096');
      expect(told).toContain(
        'error: Cannot train on batches of 4096 clips of 1000 ms: expected memory for them, got none from the system',
      );
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('takes a network that does not exist for misuse', async () => {
    const ran = await hearken(
      'train',
      words,
      '--out',
      join(folder, 'x.safetensors'),
      '--model',
      'bc-resnet-11',
    );
    expect([ran.code, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toMatch(/^error: Cannot build model: .* such as bc-resnet-1, got bc-resnet-11\n$/);
  });

  it('lists files that are no recordings, and fails past the share that was allowed', async () => {
    const mixed = join(folder, 'mixed');
    writeTinyWords(mixed);
    writeFileSync(join(mixed, 'rise', 'speaker1_nohash_0.wav'), 'this is text');
    writeFileSync(join(mixed, 'rise', 'speaker2_nohash_0.wav'), '');
    const out = join(folder, 'mixed.safetensors');
    const told = await failure(mixed, '--out', out, '--epochs', '1');
    expect(told).toContain('speaker1_nohash_0.wav');
    expect(told).toMatch(/\(--max-unreadable-share allows more\)$/m);
    const flags = [
      '--epochs',
      '1',
      '--batch',
      '8',
      '--max-unreadable-share',
      '0.1',
      '--json',
      '--model',
      'bc-resnet-1',
    ];
    const { code, stdout } = await hearken('train', mixed, '--out', out, ...flags);
    expect([code, JSON.parse(stdout).skipped]).toEqual([0, 2]);
    expect(readFileSync(join(folder, 'mixed.html'), 'utf8')).toContain('2 files left out');
    const evaluated = await hearken('evaluate', out, mixed, '--split', 'all');
    expect([evaluated.code, evaluated.stdout]).toEqual([1, '']);
    expect(evaluated.stderr).toMatch(
      /^error: Cannot use data set .*speaker1_nohash_0\.wav \(expected .*\(--max-unreadable-share allows more\)$/m,
    );
  });

  it('never lets a report take the place of a model', async () => {
    const model = join(folder, 'kept.safetensors');
    writeFileSync(model, 'a model');
    for (const argv of [
      ['train', words, '--out', model, '--report', model],
      ['train', words, '--out', join(folder, 'other.safetensors'), '--init', model, '--report', model],
      ['evaluate', model, words, '--report', model],
    ]) {
      const { code, stdout, stderr } = await hearken(...argv);
      expect([code, stdout, stderr]).toEqual([
        2,
        '',
        expect.stringContaining('error: --report needs a file of its own'),
      ]);
    }
    expect(readFileSync(model, 'utf8')).toBe('a model');
  });

  it('refuses a report that cannot be written before it reads the model', async () => {
    const { code, stderr } = await hearken('evaluate', join(folder, 'no model'), words, '--report', folder);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`error: Cannot write ${folder}: expected a place`),
    ]);
  });

  it('takes missing arguments and bad values for misuse', async () => {
    for (const argv of [
      ['train', words],
      ['train', '--out', 'm'],
      ['train', words, '--out', 'm', '--epochs', '0'],
      ['train', words, '--out', 'm', '--clip-ms', '60001'],
      ['train', words, '--out', 'm', '--batch', '65536'],
      ['train', words, '--out', 'm', '--engine', 'abacus'],
      ['train', words, '--out', 'm', '--freeze', 'features'],
      ['train', words, '--out', ''],
      ['train', words, '--out', 'folder/'],
      ['train', words, '--out', 'm', '--licence', ' '],
      ['evaluate', 'm'],
      ['evaluate', 'm', words, '--split', 'half'],
      ['recognize', 'm'],
    ]) {
      const { code, stdout, stderr } = await hearken(...argv);
      expect([code, stdout], argv.join(' ')).toEqual([2, '']);
      expect(stderr, argv.join(' ')).toMatch(/^error: /);
    }
  });
});
