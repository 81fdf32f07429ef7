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
  ['bl-resnet-small', 'bl-resnet-small', {}, 280_435],
  ['bl-resnet-small-coarse', 'bl-resnet-small', COARSE, 278_182],
  ['ghostnet-small', 'ghostnet-small', {}, 278_759],
  ['ghostnet-187k', 'ghostnet-187k', {}, 243_179],
  ['bl-resnet-base', 'bl-resnet-base', {}, 1_055_083],
  ['ghostnet-base', 'ghostnet-base', {}, 1_069_743],
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
