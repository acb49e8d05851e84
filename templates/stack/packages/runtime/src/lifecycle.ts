import type { Log } from './logging.ts';

/** A step of the end. Steps run one after the other, the last added first. */
export interface EndStep {
  name: string;
  run(): Promise<unknown>;
}

export interface Lifecycle {
  onEnd(name: string, run: () => Promise<unknown>): void;
  /** Runs the steps within the bound; `false` when they were not finished by then. */
  end(reason: string): Promise<boolean>;
}

export function createLifecycle(options: { log: Log; timeoutMs: number }): Lifecycle {
  const { log, timeoutMs } = options;
  const steps: EndStep[] = [];
  let ending: Promise<boolean> | undefined;

  const run = async (reason: string): Promise<boolean> => {
    log.info('ending', { reason });
    let current = '';
    const all = async () => {
      for (const step of steps.toReversed()) {
        current = step.name;
        await step
          .run()
          .catch((error: unknown) => log.warn(`could not end in order: ${step.name}`, { error }));
      }
      return true;
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), timeoutMs);
    });
    const inTime = await Promise.race([all(), late]);
    clearTimeout(timer);
    if (inTime) log.info('ended');
    else log.error(`did not end within ${timeoutMs} ms`, { step: current });
    return inTime;
  };

  return {
    onEnd(name, step) {
      steps.push({ name, run: step });
    },
    end(reason) {
      ending ??= run(reason);
      return ending;
    },
  };
}
