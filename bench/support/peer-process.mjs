/** A peer in a process of its own, spoken to line by line. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** `{ ask(command), close() }`; `ask` throws what the peer could not do. */
export function startPeer(command, args, env = {}) {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints = (complaints + text).slice(-2000);
  });
  child.stdin.on('error', () => {});
  const failed = new Promise((_, reject) => child.on('error', reject));
  failed.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      for (;;) {
        const { value, done } = await Promise.race([lines.next(), failed]);
        if (done) throw new Error(`the process ended: ${complaints.trim().split('\n').at(-1)}`);
        // Libraries greet on stdout, too.
        if (!value.startsWith('{')) continue;
        const answer = JSON.parse(value);
        if (answer.error) throw new Error(answer.error);
        return answer;
      }
    },
    close: () => child.kill(),
  };
}
