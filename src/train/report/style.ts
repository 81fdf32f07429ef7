/** How the report looks: system fonts, one accent colour, light and dark by the reader's setting, narrow screens, paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #ffffff; --ink: #1d2125; --muted: #667079; --line: #e3e5e8; --soft: #f1f3f4;
  --accent: #0b7a75; --accent-ink: #ffffff; --previous: #a3abb2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1b1f23; --ink: #e6e9eb; --muted: #98a2aa; --line: #2e343a; --soft: #23282d;
    --accent: #3cc4b8; --accent-ink: #08201e; --previous: #6b757d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
header p { margin: 4px 0 0; color: var(--muted); }
h1 { margin: 0; font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { margin: 48px 0 14px; font-size: 20px; letter-spacing: -0.01em; }
h3 { margin: 0 0 10px; font-size: 15px; font-weight: 600; }
.note { color: var(--muted); font-size: 14px; margin: 0 0 14px; max-width: 72ch; }
.eyebrow { color: var(--accent); font-size: 13px; font-weight: 600; letter-spacing: 0.04em; margin: 0 0 6px; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px; margin: 28px 0 0; padding: 0; }
.numbers div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.numbers dt { color: var(--muted); font-size: 13px; }
.numbers dd { margin: 2px 0 0; font-size: 22px; font-weight: 600; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.numbers div:first-child dd { color: var(--accent); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px; }
.chart { min-height: 260px; }
.uplot, .uplot .u-legend { color: var(--ink); font-size: 13px; }
.u-legend .u-value { font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
table.list { width: 100%; font-size: 14px; }
.list th { text-align: left; font-weight: 600; color: var(--muted); font-size: 13px; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
.list td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.list td:first-child { min-width: 10ch; }
.list tr:last-child td { border-bottom: 0; }
.list tfoot td { border-top: 1px solid var(--line); font-weight: 600; }
.list .number { text-align: right; white-space: nowrap; }
section > details.card { margin-top: 16px; }
.list th:last-child, .list td:last-child { padding-right: 0; }
.bar { display: flex; align-items: center; gap: 10px; min-width: 170px; }
.bar i { flex: 1; height: 8px; border-radius: 4px; background: linear-gradient(var(--accent) 0 0) no-repeat 0 0 / var(--share) 100% var(--soft); }
.bar span { width: 58px; text-align: right; white-space: nowrap; }
.confusion { margin: 0 auto; font-size: 14px; }
.confusion th { font-weight: 500; white-space: nowrap; }
.confusion thead th { height: 1px; padding: 0 0 8px; vertical-align: bottom; text-align: center; }
.confusion thead span { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); padding: 0 4px; }
.confusion tbody th { text-align: right; padding-right: 10px; position: sticky; left: 0; background: var(--card); }
.confusion td {
  min-width: 42px; height: 34px; padding: 0 3px; text-align: center; border: 2px solid var(--card); border-radius: 6px;
  background: color-mix(in srgb, var(--accent) var(--share), var(--soft));
}
.confusion td.strong { color: var(--accent-ink); }
.confusion td:hover, .confusion td.at { outline: 2px solid var(--ink); outline-offset: -2px; }
.confusion.many { font-size: 11px; }
.confusion.many tbody td { font-size: 10px; letter-spacing: -0.03em; padding: 0; }
.confusion.many thead span { padding: 0 1px; }
.confusion.many td { min-width: 21px; height: 21px; border-width: 1px; border-radius: 4px; }
.readout { min-height: 1.6em; margin: 12px 0 0; text-align: center; color: var(--muted); font-size: 14px; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 12px; padding: 0; margin: 0; list-style: none; }
.mistakes .word { font-size: 17px; font-weight: 600; }
.mistakes .word em { font-style: normal; color: var(--accent); }
.mistakes p { margin: 2px 0 0; color: var(--muted); font-size: 13px; overflow-wrap: anywhere; }
.mistakes audio { display: block; width: 100%; height: 36px; margin-top: 12px; }
pre { margin: 0; font: 14px/1.6 ui-monospace, "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: 0.92em ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 230px), 1fr)); gap: 10px 24px; margin: 18px 0 0; }
.facts dt { color: var(--muted); font-size: 13px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
details > summary { cursor: pointer; font-weight: 600; font-size: 15px; }
details[open] > summary { margin-bottom: 12px; }
section > .card + .card { margin-top: 16px; }
footer { margin-top: 56px; color: var(--muted); font-size: 13px; }
@media (max-width: 560px) {
  main { padding: 24px 16px 48px; }
  h1 { font-size: 24px; }
  .numbers { grid-template-columns: 1fr 1fr; }
  .numbers dd { font-size: 19px; }
  .card { padding: 14px; }
}
@media print {
  body { background: #fff; }
  main { max-width: none; padding: 0; }
  .card, .numbers div { break-inside: avoid; }
  audio { display: none !important; }
}
`;
