/** The package as a user gets it: built, packed, installed in an empty folder from the tarball, imported, run, bundled. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { type OutputChunk, rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { writeWav } from '../../src/audio/wav.js';
import { encodeModel } from '../../src/formats/model-file.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';
import { buildModel, MODELS } from '../../src/models/models.js';
import { loudnessModel, tone } from '../stream/loudness-model.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsdown = join(root, 'node_modules', 'tsdown', 'dist', 'run.mjs');
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const MAX_APP_BYTES = 150_000;
const SLOW_MS = 300_000;

let work: string;
/** What is published: the files that package.json names and the built dist. */
let staged: string;
/** An app that has installed the tarball. */
let app: string;

const exec = promisify(execFile);
const node = (args: string[], cwd = app) => exec(process.execPath, args, { cwd });

/** npm itself by its script where npm runs us, so that no shell is needed on Windows. */
function npm(args: string[], cwd: string) {
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js')) return exec(process.execPath, [script, ...args], { cwd });
  return exec('npm', args, { cwd, shell: process.platform === 'win32' });
}

/** Runs a module in the app's folder; it prints one JSON value. */
async function runInApp(name: string, source: string) {
  await writeFile(join(app, name), source);
  return JSON.parse((await node([name])).stdout);
}

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'hearken-package-'));
  staged = join(work, 'staged');
  app = join(work, 'app');
  await mkdir(app);
  // Built and packed apart: a training that runs from this checkout's dist must not lose its files.
  await node([tsdown, '--out-dir', join(staged, 'dist'), '--logLevel', 'error'], root);
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const names = ['package.json', 'LICENSE', 'README.md', ...files.filter((name: string) => name !== 'dist')];
  for (const name of names) {
    await cp(join(root, name), join(staged, name), { recursive: true }).catch(() => {});
  }
  await npm(['pack', '--ignore-scripts', '--pack-destination', work], staged);
  const tarball = (await readdir(work)).find((name) => name.endsWith('.tgz'))!;
  await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  await npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', join(work, tarball)], app);
  await writeFile(join(app, 'model.safetensors'), encodeModel(loudnessModel()));
  const clip = new Float32Array(16000);
  clip.set(tone(800, 0.5), 4800);
  await writeFile(join(app, 'clip.wav'), writeWav(clip, { sampleRateHz: 16000 }));
}, SLOW_MS);

afterAll(() => rm(work, { recursive: true, force: true }));

