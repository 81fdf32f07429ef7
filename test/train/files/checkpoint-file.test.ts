import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HearkenError, ModelFileError } from '../../../src/errors.js';
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
    await file.write(Uint8Array.of(1, 2, 3));
    await file.write(Uint8Array.of(4, 5));
    expect([...(await file.read())!]).toEqual([4, 5]);
    expect(await readdir(folder)).toEqual(['last.safetensors']);
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
