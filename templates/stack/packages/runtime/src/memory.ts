import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 collect sooner instead of growing its heap: on a machine with much memory it would let a service that needs
 * 30 MB hold 100 MB more of what it no longer uses. Both settings are read at each collection, so they may be set in
 * a running process.
 */
export function keepMemorySmall(): void {
  // The old generation grows by small steps. `--optimize-for-size` would do so, too, and shrink the young generation
  // until every few requests need a collection: two fifths of the processor time of a busy service.
  setFlagsFromString('--heap-growing-percent=30');
  // The young generation stays as large as it has become while the service started: a few MB, enough for few collections.
  setFlagsFromString('--semi-space-growth-factor=1');
}
