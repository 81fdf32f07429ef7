import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelFileError } from '../../../src/errors.js';
import { readFile as readInBrowser } from '../../../src/formats/files/read-file.browser.js';
import { MAX_FILE_BYTES, readFile } from '../../../src/formats/files/read-file.node.js';
import { readModelFile } from '../../../src/formats/files/read-model-file.js';
import { writeModelFile } from '../../../src/formats/files/write-model-file.js';
import { tinyModel } from '../../support/tiny-model.js';

let folder: string;
let server: Server;
let address: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-read-'));
  await writeFile(join(folder, 'a'), Uint8Array.of(1, 2, 3));
  server = createServer((request, response) => {
    if (request.url === '/cut')
      return void response.writeHead(200, { 'content-length': 9 }).write('x', () => response.destroy());
    response.writeHead(request.url === '/a' ? 200 : 404).end(Uint8Array.of(1, 2, 3));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function failureOf(promise: Promise<unknown>): Promise<ModelFileError> {
  const error = await promise.then(
    () => expect.fail('the read passed'),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(ModelFileError);
  expect(error.code).toBe('file-read');
  return error;
}

describe('readFile under Node', () => {
  it('reads a path and a file: URL', async () => {
    expect(await readFile(join(folder, 'a'))).toEqual(Uint8Array.of(1, 2, 3));
    expect(await readFile(pathToFileURL(join(folder, 'a')))).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('names what is missing or no file', async () => {
    const missing = await failureOf(readFile(join(folder, 'none')));
    expect(missing.message).toBe(
      `Cannot read ${join(folder, 'none')}: expected a file, got none of that name`,
    );
    expect(missing.value).toBe(join(folder, 'none'));
    expect((await failureOf(readFile(folder))).message).toMatch(/expected a file, got a folder$/);
  });

  it('refuses a file too large before it takes memory', async () => {
    await writeFile(join(folder, 'large'), '');
    await truncate(join(folder, 'large'), MAX_FILE_BYTES + 1);
    expect((await failureOf(readFile(join(folder, 'large')))).message).toMatch(
      /got 1073741825 bytes, more than/,
    );
  });
});

describe('readFile in a browser', () => {
  it('fetches', async () => {
    expect(await readInBrowser(`${address}/a`)).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('names the address and the status', async () => {
    const error = await failureOf(readInBrowser(`${address}/none`));
    expect(error.message).toBe(`Cannot read ${address}/none: expected a file, got 404 Not Found`);
  });

  it('refuses an answer that breaks off, and a server that is not there', async () => {
    expect((await failureOf(readInBrowser(`${address}/cut`))).message).toContain(`${address}/cut`);
    expect((await failureOf(readInBrowser('http://127.0.0.1:1/'))).message).toContain('127.0.0.1:1');
  });

  it('stops when asked', async () => {
    await expect(readInBrowser(`${address}/a`, AbortSignal.abort(new Error('enough')))).rejects.toThrow(
      'enough',
    );
  });
});

describe('readModelFile', () => {
  it('reads what writeModelFile writes', async () => {
    const model = tinyModel();
    await writeModelFile(join(folder, 'm.safetensors'), model);
    expect(await readModelFile(join(folder, 'm.safetensors'))).toEqual(model);
  });

  it('names the file that is no model', async () => {
    await expect(readModelFile(join(folder, 'a'))).rejects.toThrow(
      `Cannot read ${join(folder, 'a')}: expected at least 8 bytes, got 3`,
    );
  });
});
