import type { NativePart } from '../native-part.ts';
import { programFolder, type ServerProgram } from '../programs.ts';
import { clusterHome, dataVersion, postgresProcess } from './server.ts';

const majorOf = (version: string) => version.split('.')[0] ?? '';

export const postgresServer: ServerProgram = {
  name: 'postgres',
  package: 'postgresql',
  // What its makers still mend.
  leastMajor: 13,
  places: {
    linux: [{ versions: '/usr/lib/postgresql', inside: 'bin' }],
    darwin: [
      { versions: '/Applications/Postgres.app/Contents/Versions', inside: 'bin' },
      ...['17', '16', '15', '14'].map((version) => `/opt/homebrew/opt/postgresql@${version}/bin`),
    ],
    win32: [{ versions: 'C:\\Program Files\\PostgreSQL', inside: 'bin' }],
  },
};

export const nativePostgres: NativePart = {
  program: postgresServer,
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
