import type { ResourceFacts } from '../facts.ts';

export const apisix = {
  ports: [
    { role: 'main', key: 'port', default: 9080 },
    { role: 'admin', key: 'admin_port', default: 9180 },
    { role: 'tls', key: 'tls_port' },
  ],
  schemes: { http: 80, https: 443 },
  protocol: 'http',
  management: { role: 'admin', field: 'admin_url' },
  credential: 'admin-key',
  hasKeyring: true,
  holds: 'routes',
  namesDataAfterStack: false,
  own: ({ authority, secret }) => ({ url: `http://${authority}`, adminKey: secret }),
  adopted: (endpoint, { text }, adminKey) => ({
    ...endpoint,
    url: text.replace(/\/+$/, ''),
    ...(adminKey === undefined ? {} : { adminKey }),
  }),
} as const satisfies ResourceFacts;
