/** The project's sources as one module, so that benches measure what is checked out, not what was last built. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ALIASES = {
  '#start-worker': join(root, 'src', 'engine', 'wasm', 'threads', 'start-worker.node.ts'),
  '#read-file': join(root, 'src', 'formats', 'files', 'read-file.node.ts'),
};

/**
 * Bundles what the files at `paths` (from the project's root) export; packages stay outside and resolve, for the module
 * lies beside `node_modules`. Returns its path and what removes it.
 */
export async function bundleSources(paths) {
  const folder = mkdtempSync(join(root, 'node_modules', '.bench-'));
  const file = join(folder, 'sources.mjs');
  const entry = '\0bench';
  const lines = paths.map((path) => `export * from ${JSON.stringify(join(root, path))};`).join('\n');
  const plugin = {
    name: 'entry',
    resolveId: (id) => (id === entry ? id : undefined),
    load: (id) => (id === entry ? lines : undefined),
  };
  const build = await rolldown({
    input: entry,
    plugins: [plugin],
    platform: 'node',
    resolve: { alias: ALIASES },
    external: [/^node:/, 'meyda', /^@tensorflow\//, 'audio-decode'],
  });
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
