import { runTask } from './run-task.js';

globalThis.runTask = runTask;

globalThis.runInWorker = (job) =>
  new Promise((resolve, reject) => {
    const worker = new Worker('worker.js', { type: 'module' });
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.value));
    worker.onerror = ({ message }) => reject(new Error(message || 'The worker did not load'));
    worker.postMessage(job);
  });
