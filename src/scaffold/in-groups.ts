/** How many files are touched at the same time. */
const AT_ONCE = 16;

/** Does the work for each, some at the same time. When one fails the others of its group have ended, and no further one begins. */
export async function inGroups<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) {
    const outcomes = await Promise.allSettled(items.slice(at, at + AT_ONCE).map(async (item) => work(item)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}
