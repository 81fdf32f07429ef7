/**
 * The study of docs/models.md: every network of it trained by one recipe on the recorded sets, what each reached appended to
 * docs/results/*.jsonl, then the tables of the guide written anew. The same command goes on where it was stopped.
 *
 *   npm run study -- DATA [--work DIR] [--jobs N] [--tables]
 *
 * DATA holds `speech-commands` and `arabic-commands`; --work keeps models and checkpoints (default: study.work beside DATA);
 * --tables writes the tables from the results that are there and trains nothing. Relaxed kernels, so Node 22 or newer.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { GROUPS, PAIRS, ROUTING, SETS } from './support/study-plan.mjs';
import { modelFile, routedTraining, routingRows } from './support/study-routing.mjs';
import { comparisonTable, networkTables, routingTable, trainedAlike } from './support/study-tables.mjs';

const root = join(import.meta.dirname, '..');
const program = join(root, 'dist/cli/main.js');
const guide = join(root, 'docs/models.md');
const alike = join(root, 'src/models/trained-alike.json');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    work: { type: 'string' },
    jobs: { type: 'string', default: `${availableParallelism()}` },
    tables: { type: 'boolean', default: false },
  },
});
const [data] = positionals;
if (!data || !Object.values(SETS).every(({ folder }) => existsSync(join(data, folder)))) {
  const folders = Object.values(SETS).map(({ folder }) => folder);
  console.error(`Cannot study: expected a folder that holds ${folders.join(' and ')}, got ${data}`);
  process.exit(2);
}
if (Number.parseInt(process.versions.node, 10) < 22) {
  console.error(`Cannot study: expected Node 22 or newer, got ${process.version}`);
  process.exit(2);
}
const work = values.work ?? join(dirname(resolve(data)), 'study.work');

const routingFile = join(root, 'docs/results/routing.jsonl');

/** The file that results of a set are kept in. */
const resultsOf = (name) => join(root, 'docs/results', `${name}.jsonl`);

function sweep({ set, models, seeds }) {
  const { folder, labels } = SETS[set];
  const argv = ['sweep', join(data, folder), '--name', set, '--recipe', 'short', '--kernels', 'relaxed'];
  if (labels) argv.push('--labels', labels.join(','));
  argv.push('--models', models.join(','), '--seeds', seeds.join(','), '--jobs', values.jobs);
  argv.push('--results', resultsOf(set), '--work', join(work, set), '--json');
  run(argv);
}

/** A verb whose progress is shown; ends this program where it fails. */
function run(argv) {
  const { status } = spawnSync(process.execPath, [program, ...argv], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** One JSON value of a verb. */
function hearken(...argv) {
  return JSON.parse(execFileSync(process.execPath, [program, ...argv, '--json'], { encoding: 'utf8' }));
}

/** Adds what the choices of each DRNet were worth to their file, training those that are not there; what is there already stays. */
function studyRouting() {
  const { set, model, seeds, randomSeeds } = ROUTING;
  const folder = join(data, SETS[set].folder);
  const known = linesOf(routingFile);
  for (const seed of seeds) {
    if (known.some((row) => row.model === model && row.seed === seed)) continue;
    const file = join(work, set, `${model}-from-${ROUTING.backbone}-s${seed}.safetensors`);
    if (!existsSync(file)) {
      const trained = (name) => modelFile(work, { set, model: name, seed });
      const { backbone, predictor } = ROUTING;
      const places = { out: file, backbone: trained(backbone), predictor: trained(predictor), folder };
      run(routedTraining(places, { ...ROUTING, labels: SETS[set].labels, seed }));
    }
    const rows = routingRows({ model, seed, randomSeeds }, { file, folder, hearken });
    appendFileSync(routingFile, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
}

/** The objects of a JSONL file, none if it is not there. */
function linesOf(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** Puts text between the two comments that carry its name. */
function replacePart(page, name, text) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${guide}: expected ${start} and ${end}`);
  return `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(to)}`;
}

/** Milliseconds a clip by network: the best of three rounds, all networks in turn, because the machine's clock moves. */
function clipTimes(names) {
  const best = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < 3; round++) {
    for (const name of names) {
      const { clipMs } = hearken('bench', name, '--batch', '1', '--ms', '200', '--kernels', 'relaxed');
      best[name] = Math.min(best[name], clipMs);
    }
  }
  return best;
}

function writeTables() {
  const results = Object.keys(SETS).flatMap((name) => linesOf(resultsOf(name)));
  const names = [...new Set(results.map(({ model }) => model))];
  const clipMs = clipTimes(names);
  const sizes = Object.fromEntries(hearken('models', '--domain', 'speech').map((row) => [row.name, row]));
  const files = Object.keys(SETS)
    .map(resultsOf)
    .filter((file) => existsSync(file));
  const trials = (name) => results.filter(({ model }) => model === name).length;
  const trained = PAIRS.filter((pair) => pair.every((name) => trials(name) > 1));
  const comparisons = trained.flatMap((pair) => hearken('compare', ...files, '--pair', pair.join(':')));
  let page = readFileSync(guide, 'utf8');
  for (const [name, table] of Object.entries(networkTables(results, clipMs, sizes)))
    page = replacePart(page, name, table);
  page = replacePart(page, 'marks', comparisonTable(comparisons));
  page = replacePart(page, 'routing', routingTable(linesOf(routingFile)));
  write(guide, page);
  write(alike, trainedAlike(results.filter((result) => result.data === 'english-commands')));
}

function write(path, text) {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

if (!values.tables) {
  for (const group of GROUPS) sweep(group);
  studyRouting();
}
writeTables();
