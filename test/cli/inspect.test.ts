import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { encodeModel } from '../../src/formats/model-file.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';
import { buildModel } from '../../src/models/models.js';
import { hearken } from './fake-io.js';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-inspect-'));
  file = join(folder, 'm.safetensors');
  const graph = buildModel('bc-resnet-1', { labels: 3 });
  const model = {
    name: 'bc-resnet-1',
    graph,
    labels: ['yes', 'no', '_unknown_'],
    frontEnd: DEFAULT_FRONT_END,
    clipMs: 1000,
    parameters: initializeParameters(graph, 1),
    statistics: initializeStatistics(graph),
    training: { seed: 1 },
    licence: 'CC-BY-4.0',
  };
  writeFileSync(file, encodeModel(model));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('hearken inspect', () => {
  it('prints what the file holds as one JSON value', async () => {
    const { code, stdout, stderr } = await hearken('inspect', file, '--json');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'bc-resnet-1',
      labels: ['yes', 'no', '_unknown_'],
      input: [98, 40, 1],
      parameters: 9232 - 9 * 33, // nine labels fewer than the published twelve, 32 weights and a bias each
      clipMs: 1000,
      training: { seed: 1 },
      licence: 'CC-BY-4.0',
      parity: false,
    });
  });

  it('prints the same for people, stage by stage when asked', async () => {
    const { stdout } = await hearken('inspect', file, '--layers');
    expect(stdout).toMatch(/^labels +3: yes, no, _unknown_$/m);
    expect(stdout).toMatch(/^front end +40 mel bands 20–7600 Hz, 30 ms windows every 10 ms, log$/m);
    expect(stdout).toMatch(/^all +8,935 /m);
  });

  it('tells in one line what is wrong with a file', async () => {
    const broken = join(folder, 'broken.safetensors');
    writeFileSync(broken, 'no model');
    for (const path of [broken, join(folder, 'none.safetensors')]) {
      const { code, stdout, stderr } = await hearken('inspect', path);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^error: Cannot read .*: expected .*, got .*\n$/);
      expect(stderr).toContain(path);
    }
  });
});
