import { describe, it } from 'vitest';
import { buildEfficientNet } from '../../src/models/efficientnet.js';
import { expectRefused } from '../support/expect-refused.js';

describe('buildEfficientNet', () => {
  it.each([
    ['width', 0],
    ['width', -1],
    ['width', Number.NaN],
    ['depth', 0],
    ['depth', -1],
    ['depth', Infinity],
  ])('refuses a %s of %d', (option, value) => {
    const scale = { width: 1, depth: 1, dropout: 0, [option]: value };
    const rest = `an EfficientNet: expected ${option} to be a multiplier above 0, got ${value}`;
    const build = () => buildEfficientNet('own', scale, { labels: 5, input: [32, 32, 3] });
    expectRefused(build, `efficientnet-${option}`, rest);
  });
});
