import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HearkenError } from '../../../src/errors.js';
import { makeFolders } from '../../../src/formats/files/make-folders.js';

describe('makeFolders', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearken-folders-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const refusal = (path: string) => makeFolders(path).catch((error: unknown) => error);

  it('makes what is missing, also twice at once', async () => {
    const deep = join(folder, 'a', 'b', 'c');
    await Promise.all([makeFolders(deep), makeFolders(deep)]);
    await makeFolders(deep);
    expect(statSync(deep).isDirectory()).toBe(true);
  });

  it('names the file that stands in the way', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')]) {
      const error = await refusal(path);
      expect(error).toBeInstanceOf(HearkenError);
      expect(error).toMatchObject({ code: 'file-write', value: file });
      expect((error as Error).message).toContain('got a folder that is a file (ENOTDIR)');
    }
  });

  it.runIf(process.platform === 'linux')('ends where no folder can be made', async () => {
    expect(await refusal('/proc/hearken/a/b')).toMatchObject({ code: 'file-write', value: '/proc/hearken' });
  });
});
