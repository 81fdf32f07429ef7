/** What the study of docs/models.md trains, in the order in which it does. */

export const SETS = {
  'english-commands': {
    folder: 'speech-commands',
    labels: ['yes', 'no', 'up', 'down', 'left', 'right', 'on', 'off', 'stop', 'go'],
  },
  'arabic-commands': { folder: 'arabic-commands' },
};

/** Each network of ours and the one of BC-ResNet that is no smaller. */
export const PAIRS = [
  ['ghostnet-27k', 'bc-resnet-2'],
  ['ghostnet-54k', 'bc-resnet-3'],
  ['efficientnet-tiny', 'bc-resnet-3'],
  ['ghostnet-187k', 'bc-resnet-6'],
];

/**
 * The DRNet over the best small network, whose choices are judged: each seed starts from that network as the study trained it and learns
 * its answers too; its predictor starts from the network of `predictor` of the same seed. `macShare` bounds what chance draws in
 * training; the likeliest choices may cost more or less.
 */
export const ROUTING = {
  set: 'english-commands',
  model: 'drnet-ghostnet-187k',
  backbone: 'ghostnet-187k',
  predictor: 'ghostnet-27k',
  seeds: [1, 2, 3],
  randomSeeds: [1, 2, 3],
  epochs: 60,
  rate: 1e-3,
  macShare: 0.65,
};

const BC_RESNETS = ['bc-resnet-1', 'bc-resnet-1.5', 'bc-resnet-2', 'bc-resnet-3'];
const TINY = [
  ...['ghostnet-27k', 'ghostnet-54k', 'ghostnet-tiny', 'bl-resnet-tiny', 'bl-am-tiny', 'bl-ghostnet-tiny'],
  ...['ghost-stack-tiny', 'resnet-tiny', 'resnet-am-tiny', 'csp-resnet-tiny', 'csp-resnet-tiny-g25'],
  ...['csp-resnet-tiny-g75', 'csp-resnet-tiny-first', 'csp-resnet-tiny-last', 'csp-resnet-tiny-fpn'],
  ...['csp-resnet-tiny-gfm', 'csp-resnet-tiny-efm', 'csp-resnet-tiny-plain', 'csp-resnet-tiny-plain-fpn'],
  ...['csp-resnet-tiny-plain-gfm', 'csp-resnet-tiny-plain-efm', 'csp-peleenet-tiny', 'peleenet-tiny'],
  ...['rexnet-tiny', 'mobilenet-v2-tiny', 'efficientnet-tiny', 'shufflenet-v2-tiny', 'densenet-tiny'],
  ...['oct-resnet-tiny', 'oct-resnet-tiny-plain', 'sknet-tiny', 'inception-tiny', 'drnet-csp-resnet-tiny'],
];
const SMALL = [
  ...['ghostnet-187k', 'bc-resnet-6', 'ghostnet-small', 'bl-resnet-small', 'bl-ghostnet-small'],
  ...['csp-resnet-small', 'rexnet-small', 'drnet-ghostnet-187k'],
];
/** Those of one seed that came out best. */
const BEST_TINY = ['efficientnet-tiny', 'csp-resnet-tiny-plain-fpn', 'csp-resnet-tiny-plain'];
const ALL_SEEDS = [1, 2, 3];

export const GROUPS = [
  { set: 'english-commands', seeds: [1], models: [...BC_RESNETS, ...TINY, ...SMALL] },
  { set: 'english-commands', seeds: ALL_SEEDS, models: [...new Set([...BEST_TINY, ...PAIRS.flat()])] },
  { set: 'arabic-commands', seeds: ALL_SEEDS, models: [...new Set(PAIRS.flat())] },
];
