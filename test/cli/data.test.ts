import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hearken } from './fake-io.js';

describe('hearken data', () => {
  it('lists the data sets with size and licence', async () => {
    const { code, stdout, stderr } = await hearken('data');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/speech-commands-v0\.02 +35 +105,829 +2\.43 GB +CC BY 4\.0/);
    expect(stdout).toMatch(/arabic-speech-commands +40 +12,000 +unknown +CC BY 4\.0/);
  });

  it('prints one JSON value', async () => {
    const { code, stdout } = await hearken('data', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(3);
    expect(JSON.parse(stdout)[0]).toMatchObject({
      name: 'speech-commands-v0.01',
      expected: { clips: 64721 },
    });
  });

  it('refuses an unknown name before it makes a folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-cli-data-'));
    const { code, stdout, stderr } = await hearken('data', 'get', 'libri', '--out', join(folder, 'out'));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: Cannot get data: expected speech-commands-v0\.01, .*, got "libri"\n$/);
    expect(existsSync(join(folder, 'out'))).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('wants to know where', async () => {
    const { code, stderr } = await hearken('data', 'get', 'speech-commands-v0.01');
    expect(code).toBe(2);
    expect(stderr).toContain("required option '--out <dir>'");
  });
});
