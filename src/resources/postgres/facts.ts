import type { ResourceFacts } from '../facts.ts';

export const postgres = {
  ports: [{ role: 'main', key: 'port', default: 5432 }],
  schemes: { postgresql: 5432, postgres: 5432 },
  protocol: 'postgresql',
  credential: 'password',
  hasKeyring: false,
  namesDataAfterStack: true,
  own({ stack, authority, secret, identity: { user = sqlName(stack), database = sqlName(stack) } }) {
    const account = `${encodeURIComponent(user)}:${encodeURIComponent(secret)}`;
    return {
      url: `postgresql://${account}@${authority}/${encodeURIComponent(database)}`,
      user,
      password: secret,
      database,
    };
  },
  adopted(endpoint, { path }) {
    const database = path === '' ? endpoint.user : path;
    return database === undefined ? endpoint : { ...endpoint, database };
  },
} as const satisfies ResourceFacts;

/** A name that needs no quotes in SQL. */
export function sqlName(name: string): string {
  return name.replaceAll('-', '_');
}
