import * as z from 'zod';
import { stateFile } from '../state/index.ts';
import { MAX_REPLICAS } from './ports.ts';

/** How many instances run of each service, where that is not what `qbtc.yaml` says. */
export type Scale = Readonly<Record<string, number>>;

const schema = z.record(z.string(), z.int().min(1).max(MAX_REPLICAS));
/** What cannot be understood is as good as nothing: `up` can be asked again. */
const file = stateFile<Scale>('scale', schema, {});

/** What the last `up --scale` asked for. */
export const readScale = (root: string): Promise<Scale> => file.read(root);

/** Remembers it for the commands that follow, until `down`. */
export const writeScale = (root: string, scale: Scale): Promise<void> => file.write(root, scale);

/** Remembers these, too. */
export const addScale = (root: string, scale: Scale): Promise<Scale> =>
  file.change(root, (before) => ({ ...before, ...scale }));

/** Puts the numbers in the place of `replicas`, so that everything that is checked is checked with them. */
export function applyScale(services: unknown, scale: Scale): void {
  if (typeof services !== 'object' || services === null) return;
  for (const [name, count] of Object.entries(scale)) {
    const service = Object.hasOwn(services, name) ? (services as Record<string, unknown>)[name] : undefined;
    if (typeof service === 'object' && service !== null)
      (service as Record<string, unknown>).replicas = count;
  }
}
