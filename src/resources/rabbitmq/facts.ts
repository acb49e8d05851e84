import type { ResourceFacts } from '../facts.ts';

export const rabbitmq = {
  ports: [
    { role: 'main', key: 'port', default: 5672 },
    { role: 'management', key: 'management_port', default: 15_672 },
  ],
  schemes: { amqp: 5672, amqps: 5671 },
  protocol: 'amqp',
  management: { role: 'management', field: 'management_url' },
  credential: 'password',
  hasKeyring: false,
  holds: 'topology',
  namesDataAfterStack: true,
  own({ stack, authority, secret, identity: { user = stack, vhost = stack } }) {
    const account = `${encodeURIComponent(user)}:${encodeURIComponent(secret)}`;
    return {
      url: `amqp://${account}@${authority}/${encodeURIComponent(vhost)}`,
      user,
      password: secret,
      vhost,
    };
  },
  adopted(endpoint, { parsed, path }) {
    // Clients read a missing path as "/" and an empty one as "": nobody means the latter.
    if (path === '') parsed.pathname = '/%2F';
    return { ...endpoint, url: parsed.href, vhost: path === '' ? '/' : path };
  },
} as const satisfies ResourceFacts;
