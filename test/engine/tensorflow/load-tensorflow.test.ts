import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { importTensorflow } from '../../../src/engine/tensorflow/load-tensorflow.js';

const tfjsFolder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs/package.json'));

afterEach(() => vi.unstubAllEnvs());

describe('importTensorflow', () => {
  it('loads a package from its folder', async () => {
    expect((await importTensorflow([tfjsFolder])).version_core).toMatch(/^4\./);
  });

  it('loads what HEARKEN_TFJS names and nothing else', async () => {
    vi.stubEnv('HEARKEN_TFJS', tfjsFolder);
    expect((await importTensorflow()).version_core).toMatch(/^4\./);
    const absent = join(tfjsFolder, 'absent');
    vi.stubEnv('HEARKEN_TFJS', absent);
    await expect(importTensorflow()).rejects.toMatchObject({
      name: 'EngineError',
      code: 'tensorflow-missing',
      message:
        `Cannot start the tensorflow engine: expected one of ${absent} to be installed, got none; ` +
        'let HEARKEN_TFJS name the folder of a package, or use the wasm engine',
    });
  });

  it('loads the first package that is installed', async () => {
    const tf = await importTensorflow(['@hearken-test/absent', '@tensorflow/tfjs']);
    expect(tf.version_core).toMatch(/^4\./);
  });

  it('says what to install where there is none', async () => {
    await expect(
      importTensorflow(['@hearken-test/absent', '@hearken-test/absent-too']),
    ).rejects.toMatchObject({
      name: 'EngineError',
      code: 'tensorflow-missing',
      message:
        'Cannot start the tensorflow engine: expected one of @hearken-test/absent, @hearken-test/absent-too ' +
        'to be installed, got none; run "npm install @hearken-test/absent-too", or use the wasm engine',
    });
  });

  it('does not pass over a package that is there and broken', async () => {
    const broken = 'data:text/javascript,throw new Error("no native library")';
    await expect(importTensorflow([broken, '@tensorflow/tfjs'])).rejects.toMatchObject({
      name: 'EngineError',
      code: 'tensorflow-broken',
      message: expect.stringMatching(
        /^Cannot load data:.*expected a working installation, got: .*no native library/,
      ),
    });
  });

  it('gives Node back what tfjs-node calls before it loads', async () => {
    const fake =
      'data:text/javascript,import util from "node:util"; export const tidy = util.isNullOrUndefined(null); export const enableProdMode = () => {}; //-node';
    expect(await importTensorflow([fake])).toMatchObject({ tidy: true });
  });
});