describe('the packed package', () => {
  it('pleases publint', async () => {
    const { messages } = await publint({ pkgDir: staged, level: 'suggestion' });
    const { default: packageJson } = await import('../../package.json', { with: { type: 'json' } });
    expect(messages.map((message) => formatMessage(message, packageJson, { color: false }))).toEqual([]);
  });

  it('holds what an app needs and no sources', async () => {
    const installed = join(app, 'node_modules', 'hearken');
    const found = await readdir(installed);
    expect(found).toEqual(expect.arrayContaining(['LICENSE', 'NOTICE', 'README.md', 'dist', 'package.json']));
    expect(found).not.toContain('src');
    expect(found).not.toContain('node_modules');
  });

  it('imports every entry', async () => {
    const names = await runInApp(
      'entries.js',
      `const keys = async (name) => Object.keys(await import(name));
       console.log(JSON.stringify(await Promise.all(['hearken', 'hearken/train', 'hearken/models'].map(keys))));`,
    );
    expect(names[0]).toEqual(expect.arrayContaining(['loadModel', 'readWav', 'HearkenError', 'verifyModel']));
    expect(names[1]).toEqual(expect.arrayContaining(['Trainer', 'openDataSet']));
    expect(names[2]).toEqual(expect.arrayContaining(['MODELS', 'buildModel', 'costsOf']));
  });

  it('hands out kernels and workers as files', async () => {
    const found = await runInApp(
      'kernels.js',
      `import { readdir, readFile } from 'node:fs/promises';
       const address = (file) => new URL(import.meta.resolve('hearken/kernels/' + file));
       const files = await readdir(new URL('.', address('worker.js')));
       const sound = async (file) => WebAssembly.validate(await readFile(address(file)));
       const binaries = files.filter((file) => file.endsWith('.wasm'));
       console.log(JSON.stringify({ files, sound: await Promise.all(binaries.map(sound)) }));`,
    );
    const binaries = ['inference', 'inference-int8', 'training', 'training-shared'].flatMap((kind) =>
      ['relaxed', 'strict'].map((set) => `${kind}-${set}.wasm`),
    );
    expect(found.files.sort()).toEqual(['feature-worker.js', ...binaries, 'worker.js'].sort());
    // Node 20 does not validate relaxed SIMD.
    expect(found.sound.filter(Boolean).length).toBeGreaterThanOrEqual(4);
  });

  it('recognises a clip with a model file', async () => {
    const found = await runInApp(
      'recognize.js',
      `import { readFile } from 'node:fs/promises';
       import { loadModel, readWav } from 'hearken';
       const recognizer = await loadModel('model.safetensors');
       const { samples, sampleRateHz } = readWav(await readFile('clip.wav'));
       console.log(JSON.stringify(recognizer.recognize(samples, sampleRateHz)));`,
    );
    expect(found).toMatchObject({ label: 'loud', startMs: 300, endMs: 350 });
  });

  it('recognises a recording with a model that it carries, in six lines', async () => {
    const found = await runInApp(
      'pretrained.js',
      `import { readFile } from 'node:fs/promises';
       import { loadModel, readWav } from 'hearken';
       const recognizer = await loadModel(new URL(import.meta.resolve('hearken/pretrained/english-commands')));
       const wav = await readFile('node_modules/hearken/data/mini/stop/slt_nohash_0.wav');
       const { samples, sampleRateHz } = readWav(wav);
       console.log(JSON.stringify(recognizer.recognize(samples, sampleRateHz).label));`,
    );
    expect(found).toBe('stop');
  });

  it('throws errors of the class that it exports', async () => {
    const found = await runInApp(
      'errors.js',
      `import { loadModel, ModelFileError } from 'hearken';
       const error = await loadModel('none.safetensors').catch((thrown) => thrown);
       console.log(JSON.stringify([error instanceof ModelFileError, error.name, error.code, error.message]));`,
    );
    const message = 'Cannot read none.safetensors: expected a file, got none of that name';
    expect(found).toEqual([true, 'ModelFileError', 'file-read', message]);
  });

  it('runs as npx hearken', async () => {
    const { stdout } = await npm(['exec', '--no', '--', 'hearken', 'models', '--json'], app);
    expect(JSON.parse(stdout).map((row: { name: string }) => row.name)).toEqual(Object.keys(MODELS));
  });

  it(
    'has types that stand on their own',
    async () => {
      await writeFile(
        join(app, 'typed.ts'),
        `import { loadModel, type Recognition, readWav } from 'hearken';
       import { MODELS, type Graph } from 'hearken/models';
       import { Trainer } from 'hearken/train';
       const { samples, sampleRateHz } = readWav(new Uint8Array());
       const heard: Recognition = (await loadModel('x')).recognize(samples, sampleRateHz);
       export const graph: Graph = MODELS[heard.label].build();
       export const trainer: typeof Trainer = Trainer;
       // @ts-expect-error A rate is needed.
       (await loadModel('x')).recognize(samples);`,
      );
      const compilerOptions = {
        types: [],
        lib: ['es2023', 'dom'],
        noEmit: true,
        strict: true,
        target: 'es2022',
      };
      for (const resolution of [
        { module: 'nodenext', moduleResolution: 'nodenext' },
        { module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true },
      ]) {
        const options = { ...compilerOptions, ...resolution };
        const project = JSON.stringify({ compilerOptions: options, files: ['typed.ts'] });
        await writeFile(join(app, 'tsconfig.json'), project);
        const { stdout } = await node([tsc, '--project', app]).catch((error) => error);
        expect(stdout, resolution.moduleResolution).toBe('');
      }
    },
    SLOW_MS,
  );
});

