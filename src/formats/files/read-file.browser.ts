/** Bytes of a file in a browser, where a path is an address relative to the page; imported as `#read-file`. */
import { fetchBytes } from '../fetch-bytes.js';

/** @throws ModelFileError `file-read` if the server does not answer with the file. */
export function readFile(path: string | URL, signal?: AbortSignal): Promise<Uint8Array> {
  return fetchBytes(path, signal);
}
