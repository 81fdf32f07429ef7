import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModelFile } from '../../src/formats/files/read-model-file.js';
import { describeModel } from '../../src/models/models.js';
import { hearken } from './fake-io.js';
import { writeTinyWords } from './tiny-words.js';

const NAME = 'drnet-csp-resnet-tiny';
const { macs, predictorMacs, resolutions } = describeModel(NAME).routing!;
/** With three labels of twelve, behind 44 channels. */
const MACS = macs.map((all) => all - 9 * 44);

let folder: string;
let words: string;
let model: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-routing-'));
  words = join(folder, 'words');
  model = join(folder, 'words.safetensors');
  writeTinyWords(words);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const train = (...flags: string[]) =>
  hearken('train', words, '--out', model, '--model', NAME, '--batch', '8', '--threads', '1', ...flags);

async function evaluate(...flags: string[]) {
  const { code, stdout } = await hearken('evaluate', model, words, '--split', 'all', '--json', ...flags);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

interface Row {
  readonly clips: number;
  readonly macs: number;
  readonly share: number;
  readonly correct: number;
}

function expectWhole({ perResolution, meanMacs }: { perResolution: Row[]; meanMacs: number }, clips: number) {
  const sum = (of: (row: Row) => number) => perResolution.reduce((total, row) => total + of(row), 0);
  expect(sum((row) => row.clips)).toBe(clips);
  expect(sum((row) => row.share)).toBeCloseTo(1, 9);
  expect(meanMacs).toBeCloseTo(sum((row) => row.macs * row.clips) / clips, 3);
}

describe('a network that chooses its resolution', () => {
  it('is trained, with the resolutions chosen for the validation clips in JSON and report', async () => {
    const { code, stdout, stderr } = await train(
      '--epochs',
      '2',
      '--mac-share',
      '0.5',
      '--mac-weight',
      '0.4',
      '--routes',
      'hard',
      '--json',
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('training: ')]);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ model: NAME, macs: MACS, epochs: 2 });
    expectWhole(result.routing, result.validation.clips);
    expect(result.routing.perResolution.map((row: Row) => row.macs)).toEqual(
      MACS.map((cost) => cost + predictorMacs),
    );
    const { training } = await readModelFile(model);
    expect(training).toMatchObject({
      recipe: { keep: 'last', routing: { targetShare: 0.5, weight: 0.4, route: 'hard' } },
    });
    expect(readFileSync(join(folder, 'words.html'), 'utf8')).toContain('<h2>The resolutions</h2>');
  });

  it('is evaluated as it chooses, at one resolution, and at random', async () => {
    const own = await evaluate();
    expect(own).toMatchObject({ clips: 36, routing: { by: 'predicted' } });
    expectWhole(own.routing, 36);
    const lowest = await evaluate('--resolution', '49x20');
    expect(lowest.routing).toMatchObject({ by: 'fixed', meanMacs: MACS[2] });
    expect(lowest.routing.perResolution.map(({ clips }: Row) => clips)).toEqual([0, 0, 36]);
    const random = await evaluate('--random-resolutions', '1,0,1', '--random-seed', '5');
    const clips = random.routing.perResolution.map((row: Row) => row.clips);
    expect([clips[1], clips[0] > 8, clips[2] > 8]).toEqual([0, true, true]);
    expectWhole(random.routing, 36);
    expect(await evaluate('--random-resolutions', '1,0,1', '--random-seed', '5')).toEqual(random);
    expect((await hearken('evaluate', model, words, '--split', 'all')).stdout).toMatch(
      /^74 × 30 +5\.30 M +\d+ /m,
    );
  });

  it('tells what it chose for each recording, and what that took', async () => {
    const file = join(words, 'rise', 'speaker0_nohash_0.wav');
    const [{ route }] = JSON.parse((await hearken('recognize', model, file, '--json')).stdout);
    expect(resolutions).toContainEqual(route.resolution);
    expect(route.resolution).toEqual(resolutions[route.index]);
    expect(route.macs).toBe(MACS[route.index] + predictorMacs);
    expect((await hearken('recognize', model, file)).stdout).toContain(route.resolution.join(' × '));
  });

  it('is verified, inspected and exported like any other', async () => {
    const verified = await hearken('verify', model, '--json');
    expect([verified.code, JSON.parse(verified.stdout).agrees]).toEqual([0, true]);
    expect(JSON.parse((await hearken('inspect', model, '--json')).stdout)).toMatchObject({ macs: MACS });
    for (const [format, out] of [
      ['onnx', 'm.onnx'],
      ['tfjs', 'm-tfjs'],
    ])
      expect((await hearken('export', model, join(folder, out), '--to', format)).code).toBe(0);
  });

  it('stands in `models --json` with a list of MACs', async () => {
    const [row] = JSON.parse((await hearken('models', 'drnet-resnet-50', '--json')).stdout);
    expect(row).toMatchObject({
      parameters: 30_570_603,
      macs: [4_089_184_256, 2_503_027_712, 1_077_899_264],
    });
    expect((await hearken('models', 'drnet-resnet-50')).stdout).toMatch(
      /^MACs +2,503,027,712 at 168 × 168$/m,
    );
  });

  it('refuses resolutions that it does not have, and other networks any', async () => {
    const at = (file: string, ...flags: string[]) =>
      hearken('evaluate', file, words, '--split', 'all', ...flags);
    expect(await at(model, '--resolution', '98x20')).toMatchObject({
      code: 1,
      stderr: `error: Cannot choose a resolution for ${NAME}: expected a resolution of 98x40, 74x30, 49x20, got 98x20\n`,
    });
    expect(await at(model, '--random-resolutions', '1,2')).toMatchObject({
      code: 1,
      stderr: `error: Cannot choose a resolution for ${NAME}: expected 3 shares in --random-resolutions, not all 0, for 98x40, 74x30, 49x20, got 1, 2\n`,
    });
    expect((await at(model, '--random-resolutions', '0,0,0')).stderr).toContain('not all 0');
    for (const flags of [
      ['--resolution', '49'],
      ['--random-resolutions', '1,-1,2'],
      ['--resolution', '49x20', '--random-resolutions', '1,1,1'],
      ['--random-seed', '5'],
      ['--resolution', '49x20', '--random-seed', '1'],
    ])
      expect((await at(model, ...flags)).code, flags.join(' ')).toBe(2);
    const plain = join(folder, 'plain.safetensors');
    const flags = ['--model', 'bc-resnet-1', '--epochs', '1', '--batch', '8', '--no-report'];
    expect((await hearken('train', words, '--out', plain, ...flags)).code).toBe(0);
    for (const wrong of [
      ['--resolution', '49x20'],
      ['--random-resolutions', '1,1'],
    ])
      expect(await at(plain, ...wrong)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /^error: Cannot choose a resolution for bc-resnet-1: expected a network that can look at several, got .*\n$/,
        ),
      });
    const misuse = await hearken('train', words, '--out', join(folder, 'no'), ...flags, '--mac-share', '0.5');
    expect([misuse.code, misuse.stderr]).toEqual([2, expect.stringContaining('bc-resnet-1 does not')]);
  });
});
