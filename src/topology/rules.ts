import { type FieldPath, nearest } from '../config/mistake.ts';
import { BINDING_ARGUMENTS, EXCHANGE_ARGUMENTS, POLICY_RULES, QUEUE_ARGUMENTS } from './arguments.ts';
import { bindingName, GENERATED_POLICY, retryQueueName } from './names.ts';
import type { TopologyFile } from './schema.ts';

/** What is wrong at one place of a topology that has the right shape. */
export interface RuleMistake {
  path: FieldPath;
  /** Left out where the value itself says it. */
  found?: string;
  expected: string;
  nearest?: string;
}

/** Exchanges that every vhost has. */
const BUILT_IN_EXCHANGES = ['amq.direct', 'amq.fanout', 'amq.headers', 'amq.match', 'amq.topic'];

/** Every rule that no single field can tell. */
export function checkRules(topology: TopologyFile): RuleMistake[] {
  return [
    ...duplicates(topology),
    ...unknownNames(topology),
    ...wrongArguments(topology),
    ...impossibleQueues(topology),
    ...wrongPolicies(topology),
    ...impossibleRetries(topology),
  ];
}

function duplicates({ exchanges, queues, bindings, policies, permissions }: TopologyFile): RuleMistake[] {
  const mistakes: RuleMistake[] = [];
  const check = (names: string[], at: (index: number) => FieldPath, what: string) => {
    const first = new Map<string, number>();
    for (const [index, name] of names.entries()) {
      if (first.has(name))
        mistakes.push({ path: at(index), found: `${what} ${name} a second time`, expected: 'each once' });
      else first.set(name, index);
    }
  };
  check(
    exchanges.map((exchange) => exchange.name),
    (index) => ['exchanges', index, 'name'],
    'the exchange',
  );
  check(
    queues.map((queue) => queue.name),
    (index) => ['queues', index, 'name'],
    'the queue',
  );
  check(bindings.map(bindingName), (index) => ['bindings', index], 'the binding');
  check(
    policies.map((policy) => policy.name),
    (index) => ['policies', index, 'name'],
    'the policy',
  );
  check(
    permissions.map((permission) => permission.user),
    (index) => ['permissions', index, 'user'],
    'the permission of',
  );
  return mistakes;
}

function unknownNames({ exchanges, queues, bindings }: TopologyFile): RuleMistake[] {
  const knownExchanges = new Set([...exchanges.map((exchange) => exchange.name), ...BUILT_IN_EXCHANGES]);
  const knownQueues = new Set(queues.map((queue) => queue.name));
  const mistakes: RuleMistake[] = [];
  const check = (name: unknown, known: ReadonlySet<string>, path: FieldPath, expected: string) => {
    if (typeof name !== 'string' || known.has(name)) return;
    const near = nearest(name, known);
    mistakes.push({ path, expected, ...(near === undefined ? {} : { nearest: near }) });
  };
  for (const [index, { source, destination, destination_type }] of bindings.entries()) {
    check(source, knownExchanges, ['bindings', index, 'source'], 'an exchange that is declared here');
    const [known, expected] =
      destination_type === 'queue'
        ? [knownQueues, 'a queue that is declared here']
        : [knownExchanges, 'an exchange that is declared here'];
    check(destination, known, ['bindings', index, 'destination'], expected);
  }
  // What is dead-lettered to an exchange that is not there is lost without a word.
  for (const [index, queue] of queues.entries()) {
    const exchange = queue.arguments['x-dead-letter-exchange'];
    if (exchange === '') continue;
    const path = ['queues', index, 'arguments', 'x-dead-letter-exchange'];
    check(
      exchange,
      knownExchanges,
      path,
      'an exchange that is declared here, or "" for the default exchange',
    );
  }
  for (const [index, exchange] of exchanges.entries()) {
    const path = ['exchanges', index, 'arguments', 'alternate-exchange'];
    check(
      exchange.arguments['alternate-exchange'],
      knownExchanges,
      path,
      'an exchange that is declared here',
    );
  }
  return mistakes;
}

