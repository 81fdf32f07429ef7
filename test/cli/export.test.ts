import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeModel } from '../../src/formats/model-file.js';
import { exportOnnx } from '../../src/formats/onnx/export-onnx.js';
import { exportTfjs } from '../../src/formats/tfjs/export-tfjs.js';
import { tinyModel } from '../support/tiny-model.js';
import { hearken } from './fake-io.js';

let folder: string;
let file: string;
const model = tinyModel({ licence: 'CC-BY-4.0' });
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-export-'));
  file = join(folder, 'm.safetensors');
  writeFileSync(file, encodeModel(model));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('hearken export', () => {
  it('writes an ONNX file and says so', async () => {
    const out = join(folder, 'm.onnx');
    const { code, stdout, stderr } = await hearken('export', file, '--to', 'onnx', out, '--json');
    expect([code, stderr]).toEqual([0, '']);
    const bytes = readFileSync(out);
    expect(JSON.parse(stdout)).toEqual({ file, to: 'onnx', out, bytes: bytes.length, withFrontEnd: false });
    expect(new Uint8Array(bytes)).toEqual(exportOnnx(model));
  });

  it('puts the front end into the file when asked', async () => {
    const out = join(folder, 'samples.onnx');
    const { code, stdout } = await hearken('export', file, '--to', 'onnx', '--with-front-end', out);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^wrote .*samples\.onnx \([\d.]+ kB\): tiny as onnx\n$/);
    expect(new Uint8Array(readFileSync(out))).toEqual(exportOnnx(model, { withFrontEnd: true }));
  });

  it('writes a folder for TensorFlow.js, again if need be', async () => {
    const out = join(folder, 'tfjs');
    for (const _ of [1, 2]) {
      const { code, stdout, stderr } = await hearken('export', file, '--to', 'tfjs', out, '--json');
      expect([code, stderr]).toEqual([0, '']);
      const files = exportTfjs(model);
      const bytes = files['model.json'].length + files['weights.bin'].length;
      expect(JSON.parse(stdout)).toEqual({ file, to: 'tfjs', out, bytes, withFrontEnd: false });
      expect(readdirSync(out).sort()).toEqual(['model.json', 'weights.bin']);
      expect(new Uint8Array(readFileSync(join(out, 'weights.bin')))).toEqual(files['weights.bin']);
    }
    const misuse = await hearken('export', file, '--to', 'tfjs', '--with-front-end', out);
    expect([misuse.code, misuse.stderr]).toEqual([2, 'error: --with-front-end goes with --to onnx alone\n']);
  });

  it('does not write over the model it reads', async () => {
    const { code, stderr } = await hearken('export', file, '--to', 'onnx', file);
    expect([code, stderr]).toEqual([2, `error: the export needs a file of its own: ${file} is in use\n`]);
    expect(new Uint8Array(readFileSync(file))).toEqual(encodeModel(model));
  });

  it('tells what is wrong in one line and leaves nothing behind', async () => {
    const broken = join(folder, 'broken.safetensors');
    writeFileSync(broken, 'no model');
    const before = readdirSync(folder).sort();
    const nowhere = join(folder, 'none', 'm.onnx');
    for (const [input, out, named] of [
      [broken, join(folder, 'b.onnx'), broken],
      [file, nowhere, nowhere],
      [file, folder, folder],
    ]) {
      const { code, stdout, stderr } = await hearken('export', input, '--to', 'onnx', out);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^error: Cannot (read|write) .*: expected .*, got .*\n$/);
      expect(stderr).toContain(named);
    }
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  it('takes an unknown format, or none, for misuse', async () => {
    const out = join(folder, 'm.xyz');
    for (const argv of [['--to', 'caffe', out], [out]]) {
      const { code, stdout, stderr } = await hearken('export', file, ...argv);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/--to/);
    }
    expect(existsSync(out)).toBe(false);
  });
});
