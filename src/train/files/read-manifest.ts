/** Manifests: CSV files with a header `file,class`, fields quoted or not, CRLF or LF, either slash in paths. */
import { DataSetError } from '../../errors.js';

export interface ManifestRow {
  /** As written, `/` between its parts: what is opened, relative to the manifest's folder. */
  readonly file: string;
  /** The same in NFC: what is compared. */
  readonly path: string;
  readonly word: string;
  readonly line: number;
}

interface Record {
  readonly fields: string[];
  readonly line: number;
}

/**
 * The rows of a manifest in their order; other columns are ignored.
 * @throws DataSetError if `file` or `class` is missing in the header or in a row, or a quote is never closed.
 */
export function readManifest(text: string, name: string): ManifestRow[] {
  const [header, ...records] = parseCsv(text.replace(/^\uFEFF/, ''), name);
  const columns = (header?.fields ?? []).map((field) => field.trim().toLowerCase());
  const [file, word] = ['file', 'class'].map((column) => columns.indexOf(column));
  if (file < 0 || word < 0) {
    throw fault('manifest-header', name, 'a header with "file" and "class"', excerpt(columns));
  }
  return records.map(({ fields, line }) => {
    const written = cleanPath(fields[file] ?? '');
    const spoken = (fields[word] ?? '').trim().normalize('NFC');
    if (written && spoken) return { file: written, path: written.normalize('NFC'), word: spoken, line };
    throw fault('manifest-row', name, `a file and a class in line ${line}`, excerpt(fields));
  });
}

/** A path as written in a list or manifest, with `/` between its parts and without `.` parts. */
export function cleanPath(path: string): string {
  const parts = path.trim().replaceAll('\\', '/').split('/');
  const absolute = parts.length > 1 && parts[0] === '' ? '/' : '';
  return absolute + parts.filter((part) => part !== '' && part !== '.').join('/');
}

/** Records of a CSV text (RFC 4180); empty lines are left out. */
function parseCsv(text: string, name: string): Record[] {
  const records: Record[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const record = { fields: [] as string[], line };
    for (;;) {
      const field = text[at] === '"' ? quotedField(text, at, name, line) : plainField(text, at);
      record.fields.push(field.value);
      line += countLines(text, at, field.end);
      at = field.end;
      if (text[at] !== ',') break;
      at++;
    }
    if (record.fields.length > 1 || record.fields[0].trim() !== '') records.push(record);
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    line++;
  }
  return records;
}

function plainField(text: string, start: number): { value: string; end: number } {
  let end = start;
  while (end < text.length && !',\r\n'.includes(text[end])) end++;
  return { value: text.slice(start, end), end };
}

function quotedField(
  text: string,
  start: number,
  name: string,
  line: number,
): { value: string; end: number } {
  let value = '';
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0)
      throw fault('manifest-quote', name, `a closing quote for line ${line}`, 'the end of the file');
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') {
      const rest = plainField(text, quote + 1);
      return { value: value + rest.value, end: rest.end };
    }
    value += '"';
    at = quote + 2;
  }
}

/** What stands there, fit for one line of a terminal whatever it is. */
function excerpt(fields: readonly string[]): string {
  return JSON.stringify(fields.join(',').slice(0, 80));
}

function countLines(text: string, from: number, to: number): number {
  return text.slice(from, to).split('\n').length - 1;
}

function fault(code: string, name: string, wanted: string, found: string): DataSetError {
  return new DataSetError(code, `Cannot read manifest ${name}: expected ${wanted}, got ${found}`, {
    value: name,
  });
}
