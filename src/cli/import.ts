/** `hearken import WEIGHTS --model NAME --labels … --out FILE`: weights trained elsewhere become a model file. */
import type { Command } from 'commander';
import { DEFAULT_FRONT_END, type FrontEndConfig } from '../audio/front-end.js';
import { createMeydaFrontEnd } from '../audio/meyda-front-end.js';
import { createWasmEngine } from '../engine/wasm/wasm-engine.js';
import { ConfigError } from '../errors.js';
import { readFile } from '../formats/files/read-file.node.js';
import { writeModelFile } from '../formats/files/write-model-file.js';
import { importBcResNet } from '../formats/import-bc-resnet.js';
import type { Model } from '../formats/model.js';
import { decodeSafetensors } from '../formats/safetensors.js';
import { costsOf } from '../graph/costs.js';
import { buildModel, modelEntry } from '../models/models.js';
import { addParity } from '../train/add-parity.js';
import { checkWritable } from './claim-output.js';
import { type Io, printResult } from './io.js';
import { commaList } from './options.js';
import { formatCount } from './table.js';

interface ImportOptions {
  readonly model: string;
  readonly labels: string[];
  readonly out: string;
  readonly licence?: string;
  readonly json?: boolean;
}

const FAMILY = 'bc-resnet';
const CLIP_MS = 1000;
/** The reference's mel bands reach from 0 Hz to half the rate. It pads clips at both ends, which only moves frames. */
const FRONT_END: FrontEndConfig = { ...DEFAULT_FRONT_END, lowHz: 0, highHz: 8000 };

export function registerImport(program: Command, io: Io): void {
  program
    .command('import')
    .summary('make a model of weights trained in PyTorch')
    .description(
      'Makes a model file of a BC-ResNet that the reference code in PyTorch (Qualcomm-AI-research/bcresnet) has trained, ' +
        'saved with safetensors: save_file(model.state_dict(), "weights.safetensors").',
    )
    .argument('<weights>', 'a safetensors file')
    .requiredOption('-m, --model <name>', 'which network it is: bc-resnet-1 … bc-resnet-8')
    .requiredOption(
      '-l, --labels <words>',
      'what its outputs stand for, in their order, parted by commas',
      commaList,
    )
    .requiredOption('-o, --out <file>', 'the model file to write')
    .option('--licence <text>', 'licence of the weights, kept in the model file')
    .option('--json', 'print one JSON value')
    .action((weights: string, options: ImportOptions) => importWeights(weights, options, io));
}

async function importWeights(weights: string, options: ImportOptions, io: Io): Promise<void> {
  const { model: name, labels, out, licence } = options;
  const { family } = modelEntry(name);
  if (family !== FAMILY) {
    const message = `Cannot import as ${name}: expected a network of the family ${FAMILY}, got ${family}`;
    throw new ConfigError('import-model', message, { value: name });
  }
  await checkWritable(out);
  const graph = buildModel(name, { labels: labels.length });
  const file = decodeSafetensors(await readFile(weights, io.signal), weights);
  const tensors = importBcResNet(file, graph, weights);
  const training = { importedFrom: 'PyTorch, Qualcomm-AI-research/bcresnet' };
  const model: Model = {
    ...{ name, graph, labels, frontEnd: FRONT_END, clipMs: CLIP_MS, ...tensors, training },
    ...(licence !== undefined && { licence }),
  };
  await writeModelFile(out, await withParity(model));
  const { parameters } = costsOf(graph);
  const value = { weights, out, model: name, labels, parameters };
  printResult(io, options, value, () => `wrote ${out}: ${name}, ${formatCount(parameters)} parameters`);
}

async function withParity(model: Model): Promise<Model> {
  const engine = await createWasmEngine({ kernels: 'strict' });
  try {
    return await addParity(model, engine, createMeydaFrontEnd(model.frontEnd));
  } finally {
    engine.dispose();
  }
}
