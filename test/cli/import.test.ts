import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hearken } from './fake-io.js';

let folder: string;
let weights: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-import-'));
  weights = join(folder, 'w.safetensors');
  copyFileSync(fileURLToPath(new URL('../fixtures/bc-resnet-pytorch.safetensors', import.meta.url)), weights);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const importing = (file: string, model: string, labels: string, out: string) =>
  hearken('import', file, '--model', model, '--labels', labels, '--out', out, '--json');

describe('hearken import', () => {
  it('makes a model file that verifies', async () => {
    const out = join(folder, 'm.safetensors');
    const { code, stdout, stderr } = await importing(weights, 'bc-resnet-1', 'yes,no,_unknown_', out);
    expect([code, stderr]).toEqual([0, '']);
    const labels = ['yes', 'no', '_unknown_'];
    const parameters = 9232 - 9 * 33; // nine labels fewer than the published twelve, 32 weights and a bias each
    expect(JSON.parse(stdout)).toEqual({ weights, out, model: 'bc-resnet-1', labels, parameters });
    const inspected = JSON.parse((await hearken('inspect', out, '--json')).stdout);
    expect(inspected).toMatchObject({
      labels,
      parameters,
      frontEnd: { lowHz: 0, highHz: 8000 },
      parity: true,
    });
    expect(JSON.parse((await hearken('verify', out, '--json')).stdout)).toMatchObject({ agrees: true });
  });

  it('tells what is wrong in one line and writes nothing', async () => {
    const out = join(folder, 'none.safetensors');
    const broken = join(folder, 'broken.safetensors');
    writeFileSync(broken, 'no weights');
    const cases: [file: string, model: string, labels: string, out: string, told: RegExp, misuse?: true][] = [
      [
        broken,
        'bc-resnet-1',
        'a,b,c',
        out,
        /^error: Cannot read .*broken\.safetensors: expected .*, got .*\n$/,
      ],
      [
        weights,
        'bc-resnet-1',
        'a,b',
        out,
        /^error: Cannot import classifier\.5\.weight of .*: expected F32 \[2, /,
      ],
      [
        weights,
        'ghostnet-tiny',
        'a,b,c',
        out,
        /^error: Cannot import as ghostnet-tiny: expected a network of the family/,
      ],
      [
        weights,
        'bc-resnet-9',
        'a,b,c',
        out,
        /^error: Cannot build model: expected a name that `hearken models` lists/,
        true,
      ],
      [weights, 'bc-resnet-1', 'a,b,c', join(folder, 'no', 'm'), /^error: Cannot write .*: expected a place/],
    ];
    for (const [file, model, labels, to, told, misuse] of cases) {
      const { code, stdout, stderr } = await importing(file, model, labels, to);
      expect([code, stdout]).toEqual([misuse ? 2 : 1, '']);
      expect(stderr).toMatch(told);
    }
    expect(existsSync(out)).toBe(false);
  });

  it('takes missing options for misuse', async () => {
    const { code, stderr } = await hearken('import', weights, '--model', 'bc-resnet-1');
    expect(code).toBe(2);
    expect(stderr).toContain('--labels');
  });
});
