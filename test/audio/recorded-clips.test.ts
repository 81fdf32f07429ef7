/** On recordings, where HEARKEN_DATA names the folder that holds speech-commands and librispeech-negatives. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import { createWasmFrontEnd } from '../../src/audio/wasm-front-end.js';
import { readWav } from '../../src/audio/wav.js';
import { expectAllClose } from '../support/all-close.js';

const root = process.env.HEARKEN_DATA;

function wavFiles(folder: string, every: number): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.wav'))
    .sort()
    .filter((_, i) => i % every === 0)
    .map((path) => join(folder, path));
}

describe.skipIf(!root)('recorded clips', () => {
  const files = root
    ? [...wavFiles(join(root, 'speech-commands'), 200), ...wavFiles(join(root, 'librispeech-negatives'), 40)]
    : [];

  it('are read as the wavefile package reads them', () => {
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const bytes = readFileSync(file);
      const { samples, sampleRateHz } = readWav(bytes, file);
      expect(sampleRateHz).toBe(16000);
      const integers = new wavefile.WaveFile(bytes).getSamples(false);
      expect(samples.length, file).toBe(integers.length);
      expect(
        samples.every((x, i) => x * 32768 === integers[i]),
        file,
      ).toBe(true);
    }
  });

  it('have the same map in both front ends to 1e-4', async () => {
    const definition = createMeydaFrontEnd(DEFAULT_FRONT_END);
    const twin = await createWasmFrontEnd(DEFAULT_FRONT_END);
    for (const file of files) {
      const clip = readWav(readFileSync(file), file).samples.subarray(0, 48000);
      expectAllClose(twin.compute(clip), definition.compute(clip), { absolute: 1e-4 }, file);
    }
  });
});
