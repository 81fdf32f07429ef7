import { describe, expect, it } from 'vitest';
import { renderReport } from '../../../src/train/report/render-report.js';
import type { ReportData } from '../../../src/train/report/report-data.js';

const EVIL = '<script>alert("1")</script>';

const DATA: ReportData = {
  title: 'ghostnet-tiny on words',
  kind: 'training',
  command: 'hearken train words --out m.safetensors',
  settings: [{ name: 'Seed', value: '7' }],
  history: [
    { epoch: 1, trainLoss: 2.1, validationLoss: 1.9, validationAccuracy: 0.4 },
    { epoch: 2, trainLoss: Number.NaN, validationLoss: 1.2, validationAccuracy: 0.8 },
  ],
  bestEpoch: 2,
  evaluation: {
    split: 'validation',
    labels: ['yes', 'no'],
    metrics: {
      clips: 20,
      correct: 16,
      accuracy: 0.8,
      perLabel: [
        { label: 'yes', clips: 10, correct: 9, precision: 0.75, recall: 0.9, f1: 0.818 },
        { label: 'no', clips: 10, correct: 7, precision: 0.875, recall: 0.7, f1: 0.778 },
      ],
      confusion: [
        [9, 1],
        [3, 7],
      ],
    },
  },
  mistakes: [
    {
      file: 'no/1.wav',
      actual: 'no',
      heard: 'yes',
      score: 0.97,
      actualScore: 0.02,
      wav: new Uint8Array([1, 2, 255]),
    },
  ],
  network: {
    name: 'ghostnet-tiny',
    input: '98 × 40 × 1',
    parameters: 54012,
    macs: 6_230_000,
    activationBytes: 812_000,
    stages: [
      {
        name: 'stem',
        ops: 'conv2d',
        shape: '49 × 20 × 8',
        parameters: 72,
        macs: 70_560,
        activationBytes: 31_360,
      },
    ],
  },
  dataSet: {
    name: 'words',
    splits: ['train', 'validation'],
    rows: [{ label: 'yes', clips: [100, 10] }],
    noiseFiles: 0,
    skipped: [{ file: 'yes/broken.wav', reason: 'too short' }],
  },
};

const MARKUP = (page: string) =>
  page.replace(/<script[^>]*>[\s\S]*?<\/script>|<style>[\s\S]*?<\/style>/g, '');

describe('renderReport', () => {
  it('tells accuracy, confusions, costs, counts, skipped files, command and seed', () => {
    const page = renderReport(DATA);
    for (const text of [
      '<dt>validation accuracy</dt><dd>80.00 %</dd>',
      '<dd>16 / 20</dd>',
      '“no” heard as “yes”: 3 of 10 (30.0 %)',
      '<td class="number">87.5 %</td><td>yes (3)</td>',
      '97.0 % sure of it; 2.0 % for no',
      'src="data:audio/wav;base64,AQL/"',
      '<dd>54,012</dd>',
      '<td>49 × 20 × 8</td>',
      '1 file left out',
      '<td>too short</td>',
      '<pre>hearken train words --out m.safetensors</pre>',
      '<dt>Seed</dt><dd>7</dd>',
    ])
      expect(page).toContain(text);
  });

  it('tells how often each resolution was chosen, of a network that chooses', () => {
    expect(renderReport(DATA)).not.toContain('The resolutions');
    const row = {
      resolution: [49, 20],
      macs: 2_510_000,
      clips: 15,
      share: 0.75,
      correct: 12,
      accuracy: 0.8,
    } as const;
    const never = { ...row, resolution: [98, 40], clips: 0, share: 0, correct: 0, accuracy: 0 } as const;
    const page = renderReport({ ...DATA, routing: { meanMacs: 4_300_000, perResolution: [never, row] } });
    for (const text of [
      '<dt>mean MACs a clip</dt><dd>4.30 M</dd>',
      '<td>49 × 20</td><td class="number">2.51 M</td>',
      '<td class="number">15</td><td class="number">75.0 %</td>\n<td class="number">80.0 %</td>',
      '<td class="number">0</td><td class="number">0.0 %</td>\n<td class="number">–</td>',
    ])
      expect(page).toContain(text);
  });

  it('gives the charts their numbers, a gap where a loss is no number', () => {
    const json = /<script type="application\/json" id="history">([\s\S]*?)<\/script>/.exec(
      renderReport(DATA),
    )![1];
    expect(JSON.parse(json)).toEqual({
      epochs: [1, 2],
      trainLoss: [2.1, null],
      validationLoss: [1.9, 1.2],
      trainAccuracy: [null, null],
      validationAccuracy: [0.4, 0.8],
      bestEpoch: 2,
    });
  });

  it('escapes markup wherever a label, file name, path or reason stands', () => {
    const page = renderReport({
      ...DATA,
      title: EVIL,
      command: EVIL,
      settings: [{ name: EVIL, value: EVIL }],
      evaluation: {
        split: EVIL,
        labels: [EVIL, `" onmouseover="alert(1)`],
        metrics: {
          ...DATA.evaluation!.metrics,
          perLabel: DATA.evaluation!.metrics.perLabel.map((row) => ({ ...row, label: EVIL })),
        },
      },
      mistakes: [{ ...DATA.mistakes![0], file: EVIL, actual: EVIL, heard: EVIL }],
      network: { ...DATA.network, name: EVIL, stages: [{ ...DATA.network.stages[0], name: EVIL }] },
      dataSet: {
        ...DATA.dataSet,
        name: EVIL,
        splits: [EVIL, EVIL],
        rows: [{ label: EVIL, clips: [1, 1] }],
        attribution: [EVIL],
        skipped: [{ file: EVIL, reason: EVIL }],
      },
    });
    expect(page).not.toContain('<script>alert');
    expect(page).not.toContain('" onmouseover="');
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
    // As many scripts as without the evil names: the history, uPlot, the page's own.
    expect(page.match(/<script/g)).toHaveLength(renderReport(DATA).match(/<script/g)!.length);
  });

  it('fetches nothing and forbids fetching', () => {
    const page = renderReport(DATA);
    expect(page).toContain('default-src &#39;none&#39;');
    expect(MARKUP(page)).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(page).not.toMatch(/@import|url\(/);
  });

  it('holds uPlot with its licence, whole, and only when there are curves', () => {
    const page = renderReport(DATA);
    expect(page).toContain('var uPlot=function');
    expect(page).toContain('Permission is hereby granted, free of charge');
    const evaluation = renderReport({ ...DATA, kind: 'evaluation', history: undefined });
    expect(evaluation).not.toContain('var uPlot');
    expect(evaluation).toContain('Evaluation report');
  });

  it('shows at most a dozen mistakes', () => {
    const mistakes = Array.from({ length: 30 }, () => DATA.mistakes![0]);
    expect(renderReport({ ...DATA, mistakes }).match(/<audio /g)).toHaveLength(12);
  });

  it('gives the same text for the same data', () => {
    expect(renderReport(DATA)).toBe(renderReport(structuredClone(DATA)));
  });
});
