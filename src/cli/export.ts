/** `hearken export FILE --to FORMAT OUT`: a model file for runtimes that are not ours. */
import { type Command, Option } from 'commander';
import { readModelFile } from '../formats/files/read-model-file.js';
import { writeFileAtomic } from '../formats/files/write-file-atomic.js';
import { writeFolder } from '../formats/files/write-folder.js';
import type { Model } from '../formats/model.js';
import { exportOnnx } from '../formats/onnx/export-onnx.js';
import { exportTfjs } from '../formats/tfjs/export-tfjs.js';
import { formatBytes } from '../train/report/numbers.js';
import { checkOwnPlace } from './claim-output.js';
import { type Io, printResult } from './io.js';
import { UsageError } from './usage-error.js';

interface ExportOptions {
  readonly to: keyof typeof FORMATS;
  readonly withFrontEnd?: boolean;
  readonly json?: boolean;
}

/** Writes a model in one format; returns how many bytes that took. */
type WriteFormat = (model: Model, out: string, options: ExportOptions & { file: string }) => Promise<number>;

const FORMATS = {
  onnx: async (model, out, { file, withFrontEnd }) => {
    await checkOwnPlace('the export', out, [file]);
    const bytes = exportOnnx(model, { withFrontEnd });
    await writeFileAtomic(out, bytes);
    return bytes.length;
  },
  tfjs: async (model, out, { withFrontEnd }) => {
    if (withFrontEnd) throw new UsageError('--with-front-end goes with --to onnx alone');
    const files = { ...exportTfjs(model) };
    await writeFolder(out, files);
    return Object.values(files).reduce((sum, { length }) => sum + length, 0);
  },
} as const satisfies Record<string, WriteFormat>;

export function registerExport(program: Command, io: Io): void {
  program
    .command('export')
    .summary('write a model for other runtimes')
    .description('Writes a model for runtimes that are not ours: ONNX (opset 17), TensorFlow.js.')
    .argument('<file>', 'a model file')
    .argument('<out>', 'the file to write, or for tfjs the folder')
    .addOption(
      new Option('--to <format>', 'what to write').choices(Object.keys(FORMATS)).makeOptionMandatory(),
    )
    .option('--with-front-end', 'onnx: take raw 16 kHz samples instead of features')
    .option('--json', 'print one JSON value')
    .action((file: string, out: string, options: ExportOptions) => exportModel(file, out, options, io));
}

async function exportModel(file: string, out: string, options: ExportOptions, io: Io): Promise<void> {
  const model = await readModelFile(file, io.signal);
  const bytes = await FORMATS[options.to](model, out, { ...options, file });
  const value = { file, to: options.to, out, bytes, withFrontEnd: options.withFrontEnd === true };
  printResult(
    io,
    options,
    value,
    () => `wrote ${out} (${formatBytes(bytes)}): ${model.name} as ${options.to}`,
  );
}