/** The chunks that a bundler for browsers makes of a module in the app's folder. */
async function bundleForBrowser(name: string, source: string): Promise<OutputChunk[]> {
  await writeFile(join(app, name), source);
  const warnings: string[] = [];
  const build = await rolldown({
    input: join(app, name),
    platform: 'browser',
    onLog: (level, log) => {
      if (level === 'warn') warnings.push(log.message);
    },
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  expect(warnings).toEqual([]);
  return output.filter((part) => part.type === 'chunk');
}

function expectNoNode(chunks: readonly OutputChunk[]): void {
  const names = chunks.map((chunk) => chunk.fileName);
  for (const chunk of chunks) {
    const outside = [...chunk.imports, ...chunk.dynamicImports].filter((name) => !names.includes(name));
    expect(outside, chunk.fileName).toEqual([]);
    expect(chunk.code).not.toMatch(/(from|import\()\s*["']node:|\brequire\(/);
  }
}

describe('a browser bundle of an app', () => {
  let entry: OutputChunk;
  let chunks: OutputChunk[];

  beforeAll(async () => {
    chunks = await bundleForBrowser(
      'page.js',
      `import { loadModel } from 'hearken';
       const recognizer = await loadModel(MODEL_URL);
       RESULT(recognizer.recognize(SAMPLES, 16000));`,
    );
    entry = chunks.find((chunk) => chunk.isEntry)!;
  }, SLOW_MS);

  /** The entry and what it imports at once; with the strict inference kernels, which it imports when started. */
  function loadedChunks(): OutputChunk[] {
    const kernels = chunks.find((chunk) => chunk.fileName.includes('inference-strict'));
    const queue = kernels ? [entry, kernels] : [entry];
    const loaded = new Set<OutputChunk>();
    for (let chunk = queue.pop(); chunk; chunk = queue.pop()) {
      loaded.add(chunk);
      queue.push(...chunks.filter((other) => chunk!.imports.includes(other.fileName) && !loaded.has(other)));
    }
    return [...loaded];
  }

  it('holds nothing of Node, Meyda, TensorFlow.js or training', () => {
    const modules = chunks
      .flatMap((chunk) => Object.keys(chunk.modules))
      .map((id) => id.split('\\').join('/'));
    expect(modules.some((id) => id.includes('/hearken/dist/'))).toBe(true);
    expect(
      modules.filter((id) => /meyda|tensorflow|tfjs|hearken\/dist\/(train|models|cli)/.test(id)),
    ).toEqual([]);
    expectNoNode(chunks);
    for (const { code } of chunks) expect(code).not.toMatch(/\bprocess\./);
  });

  it('is at most 150 kB with a tiny model, compressed', () => {
    const graph = buildModel('bc-resnet-1', { labels: 12 });
    const model = encodeModel({
      name: 'bc-resnet-1',
      graph,
      labels: Array.from({ length: 12 }, (_, i) => `word ${i}`),
      frontEnd: DEFAULT_FRONT_END,
      clipMs: 1000,
      parameters: initializeParameters(graph, 1),
      statistics: initializeStatistics(graph),
    });
    const code = gzipSync(
      loadedChunks()
        .map((chunk) => chunk.code)
        .join('\n'),
      { level: 9 },
    ).length;
    const file = gzipSync(model, { level: 9 }).length;
    console.info(`app bundle: ${code} bytes of code, ${file} bytes of bc-resnet-1, compressed`);
    expect(code).toBeGreaterThan(5000);
    expect(code + file).toBeLessThanOrEqual(MAX_APP_BYTES);
  });

  it('recognises with a model from an address', async () => {
    const folder = join(app, 'bundle');
    await mkdir(folder);
    for (const chunk of chunks) await writeFile(join(folder, chunk.fileName), chunk.code);
    const model = Buffer.from(encodeModel(loudnessModel())).toString('base64');
    const found = await runInApp(
      'run-bundle.js',
      `globalThis.MODEL_URL = 'data:application/octet-stream;base64,${model}';
       globalThis.SAMPLES = Float32Array.from({ length: 800 }, (_, i) => 0.5 * Math.sin(i));
       globalThis.RESULT = (value) => console.log(JSON.stringify(value));
       await import('./bundle/${entry.fileName}');`,
    );
    expect(found.label).toBe('loud');
  });
});

describe('a browser bundle of hearken/train and hearken/models', () => {
  it('reaches nothing of Node', async () => {
    const chunks = await bundleForBrowser(
      'train-page.js',
      `import { Trainer, trainModel } from 'hearken/train';
       import { buildModel } from 'hearken/models';
       RESULT(Trainer, trainModel, buildModel);`,
    );
    expectNoNode(chunks);
  });
});
