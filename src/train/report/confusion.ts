/** What was heard for what was said: the coloured matrix and the table by label. */
import type { Metrics } from '../metrics.js';
import { type Html, html } from './html.js';
import { formatCount, formatPercent } from './numbers.js';
import type { EvaluationResult } from './report-data.js';

const MANY_LABELS = 16;

/** Matrix and table; rows are what was said, columns what was heard. */
export function renderConfusion(evaluation: EvaluationResult): Html {
  const { labels } = evaluation;
  const { confusion } = evaluation.metrics;
  return html`<section>
<h2>What was heard</h2>
<p class="note">Each row is what was said, each column what the network heard. Colour is the share of the row, deepened so that rare mistakes show.</p>
<div class="card"><div class="scroll">
<table class="confusion${labels.length > MANY_LABELS && ' many'}">
<thead><tr><th></th>${labels.map((label) => html`<th scope="col"><span>${label}</span></th>`)}</tr></thead>
<tbody>${labels.map((label, row) => renderRow(label, labels, confusion[row], row))}</tbody>
</table></div><p class="readout">Point at a cell to read it</p></div>
</section>
<section>
<h2>Label by label</h2>
<div class="card scroll">${renderLabels(evaluation.metrics)}</div>
</section>`;
}

function renderRow(label: string, labels: readonly string[], counts: readonly number[], row: number): Html {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return html`<tr><th scope="row">${label}</th>${counts.map((count, column) =>
    renderCell(count, total, `“${label}” heard as “${labels[column]}”`, column === row),
  )}</tr>
`;
}

function renderCell(count: number, total: number, what: string, diagonal: boolean): Html {
  // The square root lifts 1 % to a tenth of the colour.
  const share = total === 0 ? 0 : Math.sqrt(count / total);
  const title = `${what}: ${formatCount(count)} of ${formatCount(total)}${total > 0 ? ` (${formatPercent(count / total)})` : ''}`;
  return html`<td${share > 0.6 && html` class="strong"`} style="--share:${(100 * share).toFixed(0)}%" title="${title}">${
    count > 0 || diagonal ? count : ''
  }</td>`;
}

/** The hardest labels first, those without clips last. */
function renderLabels({ perLabel, confusion }: Metrics): Html {
  const rows = perLabel.map((score, label) => ({
    ...score,
    heard: confusion.some((counts) => counts[label] > 0),
    instead: mostHeard(perLabel, confusion[label], label),
  }));
  rows.sort((a, b) => (a.clips ? a.recall : 2) - (b.clips ? b.recall : 2));
  return html`<table class="list"><thead><tr>
<th>label</th><th class="number">clips</th><th>heard right</th><th class="number">right when heard</th><th>most often heard instead</th>
</tr></thead><tbody>${rows.map(
    ({
      label,
      clips,
      recall,
      precision,
      heard,
      instead,
    }) => html`<tr><td>${label}</td><td class="number">${formatCount(clips)}</td>
<td>${clips === 0 ? '–' : renderBar(recall)}</td><td class="number">${formatPercent(heard ? precision : undefined)}</td><td>${instead}</td></tr>
`,
  )}</tbody></table>`;
}

function mostHeard(perLabel: Metrics['perLabel'], counts: readonly number[], actual: number): string {
  const wrong = counts.map((count, label) => (label === actual ? 0 : count));
  const most = Math.max(...wrong);
  return most === 0 ? '–' : `${perLabel[wrong.indexOf(most)].label} (${formatCount(most)})`;
}

function renderBar(share: number): Html {
  return html`<div class="bar"><i style="--share:${(100 * share).toFixed(1)}%"></i><span>${formatPercent(share)}</span></div>`;
}
