/** So many are taken into one batch at most. */
const MOST_AT_ONCE = 256;

interface Waiting<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Does for many callers at once what costs much for each of them alone: while one batch is under way, the next gathers.
 * Who comes alone waits for nobody. Each caller gets its own result once its batch is done.
 *
 * @param work gives a result for each item, in their order
 * @param mayBeOfOne whether what `work` throws may be the fault of a single item: each is then tried alone. Anything else
 *   fails for the whole batch
 */
export function inBatches<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  mayBeOfOne: (error: unknown) => boolean,
): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = [];
  let working = false;

  const carryOut = async (batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      if (batch.length > 1 && mayBeOfOne(error)) for (const each of batch) await carryOut([each]);
      else for (const { reject } of batch) reject(error);
    }
  };

  const workOff = async () => {
    working = true;
    while (waiting.length > 0) await carryOut(waiting.splice(0, MOST_AT_ONCE));
    working = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!working) void workOff();
    });
}
