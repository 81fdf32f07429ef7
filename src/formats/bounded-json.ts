/**
 * JSON from untrusted bytes. `JSON.parse` alone keeps the last of two equal keys without a word, and follows
 * brackets to any depth; a scan before it refuses both, and counts values before memory is taken for them.
 */
import { ModelFileError } from '../errors.js';

/** How much JSON a file may hold. */
export interface JsonLimits {
  readonly maxCharacters: number;
  readonly maxDepth: number;
  readonly maxValues: number;
}

/** Well above the largest graph of the registry (about 1 MB), well below what hurts. */
export const JSON_LIMITS: JsonLimits = { maxCharacters: 16_777_216, maxDepth: 64, maxValues: 1_000_000 };

/**
 * The value a JSON text stands for. `what` names it in errors ("header of m.safetensors").
 * @throws ModelFileError if it is no JSON, over the limits, repeats a key in one object, or uses the key `__proto__`.
 */
export function parseBoundedJson(text: string, what: string, limits: JsonLimits = JSON_LIMITS): unknown {
  if (text.length > limits.maxCharacters) {
    throw fault('json-size', what, `at most ${limits.maxCharacters} characters`, `${text.length}`);
  }
  scan(text, what, limits);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ModelFileError('json-syntax', `Cannot read ${what}: expected JSON, got ${excerpt(text)}`, {
      cause,
    });
  }
}

/** Walks over strings and brackets only; what is not well-formed is left to JSON.parse. */
function scan(text: string, what: string, limits: JsonLimits): void {
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;
  const colon = /\s*:/y;
  const open: (Set<string> | undefined)[] = [];
  let values = 1;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found] = match;
    if (found === '{' || found === '[') open.push(found === '{' ? new Set() : undefined);
    else if (found === '}' || found === ']') open.pop();
    else if (found === ',') values++;
    else {
      colon.lastIndex = token.lastIndex;
      if (colon.test(text)) checkKey(open.at(-1), found, what);
    }
    if (open.length > limits.maxDepth) {
      throw fault('json-depth', what, `brackets at most ${limits.maxDepth} deep`, 'more');
    }
    if (values > limits.maxValues)
      throw fault('json-size', what, `at most ${limits.maxValues} values`, 'more');
  }
}

function checkKey(keys: Set<string> | undefined, quoted: string, what: string): void {
  const key = unquote(quoted);
  if (key === '__proto__') throw fault('json-key', what, 'other keys', '__proto__');
  if (keys?.has(key)) throw fault('json-duplicate', what, `the key ${key} once`, 'twice');
  keys?.add(key);
}

function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted);
  } catch {
    return quoted; // A bad escape: JSON.parse of the whole will say so.
  }
}

function excerpt(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

function fault(code: string, what: string, wanted: string, found: string): ModelFileError {
  return new ModelFileError(code, `Cannot read ${what}: expected ${wanted}, got ${found}`);
}
