/** So many are taken into one batch at most. */
const MOST_AT_ONCE = 256;
/** So many batches are under way at most. */
const MOST_LANES = 2;
/** How long a batch takes before the next one no longer waits for it: a query that hangs holds nobody but its own. */
const SLOW_AFTER_MS = 1_000;

interface Waiting<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export interface BatchOptions {
  slowAfterMs?: number;
}

/**
 * Does for many callers at once what costs much for each of them alone: while one batch is under way, the next gathers. It
 * is begun beside the first where that takes long, and no third one beside them. Who comes alone waits for nobody. Each
 * caller gets its own result once its batch is done.
 *
 * @param work gives a result for each item, in their order
 * @param mayBeOfOne whether what `work` throws may be the fault of a single item: each is then tried alone, until what is
 *   thrown is anything else. That fails for the whole batch, or for what is left of it
 */
export function inBatches<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  mayBeOfOne: (error: unknown) => boolean,
  { slowAfterMs = SLOW_AFTER_MS }: BatchOptions = {},
): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = [];
  let lanes = 0;
  let slow = 0;

  const carryOut = async (batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      if (batch.length > 1 && mayBeOfOne(error)) await oneByOne(batch);
      else for (const { reject } of batch) reject(error);
    }
  };

  const oneByOne = async (batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    for (const [index, { item, resolve, reject }] of batch.entries()) {
      try {
        const [result] = await work([item]);
        resolve(result as Result);
      } catch (error) {
        reject(error);
        if (mayBeOfOne(error)) continue;
        for (const left of batch.slice(index + 1)) left.reject(error);
        return;
      }
    }
  };

  const workOff = async () => {
    lanes += 1;
    while (waiting.length > 0) {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        slow += 1;
        open();
      }, slowAfterMs).unref();
      await carryOut(waiting.splice(0, MOST_AT_ONCE));
      clearTimeout(timer);
      if (late) slow -= 1;
    }
    lanes -= 1;
  };

  /** Begins a batch unless one is under way that will soon be done. */
  const open = () => {
    if (waiting.length > 0 && slow === lanes && lanes < MOST_LANES) void workOff();
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      open();
    });
}
