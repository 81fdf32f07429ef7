/** An HTTP server on loopback that serves one file and can misbehave. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoopbackServer {
  readonly url: string;
  /** The `Range` header of each request, in order. */
  readonly ranges: (string | undefined)[];
  close(): Promise<void>;
}

export interface Behaviour {
  readonly bytes: Uint8Array;
  /** Breaks the connection after this many bytes of each answer. */
  readonly breakAfter?: number;
  /** How many answers break; default all. */
  readonly breaks?: number;
  /** Awaited before a connection breaks: what its client has not read by then is lost. */
  readonly beforeBreak?: () => Promise<void>;
  readonly ignoreRange?: boolean;
  /** Answers before the first proper one. */
  readonly statuses?: readonly number[];
}

export async function serve(behaviour: Behaviour): Promise<LoopbackServer> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(behaviour, ranges.length - 1, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/set.tar.gz`,
    ranges,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function answer(
  behaviour: Behaviour,
  index: number,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const status = behaviour.statuses?.[index];
  if (status) return void response.writeHead(status).end();
  const { bytes, ignoreRange } = behaviour;
  const range = ignoreRange ? null : /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const from = range ? Number(range[1]) : 0;
  if (from >= bytes.length) return void response.writeHead(416).end();
  const rest = bytes.subarray(from);
  response.writeHead(range ? 206 : 200, { 'content-length': rest.length });
  const breaks = behaviour.breakAfter !== undefined && index < (behaviour.breaks ?? Infinity);
  if (!breaks) return void response.end(rest);
  response.write(rest.subarray(0, behaviour.breakAfter), async () => {
    await behaviour.beforeBreak?.();
    response.destroy();
  });
}
