import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, DataSetError } from '../../../../src/errors.js';
import { getDataSet } from '../../../../src/train/files/download/get-data-set.js';
import { DATA_RECIPES, type DataRecipe, recipeByName } from '../../../../src/train/files/download/recipes.js';
import { openDataSet } from '../../../../src/train/files/open-data-set.js';
import { type LoopbackServer, serve } from './loopback-server.js';

const GOOGLE_STYLE: Record<string, string> = {
  'yes/a_nohash_0.wav': 'sound',
  'yes/b_nohash_0.wav': 'sound',
  'yes/c_nohash_0.wav': 'sound',
  'no/a_nohash_0.wav': 'sound',
  '_background_noise_/white.wav': 'sound',
  'validation_list.txt': 'yes/b_nohash_0.wav\n',
  'testing_list.txt': 'yes/c_nohash_0.wav\n',
  'README.md': 'about',
};
const MANIFEST_STYLE: Record<string, string> = {
  'dataset/yes/01_NO_01.wav': 'sound',
  'dataset/no/02_NO_01.wav': 'sound',
  'dataset/no/03_NO_01.wav': 'sound',
  'background_noise/fan.wav': 'sound',
  'train.csv': 'file,class\r\ndataset/yes/01_NO_01.wav,yes\r\n',
  'val.csv': 'file,class\ndataset/no/02_NO_01.wav,no\n',
  'test.csv': 'file,class\ndataset/no/03_NO_01.wav,no',
};

describe('getDataSet', () => {
  let folder: string;
  let outDir: string;
  let server: LoopbackServer;
  let recipe: DataRecipe;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearken-data-'));
    outDir = join(folder, 'out');
  });
  afterEach(async () => {
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  async function offer(
    files: Record<string, string>,
    more: Partial<DataRecipe> & { breakAfter?: number } = {},
  ) {
    const { breakAfter, ...changes } = more;
    const source = join(folder, 'source', 'set-1.0');
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(source, name, '..'), { recursive: true });
      writeFileSync(join(source, name), text);
    }
    const archive = join(folder, 'archive.tar.gz');
    await create({ file: archive, gzip: true, cwd: join(folder, 'source') }, ['set-1.0']);
    const bytes = readFileSync(archive);
    server = await serve({ bytes, breakAfter, breaks: 1 });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const expected = { words: 2, clips: 4, train: 2, validation: 1, test: 1 };
    const base = { ...DATA_RECIPES[0], name: 'toy', strip: 1, maxUnpackedBytes: 1e6, expected };
    recipe = { ...base, url: server.url, archiveBytes: bytes.length, sha256, ...changes };
  }
  const get = (more: object = {}) => getDataSet(recipe, { outDir, retryDelayMs: 0, ...more });

  it('downloads over a broken connection, unpacks, counts, and leaves nothing else', async () => {
    await offer(GOOGLE_STYLE, { breakAfter: 100 });
    const phases = new Set<string>();
    const counts = await get({ onProgress: (phase: string) => phases.add(phase) });
    expect(counts).toEqual(recipe.expected);
    expect(server.ranges).toHaveLength(2);
    expect([...phases]).toEqual(['download', 'unpack']);
    expect(readFileSync(join(outDir, 'yes', 'a_nohash_0.wav'), 'utf8')).toBe('sound');
    const files = readdirSync(join(folder, 'source', 'set-1.0'));
    expect(readdirSync(outDir).sort()).toEqual([...files, 'ATTRIBUTION.txt'].sort());
    const dataSet = await openDataSet(outDir);
    expect(dataSet.attribution).toEqual([recipe.attribution]);
  });

  it('counts by manifests where there are any', async () => {
    const expected = { words: 2, clips: 3, train: 1, validation: 1, test: 1 };
    await offer(MANIFEST_STYLE, { expected, sha256: null, archiveBytes: null });
    expect(await get()).toEqual(expected);
  });

  it('only counts what is there already', async () => {
    await offer(GOOGLE_STYLE);
    await get();
    rmSync(join(outDir, 'ATTRIBUTION.txt'));
    expect(await get()).toEqual(recipe.expected);
    expect(server.ranges).toHaveLength(1);
    expect(readFileSync(join(outDir, 'ATTRIBUTION.txt'), 'utf8')).toBe(`${recipe.attribution}\n`);
  });

  it('goes on after a stop while unpacking', async () => {
    await offer(GOOGLE_STYLE);
    const controller = new AbortController();
    const onProgress = (phase: string) => phase === 'unpack' && controller.abort();
    await expect(get({ signal: controller.signal, onProgress })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(existsSync(join(outDir, 'yes'))).toBe(false);
    expect(await get()).toEqual(recipe.expected);
    expect(server.ranges).toHaveLength(1);
  });

  it('refuses another number of clips and fetches anew next time', async () => {
    await offer(GOOGLE_STYLE);
    const good = recipe;
    recipe = { ...good, expected: { ...good.expected, clips: 5 } };
    const failure = await get().catch((error) => error);
    expect(failure).toBeInstanceOf(DataSetError);
    expect(failure.code).toBe('wrong-counts');
    expect(failure.message).toBe('Cannot use toy: expected 5 clips, got 4');
    recipe = good;
    expect(await get()).toEqual(good.expected);
    expect(server.ranges).toHaveLength(2);
  });

  it('refuses a folder that holds something else', async () => {
    await offer(GOOGLE_STYLE);
    mkdirSync(outDir);
    writeFileSync(join(outDir, 'letter.txt'), 'mine');
    const failure = await get().catch((error) => error);
    expect(failure).toBeInstanceOf(DataSetError);
    expect(failure.code).toBe('output-not-empty');
    expect(readdirSync(outDir)).toEqual(['letter.txt']);
    expect(server.ranges).toHaveLength(0);
  });
});

describe('DATA_RECIPES', () => {
  it.each(DATA_RECIPES)('$name is told in full', (recipe) => {
    expect(recipe.url).toMatch(/^https:.*\.tar\.gz$/);
    expect(recipe.sha256 ?? recipe.checksumSource).toMatch(/^[0-9a-f]{64}$|^none published/);
    const { clips, train, validation, test } = recipe.expected;
    expect(train + validation + test).toBe(clips);
    expect(recipeByName(recipe.name)).toBe(recipe);
  });

  it('knows no other name', () => {
    expect(() => recipeByName('speech')).toThrow(
      expect.objectContaining({ name: 'ConfigError', code: 'unknown-data-set', value: 'speech' }),
    );
    expect(() => recipeByName('speech')).toThrow(ConfigError);
    expect(() => recipeByName('speech')).toThrow(/^Cannot get data: expected .*, got "speech"$/);
  });
});
