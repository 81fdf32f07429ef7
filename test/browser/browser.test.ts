/** The package in Chromium, bundled as an app would bundle it: the same numbers as under Node. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AppServer, serveApp } from './serve-app.js';
import { runUnderNode, stageApp } from './stage-app.js';

const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
const missing = !existsSync(executablePath);
if (missing) console.info(`skipped: no Chromium at ${executablePath} (set CHROMIUM)`);

interface Job {
  readonly name: 'recognizeClip' | 'trainStep' | 'trainWords' | 'runText';
  readonly options?: {
    readonly threads?: number;
    readonly assets?: string;
    readonly featureWorkerUrl?: string;
  };
  /** Whether the fault is wanted rather than the result. */
  readonly fails?: boolean;
}

interface App {
  runTask(job: Job): Promise<unknown>;
  runInWorker(job: Job): Promise<unknown>;
}

let app: string;
let server: AppServer;
let browser: Browser;
let page: Page;
let expected: {
  scores: Record<string, number>;
  loss: number;
  gradients: Record<string, number[]>;
  digest: string;
};

beforeAll(async () => {
  if (missing) return;
  app = await mkdtemp(join(tmpdir(), 'hearken-browser-'));
  await stageApp(app);
  expected = await runUnderNode(app);
  server = await serveApp(app);
  browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  if (app) await rm(app, { recursive: true, force: true });
});

afterEach(() => page?.close());

async function open(policy: 'plain' | 'isolated' | 'strict'): Promise<void> {
  await page?.close();
  page = await browser.newPage();
  server.requests();
  await page.goto(`${server.origin}/${policy}/index.html`);
}

const inPage = (job: Job) => page.evaluate((given) => (globalThis as unknown as App).runTask(given), job);
const inWorker = (job: Job) =>
  page.evaluate((given) => (globalThis as unknown as App).runInWorker(given), job);
const PLACES = { page: inPage, worker: inWorker };
const places = Object.keys(PLACES) as (keyof typeof PLACES)[];

function expectScores(found: unknown): void {
  const scores = found as Record<string, number>;
  expect(Object.keys(scores)).toEqual(Object.keys(expected.scores));
  for (const [label, score] of Object.entries(expected.scores)) {
    expect(Math.abs(scores[label] - score), label).toBeLessThanOrEqual(1e-5);
  }
}

/** Strict kernels promise the same bytes on every machine and at any number of threads. */
function expectStep(found: unknown, workers: number): void {
  const { loss, gradients } = expected;
  expect(found).toEqual({ loss, gradients, workers });
}

describe.skipIf(missing)('the tasks under Node', () => {
  it('hear the word and find gradients', () => {
    const [label] = Object.entries(expected.scores).reduce((best, next) => (next[1] > best[1] ? next : best));
    expect(label).toBe('stop');
    expect(expected.loss).toBeGreaterThan(0.1);
    for (const [name, values] of Object.entries(expected.gradients)) {
      expect(values.some((value) => Math.abs(value) > 0) && values.every(Number.isFinite), name).toBe(true);
    }
  });
});

describe.skipIf(missing)('a page without special headers', () => {
  it.each(places)('recognises as Node does, in a %s', async (place) => {
    await open('plain');
    expectScores(await PLACES[place]({ name: 'recognizeClip' }));
  });

  it('trains as Node does, on the calling thread whatever is asked for', async () => {
    await open('plain');
    expect(await page.evaluate(() => typeof SharedArrayBuffer)).toBe('undefined');
    expectStep(await inPage({ name: 'trainStep', options: { threads: 2 } }), 0);
    const words = await inPage({ name: 'trainWords', options: { threads: 2 } });
    expect(words).toEqual({ digest: expected.digest, workers: 0 });
  });
});

describe.skipIf(missing)('a page that is cross-origin isolated', () => {
  it.each(places)('trains on two threads as Node does on one, in a %s', async (place) => {
    await open('isolated');
    expectStep(await PLACES[place]({ name: 'trainStep', options: { threads: 2 } }), 2);
  });
});

describe.skipIf(missing)("a page under script-src 'self' 'wasm-unsafe-eval'", () => {
  const assets = 'kernels/';

  it('forbids code from text', async () => {
    await open('strict');
    expect(await inPage({ name: 'runText', fails: true })).toMatchObject({ name: 'EvalError' });
    await open('isolated');
    expect(await inPage({ name: 'runText' })).toBe(1);
  });

  it('recognises with kernels from inside the bundle and from an address', async () => {
    await open('strict');
    expectScores(await inPage({ name: 'recognizeClip' }));
    expect(server.requests().filter((path) => path.endsWith('.wasm'))).toEqual([]);
    await open('strict');
    expectScores(await inPage({ name: 'recognizeClip', options: { assets } }));
    const kernels = server.requests().filter((path) => /inference/.test(path));
    expect(kernels).toEqual(['/strict/kernels/inference-strict.wasm']);
  });

  it.each(places)('trains on two threads with kernels and worker from addresses, in a %s', async (place) => {
    await open('strict');
    expectStep(await PLACES[place]({ name: 'trainStep', options: { threads: 2, assets } }), 2);
    const requests = server.requests();
    expect(requests).toContain('/strict/kernels/training-shared-strict.wasm');
    expect(requests).toContain('/strict/kernels/worker.js');
    expect(requests.filter((path) => /training.*\.js$/.test(path) && /strict-|relaxed/.test(path))).toEqual(
      [],
    );
  });

  it('trains a model whose file is that of Node to the byte', async () => {
    await open('strict');
    const options = { threads: 2, assets, featureWorkerUrl: 'kernels/feature-worker.js' };
    // Two for the network, one for the features.
    expect(await inPage({ name: 'trainWords', options })).toEqual({ digest: expected.digest, workers: 3 });
  });

  it('says what to do where the worker is text', async () => {
    await open('strict');
    expect(await inPage({ name: 'trainStep', options: { threads: 2 }, fails: true })).toMatchObject({
      name: 'EngineError',
      code: 'worker-failed',
      message: expect.stringContaining('assets'),
    });
  });

  it('names an address that has no kernels', async () => {
    await open('strict');
    const options = { assets: 'nowhere' };
    expect(await inPage({ name: 'recognizeClip', options, fails: true })).toEqual({
      name: 'EngineError',
      code: 'kernel-load',
      message: `Cannot load ${server.origin}/strict/nowhere/inference-strict.wasm: expected hearken's kernels, got status 404`,
    });
  });
});
