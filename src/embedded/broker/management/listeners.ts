import type { BrokerState } from '../state.ts';

/** A port that the broker listens on, and what is spoken there. */
export interface Listener {
  protocol: 'amqp' | 'http' | 'http/prometheus';
  port: number;
}

export function listenersOf({ ports }: BrokerState): Listener[] {
  return [
    { protocol: 'amqp', port: ports.amqp },
    { protocol: 'http', port: ports.management },
    ...(ports.metrics === undefined ? [] : [{ protocol: 'http/prometheus' as const, port: ports.metrics }]),
  ];
}

/** The other names of protocols that RabbitMQ takes, as far as somebody could ask for them here. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  amqp: ['amqp091', 'amqp0.9.1', 'amqp0-9-1', 'amqp0_9_1', 'amqp10', 'amqp1.0', 'amqp1-0', 'amqp1_0'],
  'amqp/ssl': ['amqps'],
  http: ['http1', 'http1.1', 'http_api', 'management', 'management_ui', 'ui'],
  'http/prometheus': ['prometheus'],
  clustering: ['cli', 'distribution'],
};

/** The name under which a listener of the protocol stands, whatever it was called. */
export function protocolNamed(name: string): string {
  const lower = name.toLowerCase();
  return Object.entries(ALIASES).find(([, others]) => others.includes(lower))?.[0] ?? lower;
}
