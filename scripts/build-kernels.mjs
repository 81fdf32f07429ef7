/**
 * Compiles the AssemblyScript kernels and bundles the workers into TypeScript modules that hold them as text, so that
 * neither sources nor the package ever look for an asset. What is up to date is left as it is.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));

const COMMON = [
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--importMemory',
  '--enable',
  'simd',
  '--disableWarning',
  '112',
  '--disableWarning',
  '201',
];
const RELAXED = ['--enable', 'relaxed-simd'];
const STRICT = [];
/** Quantised networks give the same bits with both sets: nothing but whole numbers is relaxed. */
const EXACT = ['--use', 'EXACT=1'];
const SHARED = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];

/** One row a binary: the module written, the entry compiled, the flags beside the common ones. */
const BINARIES = [
  ['src/audio/generated/front-end-wasm.ts', 'assembly/front-end/front-end.ts', []],
  ['src/engine/wasm/generated/inference-strict.ts', 'assembly/inference.ts', STRICT],
  ['src/engine/wasm/generated/inference-relaxed.ts', 'assembly/inference.ts', RELAXED],
  ['src/engine/wasm/generated/inference-int8-strict.ts', 'assembly/inference-int8.ts', [...STRICT, ...EXACT]],
  [
    'src/engine/wasm/generated/inference-int8-relaxed.ts',
    'assembly/inference-int8.ts',
    [...RELAXED, ...EXACT],
  ],
  ['src/engine/wasm/generated/training-strict.ts', 'assembly/training.ts', STRICT],
  ['src/engine/wasm/generated/training-relaxed.ts', 'assembly/training.ts', RELAXED],
  ['src/engine/wasm/generated/training-shared-strict.ts', 'assembly/training.ts', [...STRICT, ...SHARED]],
  ['src/engine/wasm/generated/training-shared-relaxed.ts', 'assembly/training.ts', [...RELAXED, ...SHARED]],
];

/** Workers start from text (Node 20 cannot start a TypeScript worker): module written, entry bundled. */
const WORKERS = [
  ['src/train/generated/feature-worker.ts', 'src/train/features/worker.ts'],
  ['src/train/files/synthesis/generated/speech-worker.ts', 'src/train/files/synthesis/speech-worker.ts'],
];

/** Text of packages that the HTML report holds inside itself: module written, files joined (a licence as a comment). */
const TEXTS = [
  ['src/train/report/generated/uplot-script.ts', ['uplot/LICENSE', 'uplot/dist/uPlot.iife.min.js']],
  ['src/train/report/generated/uplot-style.ts', ['uplot/LICENSE', 'uplot/dist/uPlot.min.css']],
];

function filesUnder(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/[\\/]generated[\\/]/.test(path))
    .sort();
}

function digestOf(paths, extra) {
  const hash = createHash('sha256')
    .update(JSON.stringify(extra))
    .update(readFileSync(fileURLToPath(import.meta.url)));
  for (const path of paths) hash.update(path.slice(root.length)).update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}

/** Writes a module `export default '<text>'` unless one with the same digest is there. */
async function emit(target, digest, make) {
  const path = join(root, target);
  const stamp = `// Made by scripts/build-kernels.mjs from sources ${digest}; do not edit.`;
  if (existsSync(path) && readFileSync(path, 'utf8').startsWith(stamp)) return;
  const text = await make();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${stamp}\nconst text: string = ${JSON.stringify(text)};\nexport default text;\n`);
  console.error(`${target}: ${(text.length / 1000).toFixed(1)} kB of text`);
}

async function compile(entry, flags) {
  const outputs = new Map();
  const { error, stderr } = await asc
    .main([entry, '--outFile', 'out.wasm', ...COMMON, ...flags], {
      readFile: (name, base) =>
        existsSync(join(base, name)) ? readFileSync(join(base, name), 'utf8') : null,
      writeFile: (name, contents) => void outputs.set(name, contents),
      listFiles: () => [],
    })
    .then((result) => ({ ...result, stderr: String(result.stderr) }));
  if (error) throw new Error(`Cannot compile ${entry}: ${error.message}\n${stderr}`);
  return Buffer.from(outputs.get('out.wasm')).toString('base64');
}

async function bundle(entry) {
  const build = await rolldown({
    input: join(root, entry),
    platform: 'neutral',
    external: [/^node:/],
    // Meyda's CommonJS, as Node loads it: its ES modules import a package that it does not depend on.
    resolve: { mainFields: ['module', 'main'] },
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  return output[0].code;
}

function joinTexts(paths) {
  const text = (path) => readFileSync(path, 'utf8').trim();
  return paths.map((path) => (path.endsWith('LICENSE') ? `/*!\n${text(path)}\n*/` : text(path))).join('\n');
}

process.chdir(root);
const assembly = filesUnder('assembly');
for (const [target, entry, flags] of BINARIES) {
  if (!existsSync(join(root, entry))) continue;
  await emit(target, digestOf(assembly, [entry, flags]), () => compile(entry, flags));
}
const sources = [
  'errors.ts',
  'numerics',
  'audio',
  'train/features',
  'train/files/synthesis',
  'graph',
].flatMap((part) => (part.endsWith('.ts') ? [join(root, 'src', part)] : filesUnder(`src/${part}`)));
for (const [target, entry] of WORKERS) {
  if (!existsSync(join(root, entry))) continue;
  await emit(target, digestOf([...assembly, ...sources], entry), () => bundle(entry));
}
for (const [target, names] of TEXTS) {
  const paths = names.map((name) => join(root, 'node_modules', ...name.split('/')));
  await emit(target, digestOf(paths, names), () => joinTexts(paths));
}
