import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hearken } from './cli/fake-io.js';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The fenced blocks of a language, in order. */
function blocksOf(language: string): string[] {
  return [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
    .filter(([, name]) => name === language)
    .map(([, , text]) => text);
}

/** Source files in the place of the package, so that snippets run without a build. */
const DOORS: Readonly<Record<string, string>> = { hearken: 'src/index.ts', 'hearken/train': 'src/train.ts' };

let folder: string;
let before: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-readme-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'hearken'), 'junction');
  cpSync(join(root, 'data', 'mini'), join(folder, 'recordings'), { recursive: true });
  before = process.cwd();
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a snippet as a module; returns what it printed. */
async function runSnippet(source: string, name: string): Promise<string[]> {
  const doors = source.replace(
    /from '(hearken[^']*)'/g,
    (_, door) => `from '${pathToFileURL(join(root, DOORS[door])).href}'`,
  );
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, doors);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await import(/* @vite-ignore */ pathToFileURL(file).href);
    return log.mock.calls.map((call) => call.join(' '));
  } finally {
    log.mockRestore();
  }
}

describe('README', () => {
  it('has at most 150 lines, and says how to install by line 14', () => {
    const lines = readme.split('\n');
    expect(lines.length).toBeLessThanOrEqual(150);
    expect(lines.findIndex((line) => line.startsWith('npm install'))).toBeLessThan(14);
  });

  it('hears the word of its first program', async () => {
    const [program] = blocksOf('js');
    const [, shown] = /console\.log\(.*\); \/\/ (.*)/.exec(program)!;
    expect(await runSnippet(program, 'first')).toEqual([shown]);
  });

  it('trains, evaluates and recognises from the command line', async () => {
    const commands = blocksOf('sh')
      .flatMap((block) => block.split('\n'))
      .filter((line) => line.startsWith('npx hearken'));
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      const words = command.replace(/#.*/, '').trim().split(/\s+/).slice(2);
      const files = words.flatMap((word) =>
        word === 'recordings/yes/*.wav' ? ['recordings/yes/slt_nohash_0.wav'] : [word],
      );
      // As written, but for the length: this is no test of accuracy.
      const short = words[0] === 'train' ? ['--epochs', '2', '--threads', '1'] : [];
      const { code, stderr } = await hearken(...files, ...short);
      expect([command, code, code === 0 ? '' : stderr]).toEqual([command, 0, '']);
    }
  });

  it('trains from TypeScript', async () => {
    const program = blocksOf('js')[1].replace('engine, threads: 2', 'engine, recipe, threads: 1');
    expect(program).toContain('recipe');
    const short = `import { recipeFor } from 'hearken/train';\nconst recipe = { ...recipeFor('ghostnet-tiny'), epochs: 1 };\n`;
    await runSnippet(short + program, 'training');
    expect(readFileSync(join(folder, 'words.safetensors')).length).toBeGreaterThan(10_000);
  });

  it('names only files that are there', () => {
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target);
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) expect(readFileSync(join(root, link)).length, link).toBeGreaterThan(0);
  });
});
