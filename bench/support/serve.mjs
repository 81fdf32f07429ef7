/**
 * A peer's side of the conversation: one JSON command a line on stdin, one JSON answer a line on stdout.
 *   {"do": "load", "slot": "a", …}  → what `load` answers beside the function to time
 *   {"do": "run", "slot": "a", "seconds": 0.5}  → {"clipsPerSecond": …}
 */
import { createInterface } from 'node:readline';

/** `load(command)` gives `{ run, clips, ...answer }`: `run` does one step over `clips` clips. */
export async function serve(load) {
  const slots = new Map();
  const commands = {
    async load(command) {
      const { run, clips, ...answer } = await load(command);
      slots.set(command.slot, { run, clips });
      return answer;
    },
    async run({ slot, seconds }) {
      return { clipsPerSecond: await rateOf(slots.get(slot), seconds) };
    },
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    const answer = await commands[command.do](command).catch((error) => ({
      error: String(error?.message ?? error),
    }));
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

async function rateOf({ run, clips }, seconds) {
  const start = performance.now();
  let steps = 0;
  do {
    const pending = run();
    if (pending instanceof Promise) await pending;
    steps++;
  } while (performance.now() - start < 1000 * seconds);
  return (1000 * steps * clips) / (performance.now() - start);
}
