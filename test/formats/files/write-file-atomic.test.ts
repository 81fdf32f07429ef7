import * as fs from 'node:fs/promises';
import { mkdtemp, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HearkenError } from '../../../src/errors.js';
import { writeFileAtomic } from '../../../src/formats/files/write-file-atomic.js';

vi.mock('node:fs/promises', { spy: true });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-write-'));
});
afterEach(async () => {
  vi.mocked(fs.open).mockReset();
  vi.mocked(fs.rename).mockReset();
  await rm(folder, { recursive: true, force: true });
});

async function failureOf(path: string): Promise<HearkenError> {
  const error = await writeFileAtomic(path, 'new').then(
    () => expect.fail('the write passed'),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(HearkenError);
  expect(error.code).toBe('file-write');
  expect(error.value).toBe(path);
  return error;
}

const systemError = (code: string) => Object.assign(new Error(code), { code });

describe('writeFileAtomic', () => {
  it('writes bytes and texts, and leaves nothing beside them', async () => {
    await writeFileAtomic(join(folder, 'a'), Uint8Array.of(1, 2));
    await writeFileAtomic(join(folder, 'b'), 'é');
    expect(await readFile(join(folder, 'a'))).toEqual(Buffer.from([1, 2]));
    expect(await readFile(join(folder, 'b'), 'utf8')).toBe('é');
    expect((await readdir(folder)).sort()).toEqual(['a', 'b']);
  });

  it('replaces a file', async () => {
    await writeFileAtomic(join(folder, 'a'), 'a longer old text');
    await writeFileAtomic(join(folder, 'a'), 'new');
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new');
  });

  it('follows a symbolic link', async ({ skip }) => {
    await writeFileAtomic(join(folder, 'a'), 'old');
    await symlink(join(folder, 'a'), join(folder, 'link')).catch(() => skip('links need a right here'));
    await writeFileAtomic(join(folder, 'link'), 'new');
    expect(await readlink(join(folder, 'link'))).toBe(join(folder, 'a'));
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new');
  });

  it('leaves one whole file when many write at once', async () => {
    const texts = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(100_000));
    await Promise.all(texts.map((text) => writeFileAtomic(join(folder, 'a'), text)));
    expect(texts).toContain(await readFile(join(folder, 'a'), 'utf8'));
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('keeps the old file and removes the half-written one when the disk is full', async () => {
    const path = join(folder, 'a');
    await writeFileAtomic(path, 'old');
    const { open } = await vi.importActual<typeof fs>('node:fs/promises');
    vi.mocked(fs.open).mockImplementation(async (...given) => {
      const file = await open(...given);
      const { writeFile } = file;
      file.writeFile = async () => {
        await writeFile.call(file, 'ha');
        throw systemError('ENOSPC');
      };
      return file;
    });
    const error = await failureOf(path);
    expect(error.message).toBe(
      `Cannot write ${path}: expected a place to write to, got a full disk (ENOSPC)`,
    );
    expect(error.cause).toMatchObject({ code: 'ENOSPC' });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('removes what it wrote when it may not rename', async () => {
    vi.mocked(fs.rename).mockRejectedValue(systemError('EPERM'));
    expect((await failureOf(join(folder, 'a'))).message).toMatch(/got no permission \(EPERM\)$/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('says that the folder is missing, a file, or that the path is a folder', async () => {
    await writeFileAtomic(join(folder, 'file'), 'x');
    expect((await failureOf(join(folder, 'none', 'a'))).message).toMatch(/got a folder that does not exist/);
    expect((await failureOf(join(folder, 'file', 'a'))).message).toMatch(/got a folder that /);
    await failureOf(folder);
    expect(await readdir(folder)).toEqual(['file']);
  });
});
