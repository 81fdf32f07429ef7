import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { costsOf } from '../src/graph/costs.js';
import type { ModelEntry } from '../src/models/models.js';

const folder = mkdtempSync(join(tmpdir(), 'hearken-contributing-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The family file of the guide, its imports made those of the sources. */
function familyFile(): string {
  const guide = readFileSync('CONTRIBUTING.md', 'utf8');
  const block = /^ {3}```ts\n([\s\S]*?)\n {3}```$/m.exec(guide)![1];
  const models = resolve('src/models');
  return block
    .replaceAll(/^ {3}/gm, '')
    .replaceAll(
      /from '(\.[^']*)\.js'/g,
      (_, path: string) => `from ${JSON.stringify(resolve(models, `${path}.ts`))}`,
    );
}

describe('CONTRIBUTING', () => {
  it('shows a family that builds as it stands, with the parameters its row states', async () => {
    const file = join(folder, 'plain-stack.ts');
    writeFileSync(file, familyFile());
    const { PLAIN_STACKS }: { PLAIN_STACKS: readonly ModelEntry[] } = await import(file);
    const [entry] = PLAIN_STACKS;
    // The figures of the test that the guide shows.
    const parameters = 9 * 16 + 32 + 9 * 16 * 32 + 64 + 32 * 12 + 12;
    const macs = 49 * 20 * 9 * 16 + 25 * 10 * 9 * 16 * 32 + 32 * 12;
    expect(costsOf(entry.build())).toMatchObject({ parameters, macs });
    expect([PLAIN_STACKS.length, entry.name, entry.parameters]).toEqual([1, 'plain-stack-tiny', parameters]);
  });
});
