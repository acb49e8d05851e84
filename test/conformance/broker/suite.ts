import { afterAll, describe } from 'vitest';
import type { BrokerAccess } from '../../support/rabbitmq.ts';
import { Harness } from './harness.ts';
import { access } from './subjects/access.ts';
import { alarms } from './subjects/alarms.ts';
import { connections } from './subjects/connections.ts';
import { consuming } from './subjects/consuming.ts';
import { deadLetters } from './subjects/dead-letters.ts';
import { definitions } from './subjects/definitions.ts';
import { exchanges } from './subjects/exchanges.ts';
import { health } from './subjects/health.ts';
import { limits } from './subjects/limits.ts';
import { management } from './subjects/management.ts';
import { metrics } from './subjects/metrics.ts';
import { octetTexts } from './subjects/octets.ts';
import { policies } from './subjects/policies.ts';
import { publishing } from './subjects/publishing.ts';
import { queues } from './subjects/queues.ts';
import { replies } from './subjects/replies.ts';
import { returns } from './subjects/returns.ts';
import { routing } from './subjects/routing.ts';
import { transactions } from './subjects/transactions.ts';
import { wire } from './subjects/wire.ts';

const SUBJECTS = {
  connections,
  exchanges,
  queues,
  routing,
  publishing,
  consuming,
  limits,
  'dead letters': deadLetters,
  returns,
  'texts of octets': octetTexts,
  'direct replies': replies,
  transactions,
  wire,
  'management API': management,
  definitions,
  health,
  access,
  policies,
};

const ALONE = { metrics, alarms };

/**
 * What a client may rely on, through amqplib and HTTP alone: the same calls, answers and errors on every broker.
 * RabbitMQ 3.10 is the measure; a test that it does not pass is wrong.
 */
export function brokerConformance(name: string, access: () => BrokerAccess): void {
  describe(name, () => {
    const harness = new Harness(access);
    afterAll(() => harness.end());
    for (const [subject, tests] of Object.entries(SUBJECTS))
      describe.concurrent(subject, () => tests(harness));
    // What these look at, every other client of the broker would change.
    for (const [subject, tests] of Object.entries(ALONE)) describe(subject, () => tests(harness));
  });
}
