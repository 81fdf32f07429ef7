/** `hearken quickstart`: the whole way from words to a model that hears them, on synthetic voices or on one's own folder. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { makeFolders } from '../formats/files/make-folders.js';
import { openDataSet } from '../train/files/open-data-set.js';
import { FLITE_VOICES, type Voice } from '../train/files/synthesis/voices.js';
import { fileExists } from './claim-output.js';
import { type Io, note } from './io.js';
import { commaList, integer } from './options.js';
import { speakWithProgress } from './synthesize.js';
import { UsageError } from './usage-error.js';

/** Commands that differ in more than a sound. */
const WORDS = ['yes', 'stop', 'cancel', 'computer', 'lights', 'music', 'timer', 'weather'] as const;
const CLIPS_OF_EACH_WORD = 160;
/** The speaker that is never trained on, and tests. The other three all train: of so few none can be spared to validate. */
const UNHEARD = 'awb';
const MODEL = 'ghost-25k';
const EPOCHS = 35;
const SHOWN = 4;

interface QuickstartOptions {
  readonly data?: string;
  readonly labels?: string[];
  readonly out: string;
  readonly seed: number;
  readonly epochs?: number;
  readonly threads?: number;
}

export function registerQuickstart(program: Command, io: Io): void {
  program
    .command('quickstart')
    .summary('the whole way once: words, training, a model, a report')
    .description(
      'Speaks a set of commands with synthetic voices, trains a Ghost network, evaluates it on a voice it never heard ' +
        'and recognises a few recordings. With --data the same on your own recordings.',
    )
    .option('--data <dir>', 'your own recordings, as for `train`, instead of synthetic voices')
    .option(
      '-l, --labels <words>',
      'with --data: words to keep, parted by commas; the rest becomes _unknown_',
      commaList,
    )
    .option(
      '--out <dir>',
      'where model, report and spoken words go; an earlier quickstart there is replaced',
      'quickstart',
    )
    .option('--seed <n>', 'another seed, another run', integer(0), 1)
    .option('--epochs <n>', 'times to go through the recordings (default: what suits them)', integer(1))
    .option('--threads <n>', 'threads to train with (default: one a core)', integer(1))
    .action((options: QuickstartOptions) => quickstart(program, options, io));
}

async function quickstart(program: Command, options: QuickstartOptions, io: Io): Promise<void> {
  const { out, labels } = options;
  if (labels && options.data === undefined) throw new UsageError('--labels needs --data');
  const run = (...argv: string[]) => program.parseAsync(argv, { from: 'user' });
  const model = join(out, 'words.safetensors');
  await makeFolders(out);
  const data = options.data ?? (await speak(join(out, 'recordings'), options, io));
  note(io, `\n2. Training ${MODEL}`);
  await run('train', data, '--out', model, '--model', MODEL, '--restart', ...trainingFlags(options));
  const heard = await evaluationFiles(data, labels, io);
  note(io, `\n3. Evaluating on ${heard.what}`);
  await run('evaluate', model, data, '--split', heard.split, '--report', join(out, 'evaluation.html'));
  note(io, '\n4. Recognising a few of them');
  await run('recognize', model, ...heard.files);
  note(io, nextSteps(out, model, options.data !== undefined));
}

/** Every voice but the unheard one is needed to train on; of one's own recordings some speakers validate. */
function trainingFlags({ data, labels, seed, epochs, threads }: QuickstartOptions): string[] {
  const length = epochs ?? (data === undefined ? EPOCHS : undefined);
  return [
    ...['--seed', `${seed}`],
    ...(length === undefined ? [] : ['--epochs', `${length}`]),
    ...(threads === undefined ? [] : ['--threads', `${threads}`]),
    ...(labels ? ['--labels', labels.join(',')] : []),
    ...(data === undefined ? ['--no-validation'] : []),
  ];
}

/** Speaks the words; the folder of an earlier quickstart makes room. Returns the folder. */
async function speak(folder: string, { seed }: QuickstartOptions, io: Io): Promise<string> {
  note(io, `1. Speaking ${WORDS.length} words, ${CLIPS_OF_EACH_WORD} clips each, with the voices of Flite`);
  if (await fileExists(join(folder, 'synthesis.json'))) await rm(folder, { recursive: true });
  await speakWithProgress(io, WORDS, {
    outDir: folder,
    clips: CLIPS_OF_EACH_WORD,
    seed,
    voices: FLITE_VOICES.map(
      (voice): Voice => ({ ...voice, split: voice.speaker === UNHEARD ? 'test' : 'train' }),
    ),
  });
  return folder;
}

/** The split to evaluate on (test, or validation where there is no test), and a few files of different words in it. */
async function evaluationFiles(data: string, labels: readonly string[] | undefined, { signal }: Io) {
  const { test, validation } = await openDataSet(data, { signal, labels });
  const [split, clips] = test.length > 0 ? (['test', test] as const) : (['validation', validation] as const);
  const known = clips.filter(({ word }) => labels?.includes(word) ?? true);
  const byWord = new Map(known.map((clip) => [clip.word, clip]));
  const files = [...byWord.values()].slice(0, SHOWN).map(({ file }) => file);
  const speakers = new Set(clips.map(({ speaker }) => speaker)).size;
  return {
    split,
    files,
    what: `${clips.length} clips of ${speakers === 1 ? 'a voice' : `${speakers} voices`} it never heard`,
  };
}

function nextSteps(out: string, model: string, isOwn: boolean): string {
  const train = isOwn
    ? ''
    : '\nOn your own recordings (a folder a word):\n  hearken quickstart --data FOLDER\n  hearken train FOLDER --out words.safetensors\n';
  return `
model    ${model}
reports  ${join(out, 'words.html')} (training), ${join(out, 'evaluation.html')} (evaluation)
${train}
Hear your own voice: record a word as WAV, then
  hearken recognize ${model} RECORDING.wav
From a clone, \`hearken\` is \`npm run -s hearken --\`.`;
}
