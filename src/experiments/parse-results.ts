/** Reads results files: one trial's result a line, as `sweep` appends them. */
import { DataSetError } from '../errors.js';
import { readFile } from '../formats/files/read-file.node.js';
import { type TrialResult, trialKey } from './trials.js';

/** How every line begins that `sweep` writes; what begins so and is no JSON is half a line. */
const BEGINNING = '{"data":"';

/**
 * Results from the text of a results file, one JSON object a line. The last line counts without its newline too, unless it is
 * half a result: the machine went down in the middle of it.
 * @throws DataSetError `results-line` naming file and line; `results-differ` for two lines of one trial that disagree.
 */
export function parseResults(text: string, file: string): TrialResult[] {
  const lines = text.split('\n');
  const last = lines[lines.length - 1];
  if (last === '' || isHalfResult(last)) lines.pop();
  const results = lines.map((line, i) => parseLine(line) ?? refuse(line, i + 1, file));
  checkAgreement(results, file);
  return results;
}

/** The results of several files together. @throws DataSetError as `parseResults` does, between files too. */
export async function readResults(files: readonly string[]): Promise<TrialResult[]> {
  const read = async (file: string) => parseResults(new TextDecoder().decode(await readFile(file)), file);
  const results = (await Promise.all(files.map(read))).flat();
  checkAgreement(results);
  return results;
}

/** Whether a line without its newline is the beginning of a result that was never finished. */
export function isHalfResult(line: string): boolean {
  if (!line.startsWith(BEGINNING)) return line !== '' && BEGINNING.startsWith(line);
  try {
    JSON.parse(line);
    return false;
  } catch {
    return true;
  }
}

function refuse(line: string, number: number, file: string): never {
  throw new DataSetError(
    'results-line',
    `Cannot read ${file}: expected a trial's result in line ${number}, got ${JSON.stringify(line.slice(0, 60))}`,
    { value: number },
  );
}

function parseLine(line: string): TrialResult | undefined {
  try {
    const result = JSON.parse(line) as Partial<TrialResult> | null;
    return isResult(result) ? result : undefined;
  } catch {
    return undefined;
  }
}

function isResult(result: Partial<TrialResult> | null): result is TrialResult {
  const accuracy = result?.validation?.accuracy ?? Number.NaN;
  const numbers = [result?.seed, result?.parameters, result?.macs, result?.epochs, accuracy];
  const texts = [result?.model, result?.data, result?.recipe];
  if (result?.only !== undefined) texts.push(result.only);
  return (
    texts.every((text) => typeof text === 'string') &&
    numbers.every(Number.isFinite) &&
    accuracy >= 0 &&
    accuracy <= 1
  );
}

/** Two results of one trial must be the same: which of them counts nobody could tell. With `file`, result i stands in line i + 1 of it. */
function checkAgreement(results: readonly TrialResult[], file?: string): void {
  const known = new Map<string, number>();
  results.forEach((result, i) => {
    const key = trialKey(result);
    const before = known.get(key);
    known.set(key, before ?? i);
    if (before === undefined) return;
    const [wanted, found] = [before, i].map((index) => results[index].validation.accuracy);
    if (wanted === found) return;
    const where = (index: number) => (file === undefined ? '' : ` in line ${index + 1}`);
    const { data, model, seed } = result;
    throw new DataSetError(
      'results-differ',
      `Cannot read ${file ?? 'results'}: expected one accuracy of ${model}, seed ${seed}, on ${data}, got ${wanted}${where(before)} and ${found}${where(i)}`,
      { value: key },
    );
  });
}
