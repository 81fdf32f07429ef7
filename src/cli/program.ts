/** The command line as data: one program, one verb a file. */
import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { registerBench } from './bench/bench.js';
import { registerCompare } from './compare.js';
import { registerData } from './data.js';
import { registerEvaluate } from './evaluate.js';
import { registerExport } from './export.js';
import { registerImport } from './import.js';
import { registerInspect } from './inspect.js';
import type { Io } from './io.js';
import { registerModels } from './models.js';
import { registerQuantize } from './quantize.js';
import { registerQuickstart } from './quickstart.js';
import { registerRecognize } from './recognize.js';
import { registerSweep } from './sweep.js';
import { registerSynthesize } from './synthesize.js';
import { registerTrain } from './train.js';
import { registerVerify } from './verify.js';

/** Adds one verb to the program. */
export type RegisterVerb = (program: Command, io: Io) => void;

const VERBS: readonly RegisterVerb[] = [
  registerTrain,
  registerEvaluate,
  registerRecognize,
  registerModels,
  registerInspect,
  registerVerify,
  registerQuantize,
  registerExport,
  registerImport,
  registerData,
  registerBench,
  registerSweep,
  registerCompare,
  registerSynthesize,
  registerQuickstart,
];

/** The program with all its verbs; it throws CommanderError where commander would exit. */
export function createProgram(io: Io): Command {
  const program = new Command('hearken')
    .description('Train small networks that spot words in recordings, and use them offline.')
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [verb]', 'show help on a verb')
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  for (const register of VERBS) register(program, io);
  return program;
}
