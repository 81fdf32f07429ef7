/** An app in a folder of its own that has the built package installed, and what a bundler for browsers makes of it. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../..', import.meta.url));
const exec = promisify(execFile);

/** Fills an empty folder: the app's sources, the package in node_modules, the bundle in `bundle`. */
export async function stageApp(app: string): Promise<void> {
  const installed = join(app, 'node_modules', 'hearken');
  await mkdir(installed, { recursive: true });
  const tsdown = join(root, 'node_modules', 'tsdown', 'dist', 'run.mjs');
  const flags = ['--out-dir', join(installed, 'dist'), '--logLevel', 'error', '--no-dts'];
  await exec(process.execPath, [tsdown, ...flags], { cwd: root });
  for (const name of ['package.json', 'pretrained', join('data', 'mini')]) {
    await cp(join(root, name), join(installed, name), { recursive: true });
  }
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    await symlink(join(root, 'node_modules', name), join(app, 'node_modules', name), 'junction');
  }
  await cp(fileURLToPath(new URL('app', import.meta.url)), app, { recursive: true });
  await writeFile(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }');
  await bundle(app);
}

async function bundle(app: string): Promise<void> {
  const warnings: string[] = [];
  const build = await rolldown({
    cwd: app,
    input: { page: './page.js', worker: './worker.js' },
    platform: 'browser',
    onLog: (level, { message }) => void (level === 'warn' && warnings.push(message)),
  });
  await build.write({ dir: join(app, 'bundle'), format: 'esm', minify: true });
  await build.close();
  if (warnings.length > 0) throw new Error(`Cannot bundle without warnings: got ${warnings.join('\n')}`);
}

/** What the tasks give under Node. */
export async function runUnderNode(app: string) {
  const { stdout } = await exec(process.execPath, ['node.js'], { cwd: app, maxBuffer: 1e8 });
  return JSON.parse(stdout);
}

/** A file that the app's server hands out: of the bundle, of the package or its kernels. */
export async function readServed(app: string, path: string): Promise<Buffer | undefined> {
  const folders = [join(app, 'bundle'), join(app, 'node_modules', 'hearken')];
  if (path.startsWith('kernels/')) folders.push(join(app, 'node_modules', 'hearken', 'dist'));
  for (const folder of folders) {
    const bytes = await readFile(join(folder, path)).catch(() => undefined);
    if (bytes) return bytes;
  }
  return undefined;
}
