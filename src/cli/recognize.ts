/** `hearken recognize FILE WAV…`: the label of each recording. */
import type { Command } from 'commander';
import { decodeAudio } from '../audio/decode.js';
import { HearkenError } from '../errors.js';
import { readFile } from '../formats/files/read-file.node.js';
import type { Recognition, Recognizer } from '../stream/recognizer.js';
import { type Io, note, printResult } from './io.js';
import { addFrontEndOption, type FrontEndName, openRecognizer } from './open-recognizer.js';
import { type Column, formatPercent, formatShort, formatTable } from './table.js';

interface RecognizeOptions {
  readonly frontEnd: FrontEndName;
  readonly json?: boolean;
}

interface Row extends Recognition {
  readonly file: string;
}

export function registerRecognize(program: Command, io: Io): void {
  const command = program
    .command('recognize')
    .summary('name the word in each recording')
    .description('Names the word in each recording; in a long one the best stretch counts.')
    .argument('<file>', 'a model file')
    .argument('<recordings...>', 'WAV files (FLAC, MP3 and OGG where audio-decode is installed)');
  addFrontEndOption(command)
    .option('--json', 'print one JSON value')
    .action((file: string, recordings: string[], options: RecognizeOptions) =>
      recognizeAll(file, recordings, options, io),
    );
}

/** Goes on past recordings that cannot be read, and fails at the end if there were any. */
async function recognizeAll(
  file: string,
  recordings: readonly string[],
  options: RecognizeOptions,
  io: Io,
): Promise<void> {
  const recognizer = await openRecognizer(file, options.frontEnd, io.signal);
  const rows: Row[] = [];
  try {
    for (const recording of recordings) {
      io.signal.throwIfAborted();
      const row = await recognizeFile(recognizer, recording, io);
      if (row) rows.push(row);
    }
  } finally {
    recognizer.dispose();
  }
  if (rows.length > 0 || options.json) printResult(io, options, rows, () => formatRows(rows));
  const failed = recordings.length - rows.length;
  if (failed > 0) {
    throw new HearkenError(
      'unreadable-recordings',
      `Cannot recognise all recordings: expected ${recordings.length} that can be read, got ${failed} that cannot`,
    );
  }
}

async function recognizeFile(recognizer: Recognizer, file: string, io: Io): Promise<Row | undefined> {
  try {
    const { samples, sampleRateHz } = await decodeAudio(await readFile(file), file);
    return { file, ...recognizer.recognize(samples, sampleRateHz) };
  } catch (error) {
    if (!(error instanceof HearkenError)) throw error;
    note(io, `error: ${error.message}`);
    return undefined;
  }
}

/** Of networks that choose their resolution. */
const ROUTE_COLUMNS: readonly Column<Row>[] = [
  { title: 'looked at', cell: ({ route }) => route?.resolution.join(' × ') ?? '' },
  { title: 'MACs', cell: ({ route }) => (route ? formatShort(route.macs) : ''), align: 'right' },
];

function formatRows(rows: readonly Row[]): string {
  return formatTable(rows, [
    { title: 'file', cell: (row) => row.file },
    { title: 'label', cell: (row) => row.label },
    { title: 'score', cell: (row) => formatPercent(row.score), align: 'right' },
    { title: 'from', cell: (row) => `${(row.startMs / 1000).toFixed(2)} s`, align: 'right' },
    { title: 'to', cell: (row) => `${(row.endMs / 1000).toFixed(2)} s`, align: 'right' },
    { title: 'next best', cell: (row) => nextBest(row) },
    ...(rows.some(({ route }) => route) ? ROUTE_COLUMNS : []),
  ]);
}

function nextBest({ label, scores }: Row): string {
  const others = Object.entries(scores).filter(([other]) => other !== label);
  const [name, score] = others.reduce((best, next) => (next[1] > best[1] ? next : best));
  return `${name} ${formatPercent(score)}`;
}
