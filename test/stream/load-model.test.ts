import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, ModelFileError } from '../../src/errors.js';
import { writeModelFile } from '../../src/formats/files/write-model-file.js';
import { encodeModel } from '../../src/formats/model-file.js';
import { loadModel } from '../../src/stream/load-model.js';
import { createNaiveEngine } from '../support/naive-engine.js';
import { loudnessModel, tone } from './loudness-model.js';

const engine = createNaiveEngine();
const model = loudnessModel();
const bytes = encodeModel(model);
let folder: string;
let path: string;
let server: Server;
let address: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-load-'));
  path = join(folder, 'a model.safetensors');
  await writeModelFile(path, model);
  server = createServer((request, response) => response.end(request.url === '/m' ? bytes : 'no model'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('loadModel', () => {
  it('takes bytes, a path or a URL', async () => {
    const sources = [
      bytes,
      bytes.buffer as ArrayBuffer,
      await readFile(path),
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      `${address}/m`,
      new URL(`${address}/m`),
      `data:application/octet-stream;base64,${Buffer.from(bytes).toString('base64')}`,
    ];
    for (const source of sources) {
      const recognizer = await loadModel(source, { engine });
      expect(recognizer.model).toEqual(model);
      expect(recognizer.recognize(tone(800, 0.5), 16000).label).toBe('loud');
      recognizer.dispose();
    }
  });

  it('names the path or address of what is no model', async () => {
    await expect(loadModel(`${address}/x`, { engine })).rejects.toThrow(ModelFileError);
    await expect(loadModel(`${address}/x`, { engine })).rejects.toThrow(`Cannot read ${address}/x: expected`);
    await expect(loadModel(join(folder, 'none'))).rejects.toThrow(`Cannot read ${join(folder, 'none')}`);
    await expect(loadModel('data:,short')).rejects.toThrow('Cannot read data: URL: expected');
  });

  it('reads a path with a drive letter as a path', async () => {
    await expect(loadModel('C:\\none.safetensors')).rejects.toThrow(
      /^Cannot read C:\\none.safetensors: expected a file/,
    );
  });

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [5, 'number'],
    [{ path: 'm' }, 'object'],
  ])('refuses %j as a source', async (source, found) => {
    const thrown = await loadModel(source as never, { engine }).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({
      code: 'model-source',
      message: `Cannot load a model: expected the bytes of a file, a path or a URL, got ${found}`,
      value: source,
    });
  });

  it('stops when asked', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    for (const source of [bytes, path, `${address}/m`]) {
      await expect(loadModel(source, { engine, signal })).rejects.toThrow('enough');
    }
  });
});
