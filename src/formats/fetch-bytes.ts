/** Bytes from an address, in Node and in a browser alike. */
import { ModelFileError } from '../errors.js';

/**
 * What a GET of the address answers with. A browser takes a relative address from its page.
 * @throws ModelFileError `file-read` if there is no answer or one that is no success; the signal's reason if aborted.
 */
export async function fetchBytes(address: string | URL, signal?: AbortSignal): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address, { signal });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    signal?.throwIfAborted();
    throw fault(address, (cause as Error).message, cause);
  }
  await response.body?.cancel();
  throw fault(address, `${response.status} ${response.statusText}`.trim());
}

function fault(address: string | URL, got: string, cause?: unknown): ModelFileError {
  const name = addressName(address);
  return new ModelFileError('file-read', `Cannot read ${name}: expected a file, got ${got}`, {
    value: name,
    cause,
  });
}

/** How messages call an address: as it is, but for a data: URL, which is the file itself. */
export function addressName(address: string | URL): string {
  const text = String(address);
  return text.startsWith('data:') ? 'data: URL' : text;
}
