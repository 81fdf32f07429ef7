/** The plainer parts of the report: mistakes to listen to, the network's cost, the recordings, how to repeat it. */
import type { RoutingMetrics } from '../routing/routing-metrics.js';
import { dataUrl, type Html, html } from './html.js';
import { formatBytes, formatCount, formatPercent, formatShort } from './numbers.js';
import type { DataSetCounts, Fact, Mistake, NetworkCost } from './report-data.js';

const MOST_MISTAKES = 12;
const MOST_SKIPPED = 200;

/** The clips that fooled the network most, with a player each. */
export function renderMistakes(mistakes: readonly Mistake[]): Html {
  if (mistakes.length === 0) return html``;
  return html`<section>
<h2>Worst mistakes</h2>
<p class="note">The wrong answers given with most confidence. Listening often tells whether the clip, its label or the network is at fault.</p>
<ul class="mistakes">${mistakes.slice(0, MOST_MISTAKES).map(renderMistake)}</ul>
</section>`;
}

function renderMistake(mistake: Mistake): Html {
  return html`<li class="card"><div class="word">${mistake.actual} → <em>${mistake.heard}</em></div>
<p>${formatPercent(mistake.score)} sure of it; ${formatPercent(mistake.actualScore)} for ${mistake.actual}</p>
<p>${mistake.file}</p>
${mistake.wav && html`<audio controls preload="none" src="${dataUrl(mistake.wav, 'audio/wav')}"></audio>`}</li>
`;
}

/** How often each resolution was chosen, and what that cost. */
export function renderRouting(routing: RoutingMetrics | undefined): Html {
  if (!routing) return html``;
  return html`<section>
<h2>The resolutions</h2>
<p class="note">The network chooses for each clip at which resolution to look. A clip took ${formatShort(routing.meanMacs)} multiply–accumulates on average.</p>
<div class="card scroll"><table class="list"><thead><tr><th>time × frequency</th><th class="number">MACs</th>
<th class="number">clips</th><th class="number">share</th><th class="number">heard right</th></tr></thead>
<tbody>${routing.perResolution.map(
    (row) => html`<tr><td>${row.resolution.join(' × ')}</td><td class="number">${formatShort(row.macs)}</td>
<td class="number">${formatCount(row.clips)}</td><td class="number">${formatPercent(row.share)}</td>
<td class="number">${row.clips > 0 ? formatPercent(row.accuracy) : '–'}</td></tr>
`,
  )}</tbody></table></div>
</section>`;
}

/** What the network costs, in all and by stage. */
export function renderNetwork(network: NetworkCost): Html {
  return html`<section>
<h2>The network</h2>
<div class="card">
<dl class="facts" style="margin-top:0">${renderFacts([
    { name: 'Network', value: network.name },
    { name: 'Input (time × frequency × maps)', value: network.input },
    { name: 'Parameters', value: formatCount(network.parameters) },
    { name: 'Multiply–accumulates a clip', value: formatShort(network.macs) },
    { name: 'Maps in training, a clip', value: formatBytes(network.activationBytes) },
    ...(network.modelBytes === undefined
      ? []
      : [{ name: 'Model file', value: formatBytes(network.modelBytes) }]),
  ])}</dl></div>
<details class="card"><summary>Stage by stage</summary><div class="scroll">
<table class="list"><thead><tr><th>stage</th><th>made of</th><th>output</th>
<th class="number">parameters</th><th class="number">MACs</th><th class="number">training maps</th></tr></thead>
<tbody>${network.stages.map(
    (stage) => html`<tr><td>${stage.name}</td><td>${stage.ops}</td><td>${stage.shape}</td>
<td class="number">${formatCount(stage.parameters)}</td><td class="number">${formatShort(stage.macs)}</td>
<td class="number">${formatBytes(stage.activationBytes)}</td></tr>
`,
  )}</tbody></table></div></details>
</section>`;
}

/** Clips by label and split, noise, what was left out, whose recordings they are. */
export function renderDataSet(dataSet: DataSetCounts): Html {
  const totals = dataSet.splits.map((_, split) =>
    dataSet.rows.reduce((sum, row) => sum + row.clips[split], 0),
  );
  return html`<section>
<h2>The recordings</h2>
<p class="note">${describeDataSet(dataSet)}</p>
<div class="card scroll"><table class="list"><thead><tr><th>label</th>${dataSet.splits.map(
    (split) => html`<th class="number">${split}</th>`,
  )}</tr></thead>
<tbody>${dataSet.rows.map(
    (
      row,
    ) => html`<tr><td>${row.label}</td>${row.clips.map((clips) => html`<td class="number">${formatCount(clips)}</td>`)}</tr>
`,
  )}</tbody>
<tfoot><tr><td>all</td>${totals.map((clips) => html`<td class="number">${formatCount(clips)}</td>`)}</tr></tfoot></table></div>
${renderSkipped(dataSet.skipped)}
</section>`;
}

function describeDataSet({ name, noiseFiles, drawn = [], attribution = [] }: DataSetCounts): string {
  return [
    `${name}${noiseFiles > 0 ? `, with ${formatCount(noiseFiles)} recordings of background noise` : ''}.`,
    ...(drawn.length > 0
      ? [`Each epoch draws ${drawn.join(' and ')} anew, as many clips as a word has on average.`]
      : []),
    ...attribution,
  ].join(' ');
}

function renderSkipped(skipped: DataSetCounts['skipped']): Html {
  if (skipped.length === 0) return html`<p class="note" style="margin-top:14px">No file was left out.</p>`;
  return html`<details class="card"><summary>${formatCount(skipped.length)} ${
    skipped.length === 1 ? 'file' : 'files'
  } left out</summary><div class="scroll"><table class="list"><thead><tr><th>file</th><th>why</th></tr></thead>
<tbody>${skipped.slice(0, MOST_SKIPPED).map(({ file, reason }) => html`<tr><td>${file}</td><td>${reason}</td></tr>\n`)}</tbody></table>
${skipped.length > MOST_SKIPPED && html`<p class="note">and ${formatCount(skipped.length - MOST_SKIPPED)} more</p>`}</div></details>`;
}

/** The exact command and what else fixes the result. */
export function renderRepeat(command: string, settings: readonly Fact[]): Html {
  return html`<section>
<h2>To repeat this</h2>
<div class="card"><pre>${command}</pre><dl class="facts">${renderFacts(settings)}</dl></div>
</section>`;
}

function renderFacts(facts: readonly Fact[]): Html {
  return html`${facts.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}`;
}
