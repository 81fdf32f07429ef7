import { describe, expect, it } from 'vitest';
import { costsOf } from '../../src/graph/costs.js';
import { buildModel, describeModel } from '../../src/models/models.js';

/**
 * Parameters and MACs of the published networks, counted from the authors' released code (bL-Net, GhostNet, ReXNet, PeleeNet,
 * ResNet of torchvision) by a script that is not ours, at 224 × 224 × 3 and 1000 labels.
 */
const PUBLISHED: readonly (readonly [name: string, parameters: number, macs: number])[] = [
  ['bl-resnet-50-a2-b2', 26_974_632, 2_910_650_368],
  ['bl-resnet-50-a2-b4', 26_694_568, 2_856_058_880],
  ['bl-resnet-50-a4-b2', 26_306_856, 2_490_777_600],
  ['bl-resnet-50-a4-b4', 26_236_456, 2_477_129_728],
  ['bl-resnet-101-a2-b2', 43_392_680, 4_275_437_568],
  ['bl-resnet-101-a2-b4', 41_851_560, 3_893_297_152],
  ['bl-resnet-101-a4-b2', 41_361_704, 3_528_015_872],
  ['bl-resnet-101-a4-b4', 40_974_120, 3_432_480_768],
  ['bl-resnet-152-a2-b2', 59_810_728, 5_640_224_768],
  ['bl-resnet-152-a2-b4', 57_359_016, 5_039_718_400],
  ['bl-resnet-152-a4-b2', 56_416_552, 4_565_254_144],
  ['bl-resnet-152-a4-b4', 55_799_976, 4_415_127_552],
  ['bl-resnext-50-32x4d-a2-b4', 26_192_168, 3_027_058_688],
  ['bl-resnext-101-32x4d-a2-b4', 41_512_744, 4_079_149_056],
  ['bl-resnext-101-64x4d-a2-b4', 77_355_816, 7_142_293_504],
  ['bl-seresnext-50-32x4d-a2-b4', 28_767_120, 3_029_616_640],
  ['bl-seresnext-101-32x4d-a2-b4', 45_881_952, 4_083_484_672],
  ['ghostnet-0.5', 2_587_292, 42_328_152],
  ['ghostnet-1.0', 5_182_508, 141_150_512],
  ['ghostnet-1.1', 5_855_650, 166_986_864],
  ['ghostnet-1.3', 7_358_820, 227_003_256],
  ['rexnet-0.9', 4_091_257, 347_691_428],
  ['rexnet-1.0', 4_796_873, 398_370_392],
  ['rexnet-1.3', 7_557_091, 662_229_098],
  ['rexnet-1.5', 9_728_593, 875_828_154],
  ['rexnet-2.0', 16_366_620, 1_528_850_782],
  ['rexnet-3.0', 34_708_792, 3_395_980_620],
  ['rexnet-lite-1.0', 4_740_056, 406_806_592],
  ['rexnet-lite-1.3', 6_747_960, 646_448_384],
  ['rexnet-lite-1.5', 8_332_296, 836_350_720],
  ['rexnet-lite-2.0', 12_966_200, 1_498_253_632],
  ['peleenet', 2_802_248, 507_757_568],
];

