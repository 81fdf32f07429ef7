import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hearken } from './fake-io.js';
import { stageCli } from './stage-cli.js';
import { writeTinyWords } from './tiny-words.js';

let folder: string;
let words: string;
let main: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-sweep-'));
  words = join(folder, 'words');
  writeTinyWords(words);
  const staged = join(folder, 'staged');
  mkdirSync(staged);
  main = stageCli(staged);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs here; its trainings are processes of the staged command. */
async function sweep(results: string, ...flags: string[]) {
  const script = process.argv[1];
  process.argv[1] = main;
  try {
    return await hearken('sweep', words, '--results', results, '--models', 'bc-resnet-1', ...flags);
  } finally {
    process.argv[1] = script;
  }
}

const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('hearken sweep', () => {
  it('trains on some words though a result on all is there, and neither twice', async () => {
    const results = join(folder, 'words.jsonl');
    const runs: [string[], string][] = [
      [[], '1 of 1 trials'],
      [['--labels', 'rise,fall'], '1 of 1 trials'],
      [['--labels', 'rise,fall'], '0 of 1 trials'],
      [[], '0 of 1 trials'],
    ];
    for (const [flags, told] of runs) {
      const { code, stderr } = await sweep(results, '--epochs', '1', ...flags);
      expect([code, stderr]).toEqual([0, expect.stringContaining(told)]);
    }
    const [all, few] = linesOf(results);
    expect(linesOf(results)).toHaveLength(2);
    expect(all).toMatchObject({ data: 'words', labels: 3 });
    expect(all).not.toHaveProperty('only');
    // Two words, unknown and silence.
    expect(few).toMatchObject({ data: 'words', only: 'rise,fall', labels: 4 });
    expect(readdirSync(`${results}.work`)).toHaveLength(2);
    expect((await sweep(results, '--epochs', '1')).stdout).toMatch(/^words +rise,fall +bc-resnet-1 /m);
  });

  it('trains as many at a time as there are cores, by its help once', async () => {
    const { stdout } = await hearken('sweep', '--help');
    const jobs = stdout.slice(stdout.indexOf('--jobs'), stdout.indexOf('--kernels'));
    expect(jobs.match(/default/g)).toHaveLength(1);
    expect(jobs.replace(/\s+/g, ' ')).toContain('(default: one a core)');
  });

  it.each([
    [['--seeds', '1,01'], 'Expected each seed once.'],
    [['--seeds', '1,2,1'], 'once'],
    [['--name', '../../x'], 'Expected a name that can be part of a file’s'],
    [['--name', 'a/b'], 'part of a file’s'],
    [['--name', 'a\\b'], 'part of a file’s'],
    [['--name', '..'], 'part of a file’s'],
  ])('takes %j for misuse', async (flags, message) => {
    const results = join(folder, 'misuse.jsonl');
    const { code, stderr } = await sweep(results, ...flags);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(readdirSync(folder).filter((name) => name.startsWith(basename(results)))).toEqual([]);
  });

  it('refuses results in a folder or a file of something else, and makes nothing', async () => {
    const place = join(folder, 'place');
    mkdirSync(place);
    const foreign = join(folder, 'foreign.json');
    writeFileSync(foreign, '{"some":"json"}');
    const ran = await sweep(place);
    expect([ran.code, ran.stderr]).toEqual([
      1,
      `error: Cannot write ${place}: expected a place to write to, got a folder of that name (EISDIR)\n`,
    ]);
    expect(await sweep(foreign)).toMatchObject({
      code: 1,
      stderr: `error: Cannot read ${foreign}: expected a trial's result in line 1, got ${JSON.stringify('{"some":"json"}')}\n`,
    });
    expect(readFileSync(foreign, 'utf8')).toBe('{"some":"json"}');
    expect(readdirSync(folder).filter((name) => name.endsWith('.work') && !name.startsWith('words'))).toEqual(
      [],
    );
  });

  // Windows has neither process groups nor a Ctrl-C that one process could send to others.
  it.skipIf(process.platform === 'win32')('saves every training at a terminal’s Ctrl-C', async () => {
    const results = join(folder, 'stopped.jsonl');
    const flags = ['--models', 'bc-resnet-1', '--seeds', '1,2', '--epochs', '5000', '--jobs', '2'];
    const argv = [main, 'sweep', words, '--results', results, ...flags];
    // A process group of its own: what a terminal sends SIGINT to.
    const child = spawn(process.execPath, argv, { detached: true, stdio: 'ignore' });
    const ended = exitOf(child);
    const work = `${results}.work`;
    const checkpoints = () =>
      (existsSync(work) ? readdirSync(work) : []).map((name) => join(work, name)).filter(isBegun);
    try {
      await vi.waitFor(() => expect(checkpoints()).toHaveLength(2), { timeout: 60_000, interval: 50 });
    } finally {
      process.kill(-child.pid!, 'SIGINT');
    }
    expect(await ended).toBe(130);
    // No half of a checkpoint, and no lock of a process that could not clean up.
    expect(checkpoints().map((checkpoint) => readdirSync(checkpoint))).toEqual([
      ['last.safetensors'],
      ['last.safetensors'],
    ]);
  });
});

const isBegun = (checkpoint: string) => existsSync(join(checkpoint, 'last.safetensors'));

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((done, fail) => child.on('close', done).on('error', fail));
}
