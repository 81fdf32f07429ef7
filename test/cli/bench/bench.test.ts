import { describe, expect, it } from 'vitest';
import { profileNodes } from '../../../src/cli/bench/profile-nodes.js';
import { run } from '../../../src/cli/run.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { describeModel } from '../../../src/models/models.js';
import { createFakeIo } from '../fake-io.js';

/** A clock that moves by one millisecond each time it is looked at. */
async function bench(...argv: string[]) {
  const io = createFakeIo(['bench', ...argv]);
  let ms = 0;
  const code = await run({ ...io, nowMs: () => ms++ });
  return { code, ...io.written };
}

describe('hearken bench', () => {
  it('prints speeds as one JSON value: what was done over what the clock says', async () => {
    const { code, stdout } = await bench('ghost-25k', '--batch', '4', '--ms', '5', '--json');
    expect(code).toBe(0);
    // A turn of 1 ms has one run in it, and the clock shows 1 ms when it is over.
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'ghost-25k',
      parameters: 25_147,
      macs: 2_341_200,
      threads: 1,
      batch: 4,
      trainSamplesPerSecond: 4000,
      batchClipsPerSecond: 4000,
      clipMs: 1,
    });
  });

  it('counts of a network that chooses its resolution the dearest way through', async () => {
    const name = 'drnet-csp-resnet-tiny';
    const { stdout } = await bench(name, '--batch', '1', '--ms', '1', '--json');
    expect(JSON.parse(stdout).macs).toBe(Math.max(...describeModel(name).routing!.macs));
  });

  it('tells a step apart by nodes, shares adding up to 1', async () => {
    const { code, stdout } = await bench('ghost-25k', '--batch', '2', '--profile', '--json');
    const { nodes, microseconds } = JSON.parse(stdout);
    expect([code, microseconds > 0]).toEqual([0, true]);
    const share = nodes.reduce((sum: number, node: { share: number }) => sum + node.share, 0);
    expect(share).toBeCloseTo(1, 9);
    expect(nodes.some((node: { node: string }) => node.node === 'stem')).toBe(true);
  });

  it.each([
    [['no-such-network'], 2, 'no-such-network'],
    [['ghost-25k', '--threads', '0'], 2, 'whole number'],
    [['ghost-25k', '--threads', '10000'], 2, 'whole number'],
    [['ghost-25k', '--profile', '--engine', 'tensorflow'], 2, '--profile is for the wasm engine'],
  ])('refuses %j', async (argv, exit, message) => {
    const { code, stdout, stderr } = await bench(...argv);
    expect([code, stdout]).toEqual([exit, '']);
    expect(stderr).toContain(message);
  });
});

describe('profileNodes', () => {
  it('sums calls by node and pass, and counts work by hand', () => {
    const g = new GraphBuilder('two');
    const x = g.input('features', [4, 4, 2]);
    const graph = g.build({ outputs: [g.relu(g.conv2d(x, { name: 'conv', channels: 3 }))] });
    const time = (node: string, backward: boolean, microseconds: number) => ({
      node,
      op: 'Any',
      backward,
      microseconds,
    });
    const times = [time('conv', false, 1), time('conv', false, 3), time('conv', true, 4), time('', true, 2)];
    const rows = profileNodes(graph, times, 10);
    // 4 × 4 positions × 2 → 3 channels: 96 MACs, 10 clips; the map written: 4 × 48 = 192 bytes (the input map is not computed).
    const [forward, backward, rest] = rows;
    expect(forward).toMatchObject({ node: 'conv', pass: 'forward', calls: 2, microseconds: 4, share: 0.4 });
    expect(forward.gflopsPerSecond).toBeCloseTo((2 * 96 * 10) / 4e3, 12);
    expect(forward.gigabytesPerSecond).toBeCloseTo((192 * 10) / 4e3, 12);
    expect(backward).toMatchObject({ pass: 'backward', calls: 1, share: 0.4 });
    expect(backward.gflopsPerSecond).toBeCloseTo((4 * 96 * 10) / 4e3, 12);
    expect(rest).toMatchObject({ microseconds: 2, gigabytesPerSecond: 0 });
    expect(rest).not.toHaveProperty('gflopsPerSecond');
  });
});
