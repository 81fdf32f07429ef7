/** Packages of the peers, in a folder of their own: `HEARKEN_BENCH_CACHE` or `.cache/hearken-bench` in the home folder. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const cacheFolder = process.env.HEARKEN_BENCH_CACHE ?? join(homedir(), '.cache', 'hearken-bench');

/**
 * The folder under which `packages` (`name@version`) are installed, installed now if need be and allowed.
 * @throws Error saying why there is none
 */
export function installPackages(label, packages, { install = true, env = {} } = {}) {
  const folder = join(cacheFolder, label);
  const folderOf = (item) => join(folder, 'node_modules', ...item.slice(0, item.lastIndexOf('@')).split('/'));
  const missing = packages.filter((item) => !existsSync(join(folderOf(item), 'package.json')));
  if (missing.length === 0) return folder;
  if (!install) throw new Error(`not installed, and --no-install was given (${missing.join(' ')})`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  console.error(`Installing ${packages.join(' ')} in ${folder} …`);
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages];
  const { status, stderr, error } = spawnSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm install failed: ${error ?? stderr.trim().split('\n').at(-1)}`);
  return folder;
}
