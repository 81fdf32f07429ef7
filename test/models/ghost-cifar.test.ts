import { describe, expect, it } from 'vitest';
import { buildModel, describeModel } from '../../src/models/models.js';

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

  it('ghost-resnet-56 comes within four hundredths of its 0.43 million parameters and 63 million MACs', () => {
    const { parameters, macs, saving } = describeModel('ghost-resnet-56');
    expect(Math.abs(parameters / 0.43e6 - 1)).toBeLessThan(0.04);
    expect(Math.abs(macs / 63e6 - 1)).toBeLessThan(0.04);
    expect(saving).toBeGreaterThan(1.9);
  });

  it('leave no convolution plain', () => {
    const { nodes } = buildModel('ghost-vgg-16');
    const convolutions = nodes.filter(({ op }) => op === 'conv2d' || op === 'depthwiseConv2d');
    expect(convolutions.every(({ name }) => name.includes('/ghost/'))).toBe(true);
    expect(nodes.filter(({ op }) => op === 'concat')).toHaveLength(13);
  });
});
