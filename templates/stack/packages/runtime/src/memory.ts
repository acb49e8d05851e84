import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** So large the young generation may become: at 2 MB a busy service spends a third of its time on collecting. */
const YOUNG_BYTES = 16 * 1024 * 1024;

/**
 * Makes V8 collect sooner instead of growing its heap: on a machine with much memory it would let a service that needs
 * 30 MB hold 100 MB more of what it no longer uses. Both settings are read at each collection, so they may be set in
 * a running process.
 *
 * @param most how large the young generation may become: less for who allocates little
 */
export function keepMemorySmall(most = YOUNG_BYTES): void {
  // The old generation grows by small steps. `--optimize-for-size` would do so, too, and shrink the young generation
  // until every few requests need a collection.
  setFlagsFromString('--heap-growing-percent=30');
  // The young generation is so small that handing parts of it to other threads, and waiting for them, takes longer than
  // collecting it; on a machine whose cores are busy, much longer.
  setFlagsFromString('--no-parallel-scavenge');
  // The young generation doubles when much of it survives a collection. There is no setting for its most in a running
  // process, so it is kept where it is as soon as it is large enough; that of a service which has little to do stays small,
  // and nobody looks at it meanwhile.
  const observer = new PerformanceObserver(() => {
    if (youngBytes() < most) return;
    observer.disconnect();
    setFlagsFromString('--semi-space-growth-factor=1');
  });
  observer.observe({ entryTypes: ['gc'] });
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
