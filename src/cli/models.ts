/** `hearken models [NAME]`: which networks there are, what they cost, where they come from. */
import { type Command, Option } from 'commander';
import { DEFAULT_FRONT_END } from '../audio/front-end.js';
import { stagesOf } from '../graph/stages.js';
import { buildModel, describeModel, describeModels, type ModelRow } from '../models/models.js';
import { type Io, printResult } from './io.js';
import { formatCard } from './models-card.js';
import { formatLayers } from './models-layers.js';
import { formatList, listedParameters } from './models-list.js';
import { trainedCosts } from './models-trained.js';
import { integer } from './options.js';
import { UsageError } from './usage-error.js';

interface ModelsOptions extends Filter {
  readonly layers?: boolean;
  readonly json?: boolean;
}

/** Which networks to list; what is absent lets all pass. */
interface Filter {
  readonly domain?: ModelRow['domain'];
  readonly family?: string;
  readonly size?: NonNullable<ModelRow['size']>;
  readonly maxParameters?: number;
}

export function registerModels(program: Command, io: Io): void {
  program
    .command('models')
    .summary('list the networks, or show one of them')
    .description('Lists the networks that `train --model` takes, or shows one of them.')
    .argument('[name]', 'a network of the list')
    .option(
      '--layers',
      'stage by stage: shapes, parameters, multiply–accumulates, bytes of maps in training, receptive field',
    )
    .addOption(
      new Option('--domain <domain>', 'of the list, those for words or for images').choices([
        'speech',
        'image',
      ]),
    )
    .option('--family <name>', 'of the list, those of one family')
    .addOption(
      new Option('--size <size>', 'of the list, those of one size').choices(['tiny', 'small', 'base']),
    )
    .option('--max-parameters <n>', 'of the list, those of no more parameters than that', integer(1, 1e9))
    .option('--json', 'print one JSON value')
    .action((name: string | undefined, options: ModelsOptions) => showModels(name, options, io));
}

function showModels(name: string | undefined, options: ModelsOptions, io: Io): void {
  if (name === undefined) {
    if (options.layers) throw new UsageError('--layers needs the name of a network');
    const rows = selectRows(describeModels(), options);
    printResult(io, options, rows.map(jsonOf), () => formatList(rows));
    return;
  }
  const filtered = [options.domain, options.family, options.size, options.maxParameters];
  if (filtered.some((value) => value !== undefined))
    throw new UsageError(`--domain, --family, --size and --max-parameters are for the list, got ${name}`);
  const row = describeModel(name);
  if (options.layers) {
    const graph = buildModel(name);
    const frontEnd = row.domain === 'speech' ? DEFAULT_FRONT_END : undefined;
    printResult(
      io,
      options,
      [{ ...jsonOf(row), layers: stagesOf(graph) }],
      () => `${formatCard(row, trainedCosts(row))}\n\n${formatLayers(graph, frontEnd)}`,
    );
  } else printResult(io, options, [jsonOf(row)], () => formatCard(row, trainedCosts(row)));
}

/** @throws UsageError for a family that does not exist. */
function selectRows(rows: readonly ModelRow[], filter: Filter): ModelRow[] {
  const { domain, family, size, maxParameters } = filter;
  const families = [...new Set(rows.map((row) => row.family))];
  if (family !== undefined && !families.includes(family))
    throw new UsageError(`--family: expected one of ${families.join(', ')}, got ${family}`);
  return rows.filter(
    (row) =>
      (domain ?? row.domain) === row.domain &&
      (family ?? row.family) === row.family &&
      (size ?? row.size) === row.size &&
      (maxParameters === undefined || listedParameters(row) <= maxParameters),
  );
}

/** A row as JSON has it: `macs` of a DRNet is a list, one number a resolution; `trained` is what `train` makes of it. */
function jsonOf(row: ModelRow) {
  return { ...row, macs: row.routing?.macs ?? row.macs, trained: trainedCosts(row) };
}
