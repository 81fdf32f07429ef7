/** `hearken inspect FILE`: what a model file holds. */
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import type { FrontEndConfig } from '../audio/front-end.js';
import { readModelFile } from '../formats/files/read-model-file.js';
import type { Model } from '../formats/model.js';
import { costsOf } from '../graph/costs.js';
import { isWeighted, nodesByName } from '../graph/graph.js';
import { stagesOf } from '../graph/stages.js';
import { formatBytes, formatCount } from '../train/report/numbers.js';
import { type Io, printResult } from './io.js';
import { formatLayers } from './models-layers.js';
import { macsOf } from './routing-options.js';

interface InspectOptions {
  readonly layers?: boolean;
  readonly json?: boolean;
}

export function registerInspect(program: Command, io: Io): void {
  program
    .command('inspect')
    .summary('show what a model file holds')
    .description('Shows what a model file holds: network, labels, front end, how it was trained.')
    .argument('<file>', 'a model file')
    .option('--layers', 'stage by stage: shapes, parameters, multiply–accumulates, bytes of maps in training')
    .option('--json', 'print one JSON value')
    .action((file: string, options: InspectOptions) => inspect(file, options, io));
}

async function inspect(file: string, options: InspectOptions, io: Io): Promise<void> {
  const model = await readModelFile(file, io.signal);
  const { size } = await stat(file);
  const value = {
    file,
    bytes: size,
    name: model.name,
    labels: model.labels,
    input: nodesByName(model.graph).get(model.graph.inputs[0])!.shape,
    ...costsOf(model.graph),
    macs: macsOf(model.graph),
    clipMs: model.clipMs,
    frontEnd: model.frontEnd,
    training: model.training ?? null,
    attribution: model.attribution ?? [],
    licence: model.licence ?? null,
    parity: model.parity !== undefined,
    weights: model.quantization ? 'int8' : 'float32',
    ...(options.layers && { layers: stagesOf(model.graph) }),
  };
  printResult(io, options, value, () => {
    const text = formatModel(model, value);
    return options.layers ? `${text}\n\n${formatLayers(model.graph, model.frontEnd)}` : text;
  });
}

interface Figures {
  readonly file: string;
  readonly bytes: number;
  readonly input: readonly number[];
  readonly parameters: number;
  /** Of a network that chooses its resolution, a list. */
  readonly macs: number | readonly number[];
  readonly activationBytes: number;
}

function formatModel(model: Model, figures: Figures): string {
  const rows: [string, string][] = [
    ['file', `${figures.file} (${formatBytes(figures.bytes)})`],
    ['network', model.name],
    ['labels', `${model.labels.length}: ${model.labels.join(', ')}`],
    ['input', `${figures.input.join(' × ')} (time × frequency × maps), ${model.clipMs} ms`],
    ['front end', formatFrontEnd(model.frontEnd)],
    ['parameters', `${formatCount(figures.parameters)}${formatWeights(model)}`],
    ['MACs', [figures.macs].flat().map(formatCount).join(', ')],
    ['training maps', formatBytes(figures.activationBytes)],
    ...Object.entries(model.training ?? {}).map(([key, value]): [string, string] => [
      `trained: ${key}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
    ...(model.attribution ?? []).map((line): [string, string] => ['data by', line]),
    ['licence', model.licence ?? 'none stated'],
    ['parity clip', model.parity ? 'yes (hearken verify)' : 'none'],
  ];
  const width = Math.max(...rows.map(([key]) => key.length));
  return rows.map(([key, value]) => `${key.padEnd(width)}  ${value}`).join('\n');
}

/** How weights are kept, where not as float32. */
function formatWeights({ quantization, graph }: Model): string {
  if (!quantization) return '';
  const layers = graph.nodes.filter(isWeighted).length;
  const products = Object.keys(quantization.grids).length;
  return `, weights int8; ${products} of ${layers} layers multiply integers`;
}

function formatFrontEnd(config: FrontEndConfig): string {
  const ms = (samples: number) => (1000 * samples) / config.sampleRateHz;
  return [
    `${config.bands} mel bands ${config.lowHz}–${config.highHz} Hz`,
    `${ms(config.windowSamples)} ms windows every ${ms(config.hopSamples)} ms`,
    config.compression.kind === 'pcen' ? 'PCEN' : 'log',
    ...(config.mfcc ? [`${config.mfcc.coefficients} MFCC`] : []),
    ...(config.deltas ? ['Δ, ΔΔ'] : []),
  ].join(', ');
}
