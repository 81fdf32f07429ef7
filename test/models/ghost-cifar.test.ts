import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { type ConvolutionOptions, convolutionOf } from '../../src/models/ghost-cifar.js';
import { buildModel, describeModel } from '../../src/models/models.js';
import { expectRefused } from '../support/expect-refused.js';

describe('Ghost modules in the place of convolutions', () => {
  /** Tables 2 to 4 of the paper: millions of parameters and MACs. It rounds some figures down. */
  it.each([
    ['vgg-16', 15, 313],
    ['ghost-vgg-16', 7.7, 158],
    ['ghost-vgg-16-s3', 5.2, 107],
    ['ghost-vgg-16-s4', 4, 80],
    ['ghost-vgg-16-s5', 3.3, 65],
    ['resnet-56', 0.85, 125],
  ])('%s has the %d million parameters and %i million MACs of the paper', (name, parameters, macs) => {
    const row = describeModel(name);
    expect(Math.abs(row.parameters / 1e6 / parameters - 1)).toBeLessThan(0.01);
    expect(Math.abs(row.macs / 1e6 / macs - 1)).toBeLessThan(0.011);
  });

  /**
   * The paper tables 0.43 million and 63 million, which is what primary convolutions, norms and last layer round to. The cheap
   * kernels of the 1,016 own maps come on top; the table's figures for VGG-16 hold them.
   */
  it('ghost-resnet-56 has what a count by hand of its 55 modules and the last layer gives', () => {
    // Stem, and of three stages of nine blocks the first and the other convolutions: inputs, outputs, positions of the output.
    const layers: (readonly [inputs: number, outputs: number, positions: number])[] = [[3, 16, 32 * 32]];
    const stages = [
      [16, 16, 32 * 32],
      [16, 32, 16 * 16],
      [32, 64, 8 * 8],
    ] as const;
    for (const [before, width, positions] of stages) {
      layers.push([before, width, positions]);
      for (let i = 1; i < 2 * 9; i++) layers.push([width, width, positions]);
    }
    let parameters = 64 * 10 + 10;
    let macs = 64 * 10;
    let [cheapParameters, cheapMacs] = [0, 0];
    for (const [inputs, outputs, positions] of layers) {
      const own = outputs / 2;
      parameters += 9 * inputs * own + 2 * outputs;
      macs += 9 * inputs * own * positions;
      cheapParameters += 9 * own;
      cheapMacs += 9 * own * positions;
    }
    expect(Math.round(parameters / 1e4) / 100).toBe(0.43);
    expect(Math.round(macs / 1e6)).toBe(63);
    expect(cheapParameters).toBe(9 * 1016);
    const row = describeModel('ghost-resnet-56');
    expect(row.parameters).toBe(parameters + cheapParameters);
    expect(row.macs).toBe(macs + cheapMacs);
  });

  it('leave no convolution plain', () => {
    const { nodes } = buildModel('ghost-vgg-16');
    const convolutions = nodes.filter(({ op }) => op === 'conv2d' || op === 'depthwiseConv2d');
    expect(convolutions.every(({ name }) => name.includes('/ghost/'))).toBe(true);
    expect(nodes.filter(({ op }) => op === 'concat')).toHaveLength(13);
  });
});

describe('convolutionOf', () => {
  const build = (options: Partial<ConvolutionOptions>) => {
    const g = new GraphBuilder('one');
    const y = convolutionOf('ghost')(g, g.input('x', [9, 8, 4]), { channels: 8, kernel: [3, 3], ...options });
    return g.build({ outputs: [y] });
  };

  it('dilates the primary convolution of a Ghost module', () => {
    const { nodes } = build({ name: 'wide', dilation: [2, 2] });
    const primary = nodes.find(({ name }) => name === 'wide/primary');
    expect(primary).toMatchObject({ dilation: [2, 2], shape: [9, 8, 4] });
  });

  it('refuses a Ghost module in groups', () => {
    expectRefused(
      () => build({ groups: 4 }),
      'ghost-groups',
      'a Ghost module: expected groups to be 1, got 4',
    );
  });
});
