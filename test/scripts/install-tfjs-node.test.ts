import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/install-tfjs-node.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hearken-install-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Given {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Properties of `process` that the script shall see. */
  readonly platform?: string;
}

function install({ args = [folder], env = {}, platform }: Given) {
  const given = `Object.defineProperty(process, 'platform', { value: '${platform}' })`;
  const before = platform ? ['--import', `data:text/javascript,${given}`] : [];
  const options = { encoding: 'utf8', env: { ...process.env, HEARKEN_CACHE: folder, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...before, SCRIPT, ...args], options);
  return { status, stdout, message: stderr.trim().split('\n').at(-1) };
}

const onSupported = describe.runIf(process.platform === 'linux' && process.arch === 'x64');

describe('install-tfjs-node', () => {
  it.each(['win32', 'darwin'])('says on %s what it is written for', (platform) => {
    expect(install({ platform })).toEqual({
      status: 3,
      stdout: '',
      message:
        `Cannot install tfjs-node: expected linux x64 with glibc, got ${platform} ${process.arch}; ` +
        'elsewhere try "npm install @tensorflow/tfjs-node"',
    });
  });

  it('refuses arguments that it does not know', () => {
    expect(install({ args: ['--fast'] })).toMatchObject({
      status: 2,
      message: expect.stringMatching(/^Usage/),
    });
    expect(install({ args: ['--help'] }).status).toBe(0);
  });
});

onSupported('install-tfjs-node on this platform', () => {
  it('names a compiler or Python that is missing, and does nothing', () => {
    expect(install({ env: { CXX: 'no-such-compiler' } })).toEqual({
      status: 3,
      stdout: '',
      message:
        'Cannot install tfjs-node: expected a C++ compiler (g++; Debian: apt-get install g++), or CXX to name one, ' +
        'got no no-such-compiler',
    });
    // Any program that exits with 0 passes for a compiler here.
    expect(install({ env: { CXX: process.execPath, PYTHON: 'no-such-python' } })).toMatchObject({
      status: 3,
      message: expect.stringMatching(
        /^Cannot install tfjs-node: expected Python 3 with pip .* got no no-such-python$/,
      ),
    });
  });
});
