/** The tables of docs/models.md, as Markdown. */

const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
const percent = (part) => `${(100 * part).toFixed(1)} %`;
const points = (part) => `${part < 0 ? '−' : '+'}${Math.abs(100 * part).toFixed(2)}`;

function groupBy(list, keyOf) {
  const groups = new Map();
  for (const item of list) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function table(titles, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(titles), `|${titles.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** One table a set and size, by the name of its place in the guide: `english-commands tiny`. The most accurate network first. */
export function networkTables(results, clipMs, entries) {
  const sizeOf = ({ parameters }) => (parameters <= 60_000 ? 'tiny' : 'small');
  const groups = groupBy(results, (result) => `${result.data} ${sizeOf(result)}`);
  return Object.fromEntries(
    [...groups].map(([place, own]) => {
      const rows = [...groupBy(own, ({ model }) => model)].map(([model, trials]) =>
        rowOf(model, trials, { clipMs: clipMs[model], family: entries[model].family }),
      );
      rows.sort((a, b) => b.accuracy - a.accuracy);
      const titles = ['network', 'family', 'parameters', 'MACs', 'µs a clip', 'validation', 'by seed'];
      return [
        place,
        table(
          titles,
          rows.map(({ cells }) => cells),
        ),
      ];
    }),
  );
}

function rowOf(model, trials, { clipMs, family }) {
  const [{ parameters, macs }] = trials;
  const accuracies = trials.toSorted((a, b) => a.seed - b.seed).map(({ validation }) => validation.accuracy);
  const accuracy = mean(accuracies);
  const cells = [
    `\`${model}\``,
    family,
    parameters.toLocaleString('en'),
    `${(macs / 1e6).toFixed(2)} M`,
    `${Math.round(1000 * clipMs)}`,
    percent(accuracy),
    accuracies.length > 1 ? accuracies.map((one) => (100 * one).toFixed(1)).join(', ') : '',
  ];
  return { accuracy, cells };
}

/** What `hearken compare --json` says, a row a pair. */
export function comparisonTable(comparisons) {
  const rows = comparisons.map(({ model, rival, pairs, mean: difference, interval, verdict }) => [
    `\`${model}\``,
    `\`${rival}\``,
    pairs.map((pair) => points(pair.difference)).join(', '),
    points(difference),
    interval.map(points).join(' to '),
    verdict,
  ]);
  return table(['network', 'rival', 'differences by set and seed', 'mean', '95 % interval', 'verdict'], rows);
}

/** Ways to choose a resolution, a row each: mean over seeds. */
export function routingTable(lines) {
  const rows = [...groupBy(lines, ({ model, by }) => JSON.stringify([model, by]))].map(([, trials]) => {
    const [{ model, by, shares }] = trials;
    const seeds = [...groupBy(trials, ({ seed }) => seed).values()];
    const accuracies = seeds.map((own) => mean(own.map(({ accuracy }) => accuracy)));
    return [
      `\`${model}\``,
      by,
      `${(mean(trials.map(({ meanMacs }) => meanMacs)) / 1e6).toFixed(1)} M`,
      percent(mean(accuracies)),
      accuracies.map((one) => (100 * one).toFixed(1)).join(', '),
      shares.map((_, i) => percent(mean(trials.map((trial) => trial.shares[i])))).join(', '),
    ];
  });
  const titles = ['network', 'resolution', 'mean MACs', 'validation', 'by seed', 'shares, the largest first'];
  return table(titles, rows);
}

/** Clips right by seed, for `hearken models`. */
export function trainedAlike(results) {
  const [{ validation }] = results;
  const lines = [...groupBy(results, ({ model }) => model)].map(([model, trials]) => {
    const correct = trials.toSorted((a, b) => a.seed - b.seed).map((trial) => trial.validation.correct);
    return `    ${JSON.stringify(model)}: [${correct.join(', ')}]`;
  });
  return `{\n  "clips": ${validation.clips},\n  "correct": {\n${lines.join(',\n')}\n  }\n}\n`;
}
