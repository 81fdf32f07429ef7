/**
 * What choosing a resolution is worth: a DRNet's own choice beside the same shares of resolutions dealt out at random (the same mean
 * cost) and beside each resolution for all clips.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Rows `{ model, seed, by, accuracy, meanMacs, shares }` of a trained file, validation clips; `hearken` gives a verb's JSON. */
export function routingRows({ model, seed, randomSeeds }, { file, folder, hearken }) {
  const evaluate = (...argv) => hearken('evaluate', file, folder, '--split', 'validation', ...argv);
  const row = (by, { accuracy, routing }) => {
    const shares = routing.perResolution.map(({ share }) => share);
    return { model, seed, by, accuracy, meanMacs: routing.meanMacs, shares };
  };
  const chosen = evaluate();
  const { perResolution } = chosen.routing;
  const shares = perResolution.map(({ share }) => share).join(',');
  const random = randomSeeds.map((randomSeed) =>
    evaluate('--random-resolutions', shares, '--random-seed', `${randomSeed}`),
  );
  const fixed = perResolution.map(({ resolution }) => [
    resolution.join(' × '),
    evaluate('--resolution', resolution.join('x')),
  ]);
  return [
    row('its own choice', chosen),
    ...random.map((result) => row('the same shares at random', result)),
    ...fixed.map(([name, result]) => row(`always ${name}`, result)),
  ];
}

/** Where a sweep keeps the model of a trial, whatever words it was told to train. */
export function modelFile(work, { set, model, seed }) {
  const start = `${set}-${model}-s${seed}-short-edefault`;
  const isIt = (name) => name.startsWith(start) && name.endsWith('.safetensors');
  const found = readdirSync(join(work, set)).find(isIt);
  if (!found) throw new Error(`Cannot find a model: expected ${start}*.safetensors in ${join(work, set)}`);
  return join(work, set, found);
}

/**
 * Arguments of `hearken train` for a DRNet that starts from its trained backbone, has it for a teacher, and whose predictor starts from
 * another trained network; `out` may have been begun before.
 */
export function routedTraining(
  { out, backbone, predictor, folder },
  { model, labels, seed, epochs, rate, macShare },
) {
  const argv = ['train', folder, '--out', out, '--model', model, '--init', backbone, '--teacher', backbone];
  argv.push('--predictor', predictor, '--labels', labels.join(','), '--recipe', 'short', '--seed', `${seed}`);
  argv.push('--epochs', `${epochs}`, '--lr', `${rate}`, '--mac-share', `${macShare}`);
  argv.push('--kernels', 'relaxed', '--threads', '1', '--no-report');
  return existsSync(join(`${out}.checkpoint`, 'last.safetensors')) ? [...argv, '--resume'] : argv;
}
