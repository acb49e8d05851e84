import type { ResourceFacts } from '../facts.ts';

export const postgres = {
  ports: [{ role: 'main', key: 'port', default: 5432 }],
  schemes: { postgresql: 5432, postgres: 5432 },
  protocol: 'postgresql',
  credential: 'password',
  hasKeyring: false,
  namesDataAfterStack: true,
  own({ stack, authority, secret }) {
    const name = sqlName(stack);
    return {
      url: `postgresql://${name}:${encodeURIComponent(secret)}@${authority}/${name}`,
      user: name,
      password: secret,
      database: name,
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
