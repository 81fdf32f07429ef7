/** `hearken synthesize WORD… --out DIR`: a data set spoken by synthetic voices. */
import type { Command } from 'commander';
import { type SynthesisResult, synthesizeWords } from '../train/files/synthesis/synthesize-words.js';
import { FLITE_VOICES, voicesByName } from '../train/files/synthesis/voices.js';
import { type Io, note, printResult } from './io.js';
import { commaList, integer } from './options.js';
import { createProgress, type Progress } from './progress.js';
import { formatCount } from './table.js';

interface SynthesizeOptions {
  readonly out: string;
  readonly clips: number;
  readonly seed: number;
  readonly voices?: string[];
  readonly threads?: number;
  readonly noise: boolean;
  readonly json?: boolean;
}

export function registerSynthesize(program: Command, io: Io): void {
  const voices = FLITE_VOICES.map(({ name }) => name).join(', ');
  program
    .command('synthesize')
    .summary('a data set of words, spoken by synthetic voices')
    .description(
      'Speaks words into a folder that `train` can read. Each voice varies its rate, pitch and level; no speaker ' +
        'stands in two splits, and the speakers of the test split are never trained on.',
    )
    .argument('<words...>', 'the words; in quotes where one is several: "hey computer"')
    .requiredOption('--out <dir>', 'a new or empty folder')
    .option('--clips <n>', 'clips of each word, over all voices', integer(1), 160)
    .option('--seed <n>', 'another seed speaks in another manner', integer(0), 1)
    .option(
      '--voices <names>',
      `some of ${voices}, or espeak:LANGUAGE with @echogarden/espeak-ng-emscripten installed`,
      commaList,
    )
    .option('--threads <n>', 'how many speak at a time (default: one a core)', integer(1))
    .option('--no-noise', 'leave out `_background_noise_`')
    .option('--json', 'print one JSON value')
    .action((words: string[], options: SynthesizeOptions) => synthesize(words, options, io));
}

async function synthesize(words: string[], options: SynthesizeOptions, io: Io): Promise<void> {
  const voices = options.voices ? voicesByName(options.voices) : FLITE_VOICES;
  const result = await speakWithProgress(io, words, {
    outDir: options.out,
    clips: options.clips,
    seed: options.seed,
    voices,
    threads: options.threads,
    noise: options.noise,
  });
  if (result.longestMs > 1000)
    note(
      io,
      `The longest clip takes ${Math.ceil(result.longestMs)} ms; training looks at 1000 unless told otherwise`,
    );
  printResult(io, options, { out: options.out, words, ...result }, () =>
    describe(words, options.out, result),
  );
}

/** `synthesizeWords` under a progress bar of `io`, stopped by its signal. */
export async function speakWithProgress(
  io: Io,
  words: readonly string[],
  options: Parameters<typeof synthesizeWords>[1],
): Promise<SynthesisResult> {
  let progress: Progress | undefined;
  try {
    return await synthesizeWords(words, {
      ...options,
      signal: io.signal,
      onProgress: (done, total) => {
        progress ??= createProgress(io, { label: 'speaking', total, unit: 'utterances' });
        progress.update(done);
      },
    });
  } finally {
    progress?.finish();
  }
}

function describe(words: readonly string[], out: string, { clips, speakers }: SynthesisResult): string {
  const list = (names: readonly string[]) => names.join(', ') || 'nobody';
  return (
    `${formatCount(clips)} clips of ${words.length} words in ${out}\n` +
    `trained on ${list(speakers.train)}; validated with ${list(speakers.validation)}; tested with ${list(speakers.test)}`
  );
}
