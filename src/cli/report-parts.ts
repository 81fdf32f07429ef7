/** Turns what a verb holds (graph, data set, predictions) into the plain data of a report. */
import { relative, resolve } from 'node:path';
import { writeFileAtomic } from '../formats/files/write-file-atomic.js';
import { costsOf } from '../graph/costs.js';
import { type Graph, nodesByName } from '../graph/graph.js';
import { routesOf } from '../graph/routes.js';
import { stagesOf } from '../graph/stages.js';
import type { DataSet, SplitName } from '../train/data-set.js';
import { renderReport } from '../train/report/render-report.js';
import type { DataSetCounts, NetworkCost, ReportData } from '../train/report/report-data.js';
import { formatOps } from './models-layers.js';

/** Costs of a graph, in all and stage by stage; of one that chooses its resolution, MACs of the largest and of the choice. */
export function networkCost(graph: Graph, name: string, modelBytes: number): NetworkCost {
  const routes = routesOf(graph);
  return {
    name,
    input: nodesByName(graph).get(graph.inputs[0])!.shape.join(' × '),
    ...costsOf(graph),
    ...(routes && { macs: Math.max(...routes.branches.map(({ macs }) => macs)) + routes.predictorMacs }),
    modelBytes,
    stages: stagesOf(graph).map((stage) => ({
      ...stage,
      name: stage.part === undefined ? stage.name : `${stage.part}: ${stage.name}`,
      ops: formatOps(stage.ops),
      shape: stage.shape.join(' × '),
    })),
  };
}

/** Clips by label in the splits named. */
export function dataSetCounts(dataSet: DataSet, name: string, splits: readonly SplitName[]): DataSetCounts {
  return {
    name,
    splits,
    rows: dataSet.labels.map((label, index) => ({
      label,
      clips: splits.map((split) => dataSet[split].filter((clip) => clip.label === index).length),
    })),
    noiseFiles: dataSet.noiseFiles.length,
    drawn: splits.includes('train') ? drawnLabels(dataSet) : [],
    attribution: dataSet.attribution,
    skipped: dataSet.skipped,
  };
}

function drawnLabels({ labels, unknownLabel, silenceLabel }: DataSet): string[] {
  return [unknownLabel, silenceLabel].flatMap((label) => (label === undefined ? [] : [labels[label]]));
}

/** The command line as it can be typed again; words with signs that a shell would take are quoted. */
export function commandLine(argv: readonly string[]): string {
  const quote = (word: string) =>
    /^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
  return ['hearken', ...argv.map(quote)].join(' ');
}

/** A recording's path below the data set's folder, with `/` on every system. */
export function shortPath(dir: string, file: string): string {
  return relative(resolve(dir), resolve(file)).replaceAll('\\', '/');
}

/** Renders and writes a report; whole or not at all. @throws HearkenError `file-write` */
export async function writeReport(path: string, data: ReportData): Promise<void> {
  await writeFileAtomic(path, renderReport(data));
}
