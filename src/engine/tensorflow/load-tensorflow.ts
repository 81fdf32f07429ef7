/** Finds the TensorFlow.js that the user has installed. */
import { EngineError } from '../../errors.js';
import type { TensorFlow } from './tensorflow.js';

/** Native first. */
const PACKAGES: readonly string[] = ['@tensorflow/tfjs-node', '@tensorflow/tfjs'];

/**
 * The namespace of the first package that is installed, in production mode (it prints nothing). `packages`: names, or folders
 * of packages; default: what the environment variable HEARKEN_TFJS says alone, else tfjs-node, else tfjs.
 * @throws EngineError with what to install if none is there, or if one is there and does not load.
 */
export async function importTensorflow(packages = wantedPackages()): Promise<TensorFlow> {
  for (const name of packages) {
    if (name.includes('-node')) restoreNodeUtil();
    const tf = await importPackage(name);
    if (tf) {
      tf.enableProdMode();
      return tf;
    }
  }
  throw new EngineError(
    'tensorflow-missing',
    `Cannot start the tensorflow engine: expected one of ${packages.join(', ')} to be installed, got none; ` +
      `${adviceFor(packages)}, or use the wasm engine`,
    { value: packages },
  );
}

function adviceFor(packages: readonly string[]): string {
  return packages.some(isFolder)
    ? 'let HEARKEN_TFJS name the folder of a package'
    : `run "npm install ${packages.at(-1)}"`;
}

function wantedPackages(): readonly string[] {
  const wanted = onNode() ? process.env.HEARKEN_TFJS : undefined;
  return wanted ? [wanted] : PACKAGES;
}

async function importPackage(name: string): Promise<TensorFlow | undefined> {
  try {
    // The name stands in a variable so that bundlers leave it alone: these packages are optional.
    const loaded = await import(/* @vite-ignore */ /* webpackIgnore: true */ moduleOf(name));
    return 'tidy' in loaded ? loaded : loaded.default;
  } catch (error) {
    if (isMissing(error, name)) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new EngineError(
      'tensorflow-broken',
      `Cannot load ${name}: expected a working installation, got: ${reason}; install it again or remove it`,
      { value: name, cause: error },
    );
  }
}

/** What to import: a name as it is, of a folder the package's main file. */
function moduleOf(name: string): string {
  if (!isFolder(name)) return name;
  const main = process.getBuiltinModule('node:module').createRequire(name).resolve(name);
  return process.getBuiltinModule('node:url').pathToFileURL(main).href;
}

function isFolder(name: string): boolean {
  return onNode() && process.getBuiltinModule('node:path').isAbsolute(name);
}

function onNode(): boolean {
  return typeof process !== 'undefined' && Boolean(process.versions?.node);
}

/** Whether the package itself was not found, rather than a part of it. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message = '' } = error as { code?: string; message?: string };
  const notFound =
    code === 'ERR_MODULE_NOT_FOUND' ||
    code === 'MODULE_NOT_FOUND' ||
    error instanceof TypeError ||
    // What Vite puts in the place of an optional peer that is not installed.
    message.startsWith('Could not resolve');
  return notFound && (message.includes(`'${name}'`) || message.includes(`"${name}"`));
}

/** tfjs-node 4.22 calls functions of `node:util` that Node 23 took away; they have to be there before it loads. */
function restoreNodeUtil(): void {
  if (!onNode()) return;
  // Not an import: bundlers for browsers would follow it.
  const util = process.getBuiltinModule('node:util') as unknown as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
