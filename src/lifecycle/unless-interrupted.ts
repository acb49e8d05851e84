/** For work that cannot be called off: its end is not waited for. */
export function unlessInterrupted<T>(interrupted: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return new Promise((resolve, reject) => {
    const stop = () => reject(interrupted.reason);
    if (interrupted.aborted) stop();
    interrupted.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => interrupted.removeEventListener('abort', stop));
  });
}
