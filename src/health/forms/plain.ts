import type { HealthDetail } from '../../model/observation.ts';
import { isRecord } from '../../record.ts';
import { detailFrom, detailsIn, type HealthForm, wellness } from '../document-form.ts';

/** What speaks of the service itself. */
const OWN = new Set([
  'status',
  'state',
  'ok',
  'healthy',
  'success',
  'ready',
  'alive',
  'live',
  'up',
  'health',
  'checks',
]);
/** Under which names people gather what a service needs. */
const GATHERED = ['dependencies', 'services', 'resources', 'connections', 'integrations'];

/** By hand: `{"status":"ok","database":"connected","broker":{"status":"up"}}`, or the same below `dependencies`; `{"ok":true}`. */
export const plain: HealthForm = {
  name: 'JSON',
  read(document) {
    const gathered = GATHERED.flatMap((name) => statesIn(document[name]));
    return gathered.length > 0 ? gathered : statesIn(document);
  },
};

function statesIn(states: unknown): HealthDetail[] {
  if (!isRecord(states)) return [];
  return Object.entries(states).flatMap(([name, state]): HealthDetail[] => {
    if (OWN.has(name)) return [];
    if (isRecord(state)) return [detailFrom(name, state, ['ok', 'connected']) ?? detailsIn(state)].flat();
    const well = wellness(state);
    return well === undefined ? [] : [{ name, well, said: String(state) }];
  });
}
