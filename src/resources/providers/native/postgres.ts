import { clusterHome, dataVersion, postgresProcess } from '../../postgres/server.ts';
import { programFolder } from '../../programs.ts';
import type { NativePart } from './part.ts';

const majorOf = (version: string) => version.split('.')[0] ?? '';

export const nativePostgres: NativePart = {
  program: 'postgres',
  what: 'PostgreSQL',
  async unfit(stack, resource, { version }) {
    const existing = await dataVersion(stack, resource);
    if (existing === undefined || existing === majorOf(version)) return undefined;
    return `its data is of PostgreSQL ${existing}, installed is ${version} (to begin empty: qbtc down --volumes, which deletes it)`;
  },
  async prepare(context, stack, resource, program) {
    const { data, account } = await clusterHome(context, stack, resource);
    const placement = {
      programs: programFolder(program),
      version: majorOf(program.version),
      data,
      account,
    };
    return [await postgresProcess(context, stack, resource, placement)];
  },
};
