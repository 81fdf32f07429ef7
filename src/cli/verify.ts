/** `hearken verify FILE`: whether a model scores here as it did where it was trained. */
import type { Command } from 'commander';
import { createMeydaFrontEnd } from '../audio/meyda-front-end.js';
import { EngineError } from '../errors.js';
import { readModelFile } from '../formats/files/read-model-file.js';
import { type Verification, verifyModel } from '../stream/parity.js';
import { type Io, printResult } from './io.js';

export function registerVerify(program: Command, io: Io): void {
  program
    .command('verify')
    .summary('check that a model scores here as it did where it was trained')
    .description('Scores the clip inside a model file again, through both front ends, and compares.')
    .argument('<file>', 'a model file')
    .option('--json', 'print one JSON value')
    .action((file: string, options: { json?: boolean }) => verify(file, options, io));
}

async function verify(file: string, options: { json?: boolean }, io: Io): Promise<void> {
  const model = await readModelFile(file, io.signal);
  const results: Record<string, Verification> = {
    meyda: await verifyModel(model, { frontEnd: createMeydaFrontEnd(model.frontEnd) }),
    wasm: await verifyModel(model),
  };
  const difference = Math.max(...Object.values(results).map((result) => result.difference));
  const { tolerance, expected } = results.wasm;
  const agrees = difference <= tolerance;
  const found = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, result.found]));
  printResult(io, options, { file, agrees, difference, tolerance, expected, found }, () =>
    [
      `${file} scores here as where it was made: ${agrees ? 'yes' : 'no'}`,
      `largest difference of a score: ${difference.toExponential(1)} (${tolerance} is allowed)`,
    ].join('\n'),
  );
  if (!agrees) {
    throw new EngineError(
      'parity',
      `Cannot trust ${file} here: expected scores within ${tolerance} of those in the file, got a difference of ${difference.toPrecision(3)}`,
    );
  }
}
