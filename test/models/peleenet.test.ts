import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import { IMAGE_INPUT, IMAGE_LABELS } from '../../src/models/entry.js';
import { buildPeleeNet, peleeLayer } from '../../src/models/peleenet.js';

const OPTIONS = { labels: IMAGE_LABELS, input: IMAGE_INPUT };

describe('buildPeleeNet', () => {
  const macs = (config: Parameters<typeof buildPeleeNet>[1]) =>
    costsOf(buildPeleeNet('pelee', config, OPTIONS)).macs;
  const whole = macs({ fusion: 'plain' });
  const percent = (config: Parameters<typeof buildPeleeNet>[1]) =>
    Math.round(100 * (macs(config) / whole - 1));

  /** Ours from the widths by arithmetic of another program; the paper's from its text, −26 from a summary of it. */
  it.each([
    ['both', 0.5, -12, -13],
    ['both', 0.25, 0, -3],
    ['first', 0.5, -33, -26],
    ['last', 0.5, -25, -21],
    ['last', 0.25, -13, -11],
  ] as const)(
    'with the fusion %s at γ %d changes the MACs by %d %, the paper’s by %d',
    (fusion, gamma, ours, paper) => {
      // −0 is no other number here.
      expect(percent({ fusion, gamma }) + 0).toBe(ours);
      expect(Math.abs(percent({ fusion, gamma }) - paper)).toBeLessThan(8);
    },
  );

  it('builds at every size from 32 to 128, its stem a quarter as large, rounded up', () => {
    for (let size = 32; size <= 128; size++) {
      const graph = buildPeleeNet('pelee', { fusion: 'plain' }, { labels: 5, input: [size, size + 3, 3] });
      const stem = graph.nodes.find(({ name }) => name === 'stem/concat')!;
      expect(stem.shape).toEqual([Math.ceil(size / 4), Math.ceil((size + 3) / 4), 64]);
    }
  });

  it('saves in the order of the paper, and the more the larger γ is', () => {
    const saved = (['first', 'last', 'both', 'plain'] as const).map((fusion) => macs({ fusion }));
    expect(saved).toEqual([...saved].sort((a, b) => a - b));
    for (const fusion of ['both', 'first', 'last'] as const) {
      const byGamma = [0.75, 0.5, 0.25].map((gamma) => macs({ fusion, gamma }));
      expect(byGamma).toEqual([...byGamma].sort((a, b) => a - b));
    }
  });

  it('refuses a γ of 1', () => {
    expect(() => macs({ fusion: 'both', gamma: 1 })).toThrow(ConfigError);
  });
});

describe('peleeLayer', () => {
  it.each([
    [{ growth: 7, bottleneck: 4 }, 'growth', 'an even number of 2 or more, half for each way'],
    [{ growth: 0, bottleneck: 4 }, 'growth', 'an even number of 2 or more, half for each way'],
    [{ growth: 6, bottleneck: 0 }, 'bottleneck', 'above 0 and a whole number of times 3, half the growth'],
    [{ growth: 6, bottleneck: 1.5 }, 'bottleneck', 'above 0 and a whole number of times 3, half the growth'],
  ] as const)('refuses %j', (options, option, wanted) => {
    const g = new GraphBuilder('layer');
    try {
      peleeLayer(g, g.input('x', [4, 4, 8]), options);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({
        code: `pelee-${option}`,
        message: `Cannot build a layer of PeleeNet: expected ${option} to be ${wanted}, got ${options[option]}`,
        value: options[option],
      });
    }
  });
});
