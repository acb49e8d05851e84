import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** So large the young generation may become: at 2 MB a busy service spends a third of its time on collecting. */
const YOUNG_BYTES = 16 * 1024 * 1024;
const LOOK_EVERY_MS = 250;

/**
 * Makes V8 collect sooner instead of growing its heap: on a machine with much memory it would let a service that needs
 * 30 MB hold 100 MB more of what it no longer uses. Both settings are read at each collection, so they may be set in
 * a running process.
 */
export function keepMemorySmall(): void {
  // The old generation grows by small steps. `--optimize-for-size` would do so, too, and shrink the young generation
  // until every few requests need a collection.
  setFlagsFromString('--heap-growing-percent=30');
  // The young generation doubles when much of it survives. There is no setting for its most in a running process, so it
  // is kept where it is as soon as it is large enough; that of a service which has little to do stays small.
  const looks = setInterval(() => {
    if (youngBytes() < YOUNG_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(looks);
  }, LOOK_EVERY_MS).unref();
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
