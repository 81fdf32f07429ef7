import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HearkenError, ModelFileError } from '../../../src/errors.js';
import { encodeSafetensors } from '../../../src/formats/safetensors.js';
import { openCheckpointFile } from '../../../src/train/files/checkpoint-file.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-checkpoint-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('openCheckpointFile', () => {
  it('gives back what was written last and leaves nothing beside it', async () => {
    const file = openCheckpointFile(join(folder, 'last.safetensors'));
    expect(await file.read()).toBeUndefined();
    const [first, last] = ['1', '2'].map((step) => encodeSafetensors({}, { step }));
    await file.write(first);
    await file.write(last);
    expect([...(await file.read())!]).toEqual([...last]);
    expect(await readdir(folder)).toEqual(['last.safetensors']);
  });

  it('names the path of a checkpoint that is damaged', async () => {
    const file = openCheckpointFile(join(folder, 'last.safetensors'));
    await writeFile(file.path, encodeSafetensors({}, { step: '1' }).subarray(0, 20));
    const error = await file.read().catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ModelFileError);
    expect([error.code, error.message]).toEqual([
      'file-short',
      expect.stringMatching(
        /^Cannot read .*last\.safetensors: expected a header of \d+ bytes, got a file cut short at 20$/,
      ),
    ]);
  });

  it('names the path that cannot be written or read', async () => {
    const lost = openCheckpointFile(join(folder, 'missing', 'last.safetensors'));
    const writing = await lost.write(Uint8Array.of(1)).catch((thrown) => thrown);
    expect(writing).toBeInstanceOf(HearkenError);
    expect(writing.message).toContain(lost.path);
    await mkdir(join(folder, 'taken'));
    const reading = await openCheckpointFile(join(folder, 'taken'))
      .read()
      .catch((thrown) => thrown);
    expect(reading).toBeInstanceOf(ModelFileError);
    expect(reading.code).toBe('file-read');
    expect(reading.message).toContain('Cannot resume from');
  });
});
