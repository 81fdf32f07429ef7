import { runTask } from './run-task.js';

self.onmessage = ({ data }) =>
  runTask(data).then(
    (value) => self.postMessage({ value }),
    (error) => self.postMessage({ error: String(error) }),
  );
