import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { MAX_REPLICAS } from './ports.ts';

/** How many instances run of each service, where that is not what `qbtc.yaml` says. */
export type Scale = Readonly<Record<string, number>>;

const scaleFile = (root: string) => join(root, '.qbtc', 'scale.json');

/** What the last `up --scale` asked for. What cannot be understood is as good as nothing: `up` can be asked again. */
export async function readScale(root: string): Promise<Scale> {
  const text = await readFile(scaleFile(root), 'utf8').catch(() => '{}');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(
      Object.entries(value).filter(
        (entry): entry is [string, number] =>
          Number.isInteger(entry[1]) && Number(entry[1]) >= 1 && Number(entry[1]) <= MAX_REPLICAS,
      ),
    );
  } catch {
    return {};
  }
}

/** Remembers it for the commands that follow, until `down`. */
export async function writeScale(root: string, scale: Scale): Promise<void> {
  if (Object.keys(scale).length === 0) await rm(scaleFile(root), { force: true });
  else await writeFileAtomic(scaleFile(root), `${JSON.stringify(scale, null, 2)}\n`, { mode: 0o600 });
}

/** Puts the numbers in the place of `replicas`, so that everything that is checked is checked with them. */
export function applyScale(services: unknown, scale: Scale): void {
  if (typeof services !== 'object' || services === null) return;
  for (const [name, count] of Object.entries(scale)) {
    const service = Object.hasOwn(services, name) ? (services as Record<string, unknown>)[name] : undefined;
    if (typeof service === 'object' && service !== null)
      (service as Record<string, unknown>).replicas = count;
  }
}
