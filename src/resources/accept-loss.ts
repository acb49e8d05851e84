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

/**
 * Tells the embedded parts that their next start may go on without what is damaged in their data: all of them, or, where
 * one cannot be told, none.
 */
export async function acceptLoss(
  root: string,
  { choices }: Pick<InfrastructurePlan, 'choices'>,
): Promise<AcceptedLoss> {
  const told: { resource: string; data: string; before: readonly string[] }[] = [];
  const refuse = async () => {
    const answers = await Promise.allSettled(
      told.map(({ data }) => rm(join(data, ACCEPT_LOSS_FILE), { force: true })),
    );
    const failed = answers.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  };
  try {
    for (const { resource, provider } of choices) {
      const data = join(stackFolders(root).data, resource);
      const before = await entries(data);
      if (provider !== 'embedded' || before === undefined) continue;
      told.push({ resource, data, before });
      await writeFile(join(data, ACCEPT_LOSS_FILE), '', { mode: 0o600 });
    }
  } catch (error) {
    await refuse().catch(() => {});
    throw error;
  }
  return {
    async setAside() {
      const found = await Promise.all(
        told.map(async ({ resource, data, before }) =>
          ((await entries(data)) ?? [])
            .filter((name) => SET_ASIDE.test(name) && !before.includes(name))
            .map((name) => ({ resource, folder: join(data, name) })),
        ),
      );
      return found.flat();
    },
    refuse,
  };
}

/** What stands in the folder; `undefined` where there is none. */
async function entries(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
