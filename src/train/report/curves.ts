/** Loss and accuracy over the epochs, drawn by uPlot in the reader's browser. */
import { Html, html, jsonForScript } from './html.js';
import type { EpochRecord } from './report-data.js';

/** Two charts; nothing when there is no history. */
export function renderCurves(history: readonly EpochRecord[], bestEpoch: number | undefined): Html {
  if (history.length === 0) return html``;
  return html`<section>
<h2>Learning</h2>
${bestEpoch !== undefined && html`<p class="note">The dashed line marks epoch ${bestEpoch}, whose weights were kept.</p>`}
<div class="pair">
<div class="card"><h3>Loss</h3><div class="chart" id="loss-chart"></div></div>
<div class="card"><h3>Accuracy</h3><div class="chart" id="accuracy-chart"></div></div>
</div>
<script type="application/json" id="history">${jsonForScript(columnsOf(history, bestEpoch))}</script>
</section>`;
}

function columnsOf(history: readonly EpochRecord[], bestEpoch: number | undefined): unknown {
  // JSON has no NaN: a loss that ran away leaves a gap.
  const column = (pick: (record: EpochRecord) => number | undefined) =>
    history.map((record) => {
      const value = pick(record);
      return value !== undefined && Number.isFinite(value) ? value : null;
    });
  return {
    epochs: history.map(({ epoch }) => epoch),
    trainLoss: column((record) => record.trainLoss),
    validationLoss: column((record) => record.validationLoss),
    trainAccuracy: column((record) => record.trainAccuracy),
    validationAccuracy: column((record) => record.validationAccuracy),
    bestEpoch: bestEpoch ?? null,
  };
}

/** The page's own script: draws the charts, redraws them when width or colours change, reads out cells of the confusion matrix. */
export const PAGE_SCRIPT = new Html(`(() => {
  const source = document.getElementById('history');
  if (source) {
    const data = JSON.parse(source.textContent);
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const percent = (value) => value == null ? '–' : (100 * value).toFixed(1) + ' %';
    const number = (value) => value == null ? '–' : value.toFixed(3);
    const bestLine = (plot) => {
      if (data.bestEpoch === null) return;
      const x = plot.valToPos(data.bestEpoch, 'x', true), { ctx, bbox } = plot;
      ctx.save();
      ctx.strokeStyle = colour('--accent'); ctx.setLineDash([4, 4]); ctx.lineWidth = devicePixelRatio;
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
      ctx.restore();
    };
    const axis = (values, size) => ({
      stroke: colour('--muted'), font: '12px system-ui', values, size,
      grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false },
    });
    const few = data.epochs.length < 40;
    const line = (label, stroke, width, value) => ({
      label, stroke, width, value: (_, raw) => value(raw), spanGaps: true,
      points: { show: few, size: 5, fill: stroke },
    });
    // The first epochs may be far off; they leave the picture rather than flatten all that follows.
    const cut = (least, most, values) => {
      const sorted = values.filter((entry) => entry !== null).sort((a, b) => a - b);
      const usual = 2.5 * sorted[Math.floor(0.8 * (sorted.length - 1))];
      const top = usual > 0 && usual < most ? usual : most;
      const margin = 0.05 * (top - least) || 0.5;
      return [least - margin, top + margin];
    };
    const draw = (id, train, validation, value, tick) => {
      const host = document.getElementById(id);
      const given = [['training', train, '--previous', 1.5], ['validation', validation, '--accent', 2]]
        .filter(([, values]) => values.some((entry) => entry !== null));
      host.replaceChildren();
      if (given.length === 0) { host.textContent = 'Not measured'; return; }
      new uPlot({
        width: host.clientWidth, height: 240, hooks: { draw: [bestLine] },
        cursor: { y: false, sync: { key: 'epochs' } },
        scales: { x: { time: false, range: (_, least, most) => least === most ? [least - 1, most + 1] : [least, most] },
          y: { range: (_, least, most) => least === null ? [0, 1] : cut(least, most, given.flatMap(([, values]) => values)) } },
        axes: [axis((_, ticks) => ticks.map((tick) => Number.isInteger(tick) ? tick : ''), 30), axis((_, ticks) => ticks.map(tick), 56)],
        series: [{ label: 'epoch', value: (_, raw) => raw == null ? '–' : String(raw) },
          ...given.map(([label, , stroke, width]) => line(label, colour(stroke), width, value))],
      }, [data.epochs, ...given.map(([, values]) => values)], host);
    };
    const drawAll = () => {
      draw('loss-chart', data.trainLoss, data.validationLoss, number, (tick) => String(+tick.toPrecision(6)));
      draw('accuracy-chart', data.trainAccuracy, data.validationAccuracy, percent, (tick) => +(100 * tick).toFixed(2) + ' %');
    };
    drawAll();
    let width = innerWidth;
    addEventListener('resize', () => { if (innerWidth !== width) { width = innerWidth; drawAll(); } });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  }
  const readout = document.querySelector('.readout');
  document.querySelector('.confusion')?.addEventListener('mouseover', (event) => {
    const cell = event.target.closest('td');
    if (cell && readout) readout.textContent = cell.title;
  });
})();`);
