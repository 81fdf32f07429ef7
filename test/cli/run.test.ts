import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { hearken } from './fake-io.js';

describe('run', () => {
  it('prints the version on stdout and exits 0', async () => {
    expect(await hearken('--version')).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  });

  it('prints help on stdout and exits 0', async () => {
    const { code, stdout, stderr } = await hearken('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: hearken /);
    expect(stderr).toBe('');
  });

  it('takes a missing verb, an unknown verb and an unknown option for misuse', async () => {
    for (const argv of [[], ['dance'], ['--dance']]) {
      const { code, stdout, stderr } = await hearken(...argv);
      expect(code, argv.join()).toBe(2);
      expect(stdout, argv.join()).toBe('');
      expect(stderr, argv.join()).not.toBe('');
    }
  });
});
