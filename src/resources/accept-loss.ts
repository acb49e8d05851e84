import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ACCEPT_LOSS_FILE } from '../model/accept-loss.ts';
import type { InfrastructurePlan } from '../model/placement.ts';
import { stackFolders } from '../state/folders.ts';

/** Where an embedded part puts what it goes on without. */
const SET_ASIDE = /^damaged-\d+$/;

/** The word that a loss is accepted, given to the embedded parts for their next start. */
export interface AcceptedLoss {
  /** What was set aside since: the part, and the folder in which it stands now. */
  setAside(): Promise<{ resource: string; folder: string }[]>;
  /** Takes the word back from those that were not started: it holds for this time only. */
  refuse(): Promise<void>;
}

/** Tells the embedded parts that their next start may go on without what is damaged in their data. */
export async function acceptLoss(
  root: string,
  { choices }: Pick<InfrastructurePlan, 'choices'>,
): Promise<AcceptedLoss> {
  const told: { resource: string; data: string; before: readonly string[] }[] = [];
  for (const { resource, provider } of choices) {
    const data = join(stackFolders(root).data, resource);
    const before = await readdir(data).catch(() => undefined);
    if (provider !== 'embedded' || before === undefined) continue;
    await writeFile(join(data, ACCEPT_LOSS_FILE), '', { mode: 0o600 });
    told.push({ resource, data, before });
  }
  return {
    async setAside() {
      const found = await Promise.all(
        told.map(async ({ resource, data, before }) =>
          (await readdir(data))
            .filter((name) => SET_ASIDE.test(name) && !before.includes(name))
            .map((name) => ({ resource, folder: join(data, name) })),
        ),
      );
      return found.flat();
    },
    async refuse() {
      for (const { data } of told) await rm(join(data, ACCEPT_LOSS_FILE), { force: true });
    },
  };
}
