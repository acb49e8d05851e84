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
  own({ stack, authority, secret }) {
    const name = encodeURIComponent(stack);
    return {
      url: `amqp://${name}:${encodeURIComponent(secret)}@${authority}/${name}`,
      user: stack,
      password: secret,
      vhost: stack,
    };
  },
  adopted(endpoint, { parsed, path }) {
    // Clients read a missing path as "/" and an empty one as "": nobody means the latter.
    if (path === '') parsed.pathname = '/%2F';
    return { ...endpoint, url: parsed.href, vhost: path === '' ? '/' : path };
  },
} as const satisfies ResourceFacts;
