import type { ResourceFacts } from '../facts.ts';

export const redis = {
  ports: [{ role: 'main', key: 'port', default: 6379 }],
  schemes: { redis: 6379, rediss: 6379 },
  protocol: 'redis',
  credential: 'password',
  hasKeyring: false,
  namesDataAfterStack: false,
  own: ({ authority, secret }) => ({
    url: `redis://:${encodeURIComponent(secret)}@${authority}/0`,
    password: secret,
  }),
  adopted: (endpoint) => endpoint,
} as const satisfies ResourceFacts;
