import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../src/formats/model.js';
import { decodeModel, encodeModel } from '../../src/formats/model-file.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';
import { tinyModel } from '../support/tiny-model.js';
import { hearken } from './fake-io.js';
import { writeTinyWords } from './tiny-words.js';

let folder: string;
let file: string;
let words: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-quantize-'));
  file = join(folder, 'm.safetensors');
  words = join(folder, 'words');
  writeFileSync(file, encodeModel(threeWords()));
  writeTinyWords(words);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Two convolutions of random weights, the second of enough channels to multiply integers. */
function threeWords(): Model {
  const builder = new GraphBuilder('three-words');
  const [input] = tinyModel().graph.nodes;
  let x = builder.input('features', input.shape);
  x = builder.relu(builder.batchNorm(builder.conv2d(x, { channels: 16, kernel: [3, 3], stride: [1, 2] })));
  x = builder.relu(builder.batchNorm(builder.conv2d(x, { channels: 8, kernel: [3, 3] })));
  const logits = builder.dense(builder.globalAvgPool(x), { channels: 3, name: 'logits' });
  const graph = builder.build({ outputs: [logits] });
  const tensors = { parameters: initializeParameters(graph, 7), statistics: initializeStatistics(graph) };
  const labels = ['rise', 'fall', 'stay'];
  return { ...tinyModel(), graph, ...tensors, labels, training: { seed: 4 }, licence: 'CC-BY-4.0' };
}

describe('hearken quantize', () => {
  it('writes a model that every verb reads, and says what it costs', async () => {
    const out = join(folder, 'small.safetensors');
    const { code, stdout } = await hearken('quantize', file, words, '--out', out, '--clips', '9', '--json');
    expect(code).toBe(0);
    const bytes = readFileSync(out);
    const [before] = [readFileSync(file).length];
    const value = JSON.parse(stdout);
    const sizes = { bytes: bytes.length, bytesBefore: before };
    expect(value).toMatchObject({ file, out, ...sizes, clips: 9, seed: 1, skipped: [] });
    const small = decodeModel(bytes);
    expect(small.training).toEqual({ seed: 4, quantized: { clips: 9, seed: 1 } });
    expect(small.licence).toBe('CC-BY-4.0');

    const evaluated = await hearken(
      'evaluate',
      out,
      words,
      '--split',
      'validation',
      '--front-end',
      'wasm',
      '--json',
    );
    const { accuracy, clips } = JSON.parse(evaluated.stdout);
    expect(value.validation).toMatchObject({ clips, int8: accuracy });
    expect(clips).toBeGreaterThan(0);
    const plain = await hearken(
      'evaluate',
      file,
      words,
      '--split',
      'validation',
      '--front-end',
      'wasm',
      '--json',
    );
    expect(value.validation.float32).toBe(JSON.parse(plain.stdout).accuracy);
    expect((await hearken('verify', out)).code).toBe(0);
    const wav = join(words, 'rise', 'speaker0_nohash_0.wav');
    expect((await hearken('recognize', out, wav)).code).toBe(0);
    const taught = await hearken('train', words, '-o', join(folder, 'pupil.safetensors'), '--teacher', out);
    expect([taught.code, taught.stdout]).toEqual([1, '']);
    expect(taught.stderr).toContain(`error: Cannot learn from ${out}: expected a model of float32 weights`);
    const inspected = JSON.parse((await hearken('inspect', out, '--json')).stdout);
    expect(inspected).toMatchObject({ weights: 'int8', parity: true });
    expect(JSON.parse((await hearken('inspect', file, '--json')).stdout).weights).toBe('float32');
  });

  it('gives the same bytes for the same seed, and says it to people', async () => {
    const outs = ['a', 'b', 'c'].map((name) => join(folder, `${name}.safetensors`));
    const seeds = ['5', '5', '6'];
    for (const [i, out] of outs.entries()) {
      const { code, stdout } = await hearken(
        'quantize',
        file,
        words,
        '-o',
        out,
        '--clips',
        '2',
        '--seed',
        seeds[i],
      );
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /^wrote .*safetensors: [\d.]+ kB, [\d.]+ % of [\d.]+ kB\nvalidation: [\d.]+ % of \d+ clips right, [\d.]+ % before\n$/,
      );
    }
    const [a, b, c] = outs.map((out) => readFileSync(out));
    expect(a.equals(b)).toBe(true);
    expect(a.equals(c)).toBe(false);
    const { stdout } = await hearken('inspect', outs[0]);
    expect(stdout).toMatch(/^parameters +[\d,]+, weights int8; 1 of 3 layers multiply integers$/m);
  });

  it('tells what is wrong in one line and leaves nothing behind', async () => {
    const small = join(folder, 'done.safetensors');
    expect((await hearken('quantize', file, words, '-o', small)).code).toBe(0);
    const other = join(folder, 'other');
    writeTinyWords(join(other, 'x'), { speakers: 1, clipMs: 100 });
    mkdirSync(join(folder, 'empty'));
    const nowhere = join(folder, 'none', 'm.safetensors');
    const before = readdirSync(folder).sort();
    const cases: [string[], RegExp][] = [
      [
        [small, words, '-o', join(folder, 'q')],
        /expected a model of float32 weights, got one quantised before/,
      ],
      [[file, join(folder, 'empty'), '-o', join(folder, 'q')], /expected recordings/],
      [[file, join(other, 'x', 'rise'), '-o', join(folder, 'q')], /expected recordings/],
      [[file, join(folder, 'gone'), '-o', join(folder, 'q')], /gone/],
      [[words, words, '-o', join(folder, 'q')], /Cannot read/],
      [[file, words, '-o', nowhere], /none/],
    ];
    for (const [argv, message] of cases) {
      const { code, stdout, stderr } = await hearken('quantize', ...argv);
      expect([code, stdout, argv]).toEqual([1, '', argv]);
      const last = stderr.trimEnd().split('\n').at(-1)!;
      expect(last).toMatch(/^error: Cannot .*: expected .*, got .*$/);
      expect(last).toMatch(message);
    }
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  it.runIf(process.platform !== 'win32')('does not write over its model through a link', async () => {
    const link = join(folder, 'link.safetensors');
    symlinkSync(file, link);
    const { code, stderr } = await hearken('quantize', file, words, '-o', link);
    expect([code, stderr]).toEqual([2, `error: --out needs a file of its own: ${link} is in use\n`]);
    expect(decodeModel(readFileSync(file)).quantization).toBeUndefined();
    rmSync(link);
  });

  it('takes a missing or foreign --out, or no clips, for misuse', async () => {
    const out = join(folder, 'unused.safetensors');
    for (const argv of [[], ['-o', file], ['-o', out, '--clips', '0'], ['-o', out, '--seed', '-1']]) {
      const { code, stdout } = await hearken('quantize', file, words, ...argv);
      expect([code, stdout]).toEqual([2, '']);
    }
    expect(existsSync(out)).toBe(false);
    expect(decodeModel(readFileSync(file)).quantization).toBeUndefined();
  });
});
