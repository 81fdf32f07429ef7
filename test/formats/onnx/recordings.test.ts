import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readWav } from '../../../src/audio/wav.js';
import { readModelFile } from '../../../src/formats/files/read-model-file.js';
import { clipSamples } from '../../../src/formats/model.js';
import { exportOnnx } from '../../../src/formats/onnx/export-onnx.js';
import { createRecognizer } from '../../../src/stream/recognizer.js';
import { expectAllClose } from '../../support/all-close.js';
import { runOnnx } from '../../support/onnx-runtime.js';

const root = resolve(import.meta.dirname, '..', '..', '..');
const MODEL = join(root, 'pretrained', 'spoken-commands.safetensors');
const WORDS = ['go', 'no', 'stop', 'yes'];
/** People, where there are recordings of them. */
const SPEECH_COMMANDS = process.env.HEARKEN_DATA && join(process.env.HEARKEN_DATA, 'speech-commands');

/** The first clips of each word, at the length that the model hears. */
function readClips(folder: string, samples: number): Float32Array[] {
  return WORDS.flatMap((word) => {
    const files = readdirSync(join(folder, word)).filter((file) => file.endsWith('.wav'));
    return files.sort().slice(0, 3);
  }).map((file, i) => {
    const { samples: heard } = readWav(readFileSync(join(folder, WORDS[Math.floor(i / 3)], file)));
    const clip = new Float32Array(samples);
    clip.set(heard.subarray(0, samples));
    return clip;
  });
}

async function compareOn(folder: string): Promise<void> {
  const model = await readModelFile(MODEL);
  const samples = clipSamples(model);
  const clips = readClips(folder, samples);
  const data = Float32Array.from(clips.flatMap((clip) => Array.from(clip)));
  const bytes = exportOnnx(model, { withFrontEnd: true });
  const { scores } = await runOnnx(bytes, { samples: { data, dims: [clips.length, samples] } });
  const recognizer = await createRecognizer(model);
  const labels = new Set<string>();
  clips.forEach((clip, i) => {
    const { scores: expected, label } = recognizer.recognize(clip, 16000);
    labels.add(label);
    const found = scores.data.subarray(i * model.labels.length, (i + 1) * model.labels.length);
    expectAllClose(
      found,
      model.labels.map((name) => expected[name]),
      { absolute: 1e-4 },
      `clip ${i}`,
    );
  });
  recognizer.dispose();
  expect(labels.size).toBeGreaterThan(2);
}

describe('exportOnnx with the front end', () => {
  it('scores the spoken words of data/mini as `recognize` does', () => compareOn(join(root, 'data', 'mini')));

  it.skipIf(!SPEECH_COMMANDS || !existsSync(SPEECH_COMMANDS))(
    'scores recordings of people as `recognize` does',
    () => compareOn(SPEECH_COMMANDS!),
  );
});