function wrongArguments({ exchanges, queues, bindings }: TopologyFile): RuleMistake[] {
  const lists = [
    { list: 'exchanges', items: exchanges, rules: EXCHANGE_ARGUMENTS },
    { list: 'queues', items: queues, rules: QUEUE_ARGUMENTS },
    { list: 'bindings', items: bindings, rules: BINDING_ARGUMENTS },
  ];
  const mistakes: RuleMistake[] = [];
  for (const { list, items, rules } of lists) {
    for (const [index, item] of items.entries()) {
      for (const [name, value] of Object.entries(item.arguments)) {
        const path = [list, index, 'arguments', name];
        const rule = rules[name];
        if (rule !== undefined) {
          if (!rule.allows(value)) mistakes.push({ path, expected: rule.expected });
          continue;
        }
        // Plugins have arguments of their own. RabbitMQ ignores what it does not know: a slip would go unnoticed.
        const near = list === 'bindings' ? undefined : nearest(name, Object.keys(rules));
        if (near !== undefined) {
          mistakes.push({
            path,
            found: `the argument "${name}"`,
            expected: 'an argument that RabbitMQ knows',
            nearest: near,
          });
        }
      }
    }
  }
  return mistakes;
}

function impossibleQueues({ queues }: TopologyFile): RuleMistake[] {
  const mistakes: RuleMistake[] = [];
  for (const [index, queue] of queues.entries()) {
    const type = queue.arguments['x-queue-type'];
    if (type !== 'quorum' && type !== 'stream') continue;
    if (!queue.durable)
      mistakes.push({ path: ['queues', index, 'durable'], expected: `true for a ${type} queue` });
    if (queue.auto_delete) {
      mistakes.push({ path: ['queues', index, 'auto_delete'], expected: `false for a ${type} queue` });
    }
  }
  return mistakes;
}

function wrongPolicies({ policies }: TopologyFile): RuleMistake[] {
  const mistakes: RuleMistake[] = [];
  for (const [index, { name, definition }] of policies.entries()) {
    if (name.startsWith(GENERATED_POLICY)) {
      mistakes.push({
        path: ['policies', index, 'name'],
        expected: `a name that does not start with "${GENERATED_POLICY}": qbtc makes policies of such names itself`,
      });
    }
    for (const [setting, value] of Object.entries(definition)) {
      const path = ['policies', index, 'definition', setting];
      const rule = POLICY_RULES[setting];
      if (rule?.allows(value)) continue;
      if (rule !== undefined) mistakes.push({ path, expected: rule.expected });
      else {
        const near = nearest(setting.replace(/^x-/, ''), Object.keys(POLICY_RULES));
        mistakes.push({
          path,
          found: `the setting "${setting}"`,
          expected: 'a setting that policies have',
          ...(near === undefined ? {} : { nearest: near }),
        });
      }
    }
  }
  return mistakes;
}

/** What waits must come back: that needs a queue that is there as long as the messages. */
function impossibleRetries({ queues }: TopologyFile): RuleMistake[] {
  const names = new Set(queues.map((queue) => queue.name));
  return queues.flatMap(({ name, durable, retry }, index) => {
    if (retry === undefined) return [];
    const path = ['queues', index, 'retry'];
    const mistakes: RuleMistake[] = durable ? [] : [{ path, expected: 'only with a durable queue' }];
    const taken = retry.delays.map((delay) => retryQueueName(name, delay)).find((each) => names.has(each));
    if (taken !== undefined) {
      mistakes.push({
        path,
        found: `the queue ${taken}`,
        expected: `that name free: the retry of ${name} makes it`,
      });
    }
    if (new Set(retry.delays).size < retry.delays.length)
      mistakes.push({ path: [...path, 'delays'], found: 'a delay twice', expected: 'each once' });
    return mistakes;
  });
}
