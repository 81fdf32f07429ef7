/** Serves the app from loopback, under one prefix for each set of headers. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { readServed } from './stage-app.js';

const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Headers by the first part of a path. */
const HEADERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  isolated: ISOLATED,
  strict: {
    ...ISOLATED,
    'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'",
  },
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

export interface AppServer {
  readonly origin: string;
  /** Paths asked for since the last call. */
  requests(): string[];
  close(): Promise<void>;
}

export async function serveApp(app: string): Promise<AppServer> {
  let seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url!);
    void answer(app, request.url!, response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => {
      const result = seen;
      seen = [];
      return result;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function answer(app: string, url: string, response: ServerResponse): Promise<void> {
  const [, policy, path] = url.match(/^\/(\w+)\/(.*)$/) ?? [];
  const headers = HEADERS[policy];
  const page =
    path === 'index.html' ? '<!doctype html><script type="module" src="page.js"></script>' : undefined;
  const body = headers && (page ?? (await readServed(app, path)));
  const type = TYPES[extname(path ?? '')] ?? 'application/octet-stream';
  response.writeHead(body ? 200 : 404, { ...headers, 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(body);
}
