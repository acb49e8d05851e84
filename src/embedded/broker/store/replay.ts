import type { Log } from '../../program.ts';
import { type Damage, damagedError, damagedFiles, describeDamage } from '../../storage/damage.ts';
import { readExtent } from '../../storage/extent.ts';
import { setAside } from '../../storage/set-aside.ts';
import { nameOf, type StoreFolder } from './folder.ts';
import { Image } from './image.ts';
import { planReading } from './reading-plan.ts';
import { StoreReader } from './store-reader.ts';

export interface Replayed {
  image: Image;
  /** The snapshot that was read; 0 without one. */
  snapshot: number;
  /** The journal that is written on: the last one or, behind an end that is torn, a new one. */
  journal: number;
  /** Whether it has records already. */
  isBegun: boolean;
  /** Where the last whole record of the one before ends. */
  previousBytes: number;
  /** What all files take. */
  bytes: number;
  /** Something was damaged, and its loss accepted: the state has to be written anew before anything is promised. */
  isDamaged: boolean;
}

/**
 * Reads what an earlier broker has left. Throws BROKER_DATA_DAMAGED when something that was confirmed cannot be read,
 * and the errors of the system; nothing was changed then. With `acceptLoss` everything that is whole is read, and what
 * is not is kept aside. `expected` says why there must be files.
 */
export function replay(folder: StoreFolder, log: Log, acceptLoss = false, expected?: string): Replayed {
  const extent = readExtent(folder.extent);
  const promised = typeof extent === 'string' ? undefined : extent;
  const plan = planReading(folder, promised);
  const damages: Damage[] = [...plan.damages];
  const reader = new StoreReader(folder, new Image(), damages, plan.damages.length > 0);

  if (plan.snapshot > 0) reader.snapshot(plan.snapshot);
  for (const number of plan.journals) {
    const next = plan.begins.get(number + 1);
    reader.journal(number, {
      promised: promised?.journal === number ? promised.bytes : undefined,
      followedFrom: next?.basis === 'previous' ? next.previousBytes : undefined,
      isExtentKnown: promised !== undefined && promised.journal <= number,
    });
  }
  damages.push(...reader.consequences);
  if (expected !== undefined && plan.newest === 0 && damages.length === 0)
    damages.push({ kind: 'missing', file: folder.journal(1), because: expected });
  for (const torn of reader.torn)
    log('warn', 'the end of a journal was not whole and is left out: nothing of it was confirmed', {
      ...torn,
    });
  const isNew = plan.snapshot === 0 && plan.journals.length === 0 && damages.length === 0;
  if (typeof extent === 'string' && !isNew && (extent === 'damaged' || plan.begins.size > 0))
    log('warn', 'the file that says how far was confirmed cannot be used: a cut end would not show', {
      path: folder.extent,
      found: extent,
    });
  if (damages.length > 0) {
    if (!acceptLoss) throw damagedError('BROKER_DATA_DAMAGED', folder.path, damages);
    const aside = setAside(folder.path, damagedFiles(damages));
    for (const damage of damages)
      log('error', 'started without what is damaged', { damage: describeDamage(damage) });
    log('warn', 'the damaged files are kept', { folder: aside });
  } else {
    if (plan.abandoned.length > 0)
      log('info', 'a journal that was never confirmed is left out', { numbers: plan.abandoned });
    folder.remove([...plan.drafts, ...plan.abandoned.map((number) => nameOf('journal', number))]);
    if (plan.snapshot > 0) folder.remove(folder.replacedBy(plan.snapshot));
  }
  return {
    image: reader.image,
    snapshot: plan.snapshot,
    ...continuation(reader),
    ...(damages.length > 0 ? { journal: plan.newest } : {}),
    bytes: reader.bytes,
    isDamaged: damages.length > 0,
  };
}

function continuation({
  last,
  previousBytes,
}: StoreReader): Pick<Replayed, 'journal' | 'isBegun' | 'previousBytes'> {
  if (last === undefined) return { journal: 1, isBegun: false, previousBytes: 0 };
  const { number, wholeBytes, isTorn } = last;
  // Nothing is written behind a torn end, and nothing is cut off: what was not understood stays to be looked at.
  if (isTorn) return { journal: number + 1, isBegun: false, previousBytes: wholeBytes };
  return { journal: number, isBegun: wholeBytes > 0, previousBytes };
}