describe('the published networks', () => {
  it.each(PUBLISHED)('count %s to the last parameter and MAC', (name, parameters, macs) => {
    const costs = costsOf(buildModel(name));
    expect({ parameters: costs.parameters, macs: costs.macs }).toEqual({ parameters, macs });
  });

  it.each([
    ['bl-resnet-50-a1-b2', 30_140_328],
    ['resnet-50', 25_557_032],
    ['resnet-101', 44_549_160],
    ['resnet-152', 60_192_808],
    ['resnext-50-32x4d', 25_028_904],
    ['resnext-101-32x4d', 44_177_704],
    ['resnext-101-64x4d', 83_455_272],
    ['se-resnext-50-32x4d', 27_559_896],
    ['se-resnext-101-32x4d', 48_955_416],
    ['mobilenet-v2', 3_504_872],
    ['efficientnet-b0', 5_288_548],
    ['efficientnet-b1', 7_794_184],
    ['efficientnet-b2', 9_109_994],
    ['efficientnet-b3', 12_233_232],
    ['efficientnet-b4', 19_341_616],
    ['shufflenet-v2-0.5', 1_366_792],
    ['shufflenet-v2-1.0', 2_278_604],
    ['shufflenet-v2-1.5', 3_503_624],
    ['shufflenet-v2-2.0', 7_393_996],
    ['densenet-121', 7_978_856],
    ['densenet-169', 14_149_480],
    ['densenet-201', 20_013_928],
    ['googlenet', 6_624_904],
    ['csp-resnet-50', 21_607_848],
    ['csp-resnext-50', 20_557_480],
    ['csp-darknet-53', 27_642_184],
    ['csp-mobilenet-v2', 2_541_424],
    ['darknet-53', 41_609_928],
    ['darknet-resnet-50', 22_780_456],
    ['darknet-resnext-50', 22_252_328],
  ])('count %s to the last parameter', (name, parameters) => {
    expect(describeModel(name).parameters).toBe(parameters);
  });

  it('count MobileNetV2 with the 300.8 million MACs of its paper', () => {
    expect(Math.round(describeModel('mobilenet-v2').macs / 1e5) / 10).toBe(300.8);
  });

  it('count bL-ResNet-50 (1, 2) with 4.346 billion MACs', () => {
    expect(Math.round(describeModel('bl-resnet-50-a1-b2').macs / 1e6)).toBe(4346);
  });

  /** Counted from the authors' cfg files; Darknet counts two operations a MAC. In millions. */
  it.each([
    ['csp-resnet-50', 8967],
    ['csp-resnext-50', 7929],
    ['csp-darknet-53', 13_067],
    ['csp-mobilenet-v2', 764],
    ['darknet-53', 18_570],
    ['darknet-resnext-50', 10_110],
  ])('count %s with %d million operations', (name, millions) => {
    expect(Math.round((2 * describeModel(name).macs) / 1e6)).toBe(millions);
  });

  it('count darknet-resnet-50 with 9.74 billion operations, with 9.999 where all 64 positions are classified', () => {
    const { macs } = describeModel('darknet-resnet-50');
    expect(Math.round((2 * macs) / 1e7)).toBe(974);
    // The shipped cfg has its last 1 × 1 convolution, 2048 to 1000, before the mean over 8 × 8 positions instead of behind it.
    const early = macs + (8 * 8 - 1) * 2048 * 1000;
    expect(Math.round((2 * early) / 1e6)).toBe(9999);
  });

  it('reconstruct CSPPeleeNet within a hundredth of its published 2.83 million parameters and 0.888 billion operations', () => {
    const { parameters, macs } = describeModel('csp-peleenet');
    expect(Math.abs(parameters / 2.83e6 - 1)).toBeLessThan(0.01);
    expect(Math.abs((2 * macs) / 0.888e9 - 1)).toBeLessThan(0.01);
  });

  it.each([
    ['bl-resnet-50-a2-b4', 1.43],
    ['bl-resnet-101-a2-b4', 2.0],
    ['bl-resnet-152-a2-b4', 2.28],
    ['bl-resnext-50-32x4d-a2-b4', 1.4],
    ['bl-resnext-101-32x4d-a2-b4', 1.95],
    ['bl-resnext-101-64x4d-a2-b4', 2.16],
    ['bl-seresnext-50-32x4d-a2-b4', 1.4],
    ['bl-seresnext-101-32x4d-a2-b4', 1.95],
  ])('save with %s %s times the MACs of the single-branch twin', (name, saving) => {
    expect(Math.round(describeModel(name).saving! * 100) / 100).toBe(saving);
  });

  it('grow with the image as the paper tables them at 256 pixels', () => {
    const gigaMacs = (name: string) =>
      Math.round(costsOf(buildModel(name, { input: [256, 256, 3] })).macs / 1e6) / 1e3;
    expect(gigaMacs('bl-resnet-50-a2-b4')).toBe(3.73);
    expect(gigaMacs('bl-resnet-152-a2-b4')).toBe(6.582);
    expect(gigaMacs('bl-resnext-101-64x4d-a2-b4')).toBe(9.328);
  });
});
