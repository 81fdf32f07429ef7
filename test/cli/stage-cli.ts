/** The command built from the sources into a folder of its own, for what needs processes: `sweep` starts this very program again. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsdown = join(root, 'node_modules', 'tsdown', 'dist', 'run.mjs');

/** Builds into an empty folder; returns the script to run. */
export function stageCli(folder: string): string {
  const out = join(folder, 'dist');
  execFileSync(process.execPath, [tsdown, '--no-dts', '--out-dir', out, '--logLevel', 'error'], {
    cwd: root,
    stdio: 'ignore',
  });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return join(out, 'cli', 'main.js');
}
