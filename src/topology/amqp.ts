import type { BrokerAccess } from '../broker/access.ts';
import { onBroker } from '../broker/connection.ts';
import type { AmqpConnection, Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import { type CarryOutOptions, carryOut } from '../reconcile/carry-out.ts';
import type { Desired } from './desired.ts';
import { NO_VHOST } from './observed.ts';
import { planChanges, type TopologyPlan, type TopologyTarget } from './plan/index.ts';

/** How our connections call themselves. */
export const CLIENT = 'qbtc topology';

/**
 * The plan for a broker without a management API. AMQP tells whether an exchange or a queue is there and nothing else:
 * what is missing is planned, and everything else is named as not measured.
 *
 * @throws QbtcError `BROKER_UNREACHABLE`
 */
export async function planByAmqp(
  context: Pick<Context, 'amqp'>,
  access: BrokerAccess,
  { topology, accounts }: Desired,
): Promise<{ plan: TopologyPlan; notMeasured: string[] }> {
  return onBroker(context, access, CLIENT, async (connection) => {
    const exchanges = [];
    for (const exchange of topology.exchanges)
      if (await connection.exchangeExists(exchange.name)) exchanges.push(exchange);
    const queues = [];
    for (const queue of topology.queues)
      if ((await connection.inspectQueue(queue.name)) !== undefined) queues.push(queue);
    const [exchangeNames, queueNames] = [
      new Set(exchanges.map(({ name }) => name)),
      new Set(queues.map(({ name }) => name)),
    ];
    // Where both ends were there, the binding may be, too.
    const bindings = topology.bindings.filter(
      ({ source, destination, destination_type }) =>
        (exchangeNames.has(source) || source.startsWith('amq.')) &&
        (destination_type === 'queue' ? queueNames : exchangeNames).has(destination),
    );
    const plan = planChanges(
      { topology: { ...topology, policies: [], limits: {} }, accounts: [] },
      {
        ...NO_VHOST,
        vhostExists: true,
        exchanges,
        queues: queues.map(({ arguments: { 'x-queue-type': type = 'classic', ...args }, ...queue }) => ({
          ...queue,
          arguments: args,
          type: String(type),
          exclusive: false,
        })),
        bindings: bindings.map((binding) => ({ ...binding, key: '' })),
      },
      { vhost: access.vhost },
    );
    return {
      plan,
      notMeasured: notMeasured({ topology, accounts }, exchanges.length, queues.length, bindings.length),
    };
  });
}

/** Declares what is missing. */
export function declareByAmqp(
  context: Pick<Context, 'amqp'>,
  access: BrokerAccess,
  { steps }: TopologyPlan,
  options: CarryOutOptions,
): Promise<ChangeOutcome[]> {
  return onBroker(context, access, CLIENT, (connection) =>
    carryOut(steps, ({ target }) => declare(connection, target), options),
  );
}

function notMeasured(
  { topology, accounts }: Desired,
  exchanges: number,
  queues: number,
  bindings: number,
): string[] {
  const some = (count: number, what: string) => (count === 0 ? [] : [`${what} (${count})`]);
  return [
    ...some(exchanges, 'types and arguments of exchanges that are there'),
    ...some(queues, 'types and arguments of queues that are there'),
    ...some(bindings, 'bindings between them'),
    ...some(topology.policies.length, 'policies'),
    ...some(Object.keys(topology.limits).length, 'limits'),
    ...some(accounts.length, 'accounts'),
  ];
}

async function declare(connection: AmqpConnection, target: TopologyTarget): Promise<void> {
  switch (target.kind) {
    case 'exchange':
      return connection.declareExchange(target.exchange);
    case 'queue':
      return connection.declareQueue(target.queue);
    case 'binding':
      return connection.bind(target.binding);
    default:
      throw new QbtcError('BROKER_REFUSED', `AMQP cannot change a ${target.kind}`);
  }
}
