/** A network drawn stage by stage. */
import type { FrontEndConfig } from '../audio/front-end.js';
import type { Graph } from '../graph/graph.js';
import type { ReceptiveField } from '../graph/receptive-field.js';
import { type Routes, routesOf } from '../graph/routes.js';
import { type Stage, stagesOf } from '../graph/stages.js';
import { type Column, formatBytes, formatCount, formatTable } from './table.js';

/** One line: a stage, or the sum of some. */
interface Line {
  readonly name: string;
  readonly out: string;
  readonly parameters: number;
  /** None where a sum would be no clip's. */
  readonly macs?: number;
  readonly activationBytes: number;
  readonly sees: string;
  readonly made: string;
}

const COLUMNS: readonly Column<Line>[] = [
  { title: 'stage', cell: (line) => line.name },
  { title: 'output', cell: (line) => line.out },
  { title: 'parameters', cell: (line) => formatCount(line.parameters), align: 'right' },
  { title: 'MACs', cell: ({ macs }) => (macs === undefined ? '' : formatCount(macs)), align: 'right' },
  { title: 'training maps', cell: (line) => formatBytes(line.activationBytes), align: 'right' },
  { title: 'sees', cell: (line) => line.sees, align: 'right' },
  { title: 'made of', cell: (line) => line.made },
];

const LEGEND =
  'training maps: all maps of one clip, which training keeps for the gradients; answering reuses their memory.\n' +
  'sees: what of the input one number of the output depends on, gates aside.';

/**
 * A table of a network's stages with their sum; of a network that chooses, part by part, and what a clip costs on each way through.
 * Receptive fields are in ms × bands where the front end is known, else in positions.
 */
export function formatLayers(graph: Graph, frontEnd?: FrontEndConfig): string {
  const stages = stagesOf(graph);
  const routes = routesOf(graph);
  const lines = routes ? partLines(stages, frontEnd) : stages.map((stage) => lineOf(stage, frontEnd));
  const { macs, ...all } = sumOf('all', stages);
  const table = formatTable([...lines, routes ? all : { ...all, macs }], COLUMNS);
  return [table, ...(routes ? [formatWays(routes)] : []), LEGEND].join('\n\n');
}

/** Each part's sum with its stages below. */
function partLines(stages: readonly Stage[], frontEnd: FrontEndConfig | undefined): Line[] {
  const parts = [...new Set(stages.map(({ part }) => part))];
  return parts.flatMap((part) => {
    const members = stages.filter((stage) => stage.part === part);
    const indented = members.map((stage) => lineOf({ ...stage, name: `  ${stage.name}` }, frontEnd));
    return [sumOf(part ?? '', members), ...indented];
  });
}

function lineOf(stage: Stage, frontEnd: FrontEndConfig | undefined): Line {
  const sees = formatField(stage.receptiveField, frontEnd);
  return { ...stage, out: stage.shape.join(' × '), sees, made: formatOps(stage.ops) };
}

function sumOf(name: string, stages: readonly Stage[]): Line {
  const total = (key: 'parameters' | 'macs' | 'activationBytes') =>
    stages.reduce((sum, stage) => sum + stage[key], 0);
  const costs = {
    parameters: total('parameters'),
    macs: total('macs'),
    activationBytes: total('activationBytes'),
  };
  return { name, out: '', ...costs, sees: '', made: '' };
}

function formatWays({ branches, predictorMacs }: Routes): string {
  const table = formatTable(branches, [
    { title: 'one clip at', cell: (branch) => branch.resolution.join(' × ') },
    { title: 'MACs', cell: (branch) => formatCount(branch.macs + predictorMacs), align: 'right' },
    { title: 'of the branch', cell: (branch) => formatCount(branch.macs), align: 'right' },
    { title: 'of the predictor', cell: () => formatCount(predictorMacs), align: 'right' },
  ]);
  return `${table}\nParameters that branches share are counted in the first of them.`;
}

function formatField({ frames, bands }: ReceptiveField, frontEnd: FrontEndConfig | undefined): string {
  if (!frontEnd) return `${frames} × ${bands}`;
  const { windowSamples, hopSamples, sampleRateHz } = frontEnd;
  const ms = (1000 * (windowSamples + (frames - 1) * hopSamples)) / sampleRateHz;
  return `${Math.round(ms)} ms × ${bands}`;
}

/** "3 conv2d, 2 batchNorm" */
export function formatOps(ops: Readonly<Record<string, number>>): string {
  return Object.entries(ops)
    .map(([op, count]) => (count > 1 ? `${count} ${op}` : op))
    .join(', ');
}
