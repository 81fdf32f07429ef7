/** DRNets by name: the paper's over ResNet-50, and ours over the speech networks; drnet.ts says what they are. */
import { SPEECH_BIG_LITTLES } from './big-little-speech.js';
import { SPEECH_CSPNETS } from './cspnet-speech.js';
import { type DrNetConfig, wrapBackbone } from './drnet.js';
import { imageEntry, type ModelEntry, speechEntry } from './entry.js';
import { SPEECH_GHOSTNETS } from './ghostnet-speech.js';
import { RESNETS } from './resnet.js';

const SOURCE = 'Zhu et al. 2021, arXiv 2106.02898; mindspore-ai/models DRNet';

const BACKBONES: readonly ModelEntry[] = [
  ...RESNETS,
  ...SPEECH_BIG_LITTLES,
  ...SPEECH_GHOSTNETS,
  ...SPEECH_CSPNETS,
];

const SEPARABLE: DrNetConfig = { predictor: 'separable' };
/** Looks at half the map, as every predictor does here: 26 thousand parameters and a million MACs. */
const WORDS: DrNetConfig = { predictor: SPEECH_GHOSTNETS.find(({ name }) => name === 'ghostnet-27k')! };
/** Of a 224 × 224 image: the predictor sees 128 × 128, and the candidates are 224, 168, 112 or 224, 192, 168, 112, 96. */
const IMAGE: DrNetConfig = { predictor: 'image', predictorSize: 4 / 7 };
const FIVE: DrNetConfig = { ...IMAGE, resolutions: [1, 6 / 7, 3 / 4, 1 / 2, 3 / 7] };

/** Twice the hop and half the bands beside the front end's own. */
const COARSE: DrNetConfig = { candidates: 'front-end', resolutions: [1, 1 / 2] };

type Row = readonly [suffix: string, backbone: string, config: DrNetConfig, parameters: number];

const ROWS: readonly Row[] = [
  ['resnet-50', 'resnet-50', IMAGE, 30_570_603],
  ['resnet-50-m5', 'resnet-50', FIVE, 30_677_869],
  ['csp-resnet-tiny', 'csp-resnet-tiny', SEPARABLE, 46_237],
  ['bl-resnet-small', 'bl-resnet-small', WORDS, 274_618],
  ['bl-resnet-small-coarse', 'bl-resnet-small', COARSE, 278_182],
  ['ghostnet-small', 'ghostnet-small', WORDS, 272_942],
  ['ghostnet-187k', 'ghostnet-187k', WORDS, 237_362],
  ['bl-resnet-base', 'bl-resnet-base', WORDS, 1_049_266],
  ['ghostnet-base', 'ghostnet-base', WORDS, 1_063_926],
];

export const DRNETS: readonly ModelEntry[] = ROWS.map(([suffix, twin, config, parameters]) => {
  const name = `drnet-${suffix}`;
  const backbone = BACKBONES.find((entry) => entry.name === twin)!;
  const { size, domain } = backbone;
  const entry = domain === 'image' ? imageEntry : speechEntry;
  return entry({
    name,
    family: 'drnet',
    ...(size && { size }),
    twin,
    source: SOURCE,
    parameters,
    build: (options) => wrapBackbone(name, backbone, config, options),
  });
});
