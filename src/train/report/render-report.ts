/** The report of a training or an evaluation: one HTML file that opens offline. */
import { renderConfusion } from './confusion.js';
import { PAGE_SCRIPT, renderCurves } from './curves.js';
import uplotScript from './generated/uplot-script.js';
import uplotStyle from './generated/uplot-style.js';
import { Html, html } from './html.js';
import { formatCount, formatPercent, formatShort } from './numbers.js';
import type { Fact, ReportData } from './report-data.js';
import { renderDataSet, renderMistakes, renderNetwork, renderRepeat, renderRouting } from './sections.js';
import { STYLE } from './style.js';

/** Nothing may be fetched, whatever a label or a file name says. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; media-src data:; img-src data:";

/** The whole page as text; labels, file names and commands are escaped. The same data give the same text. */
export function renderReport(data: ReportData): string {
  const history = data.history ?? [];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${data.title} · hearken</title>
<style>${history.length > 0 && new Html(uplotStyle)}${new Html(STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">${data.kind === 'training' ? 'Training report' : 'Evaluation report'}</p>
<h1>${data.title}</h1>
<dl class="numbers">${headline(data).map(({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>
${renderCurves(history, data.bestEpoch)}
${data.evaluation && renderConfusion(data.evaluation)}
${renderMistakes(data.mistakes ?? [])}
${renderRouting(data.routing)}
${renderNetwork(data.network)}
${renderDataSet(data.dataSet)}
${renderRepeat(data.command, data.settings)}
<footer>Made by hearken. Everything on this page is inside the file; charts by uPlot (MIT, © Leon Sorokin).</footer>
</main>
${history.length > 0 && html`<script>${new Html(uplotScript)}</script>`}
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`.text;
}

function headline(data: ReportData): Fact[] {
  const facts: Fact[] = [];
  if (data.evaluation) {
    const { split, metrics } = data.evaluation;
    const { accuracy, correct, clips } = metrics;
    facts.push({ name: `${split} accuracy`, value: formatPercent(accuracy, 2) });
    facts.push({ name: 'heard right', value: `${formatCount(correct)} / ${formatCount(clips)}` });
  }
  if (data.history?.length) facts.push({ name: 'epochs', value: formatCount(data.history.length) });
  facts.push({ name: 'parameters', value: formatCount(data.network.parameters) });
  const { routing, network } = data;
  if (routing) facts.push({ name: 'mean MACs a clip', value: formatShort(routing.meanMacs) });
  else facts.push({ name: 'MACs a clip', value: formatShort(network.macs) });
  return facts;
}
