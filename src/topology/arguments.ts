/** What an argument may hold: a check and its words. */
interface ArgumentRule {
  expected: string;
  allows(value: unknown): boolean;
}

const oneOf = (...values: (string | number)[]): ArgumentRule => ({
  expected: `one of ${values.join(', ')}`,
  allows: (value) => values.some((each) => each === value),
});

const whole = (min: number, max = Number.MAX_SAFE_INTEGER): ArgumentRule => ({
  expected:
    max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`,
  allows: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max,
});

const text: ArgumentRule = { expected: 'text', allows: (value) => typeof value === 'string' };
const flag: ArgumentRule = { expected: 'true or false', allows: (value) => typeof value === 'boolean' };

/** The optional arguments of a queue that RabbitMQ 3.10 to 4.x know. */
export const QUEUE_ARGUMENTS: Readonly<Record<string, ArgumentRule>> = {
  'x-queue-type': oneOf('classic', 'quorum', 'stream'),
  'x-message-ttl': whole(0),
  'x-expires': whole(1),
  'x-max-length': whole(0),
  'x-max-length-bytes': whole(0),
  'x-overflow': oneOf('drop-head', 'reject-publish', 'reject-publish-dlx'),
  'x-dead-letter-exchange': text,
  'x-dead-letter-routing-key': text,
  'x-dead-letter-strategy': oneOf('at-most-once', 'at-least-once'),
  'x-max-priority': whole(0, 255),
  'x-single-active-consumer': flag,
  // -1 lifts the limit in RabbitMQ 4.
  'x-delivery-limit': whole(-1),
  'x-consumer-timeout': whole(0),
  'x-queue-mode': oneOf('default', 'lazy'),
  'x-queue-version': oneOf(1, 2),
  'x-queue-leader-locator': oneOf('client-local', 'balanced', 'random', 'least-leaders'),
  'x-queue-master-locator': text,
  'x-quorum-initial-group-size': whole(1),
  'x-quorum-target-group-size': whole(1),
  'x-max-in-memory-length': whole(0),
  'x-max-in-memory-bytes': whole(0),
  'x-initial-cluster-size': whole(1),
  'x-max-age': text,
  'x-stream-max-segment-size-bytes': whole(1),
  'x-stream-filter-size-bytes': whole(16, 255),
};

export const EXCHANGE_ARGUMENTS: Readonly<Record<string, ArgumentRule>> = {
  'alternate-exchange': text,
};

/** On a binding to a headers exchange; every other argument there is a header to match. */
export const BINDING_ARGUMENTS: Readonly<Record<string, ArgumentRule>> = {
  'x-match': oneOf('all', 'any', 'all-with-x', 'any-with-x'),
};

/**
 * Arguments of a queue that a policy can set as well, with the policy's name for them. Where both speak, the smaller
 * number holds, and of everything else the argument (https://www.rabbitmq.com/docs/parameters#combining-policy-definitions).
 */
export const POLICY_SETTINGS: Readonly<Record<string, { setting: string; isLimit: boolean }>> = {
  'x-message-ttl': { setting: 'message-ttl', isLimit: true },
  'x-expires': { setting: 'expires', isLimit: true },
  'x-max-length': { setting: 'max-length', isLimit: true },
  'x-max-length-bytes': { setting: 'max-length-bytes', isLimit: true },
  'x-delivery-limit': { setting: 'delivery-limit', isLimit: true },
  'x-overflow': { setting: 'overflow', isLimit: false },
  'x-dead-letter-exchange': { setting: 'dead-letter-exchange', isLimit: false },
  'x-dead-letter-routing-key': { setting: 'dead-letter-routing-key', isLimit: false },
  'x-dead-letter-strategy': { setting: 'dead-letter-strategy', isLimit: false },
};

/** What a policy may set, checked as the argument of the same meaning is. */
export const POLICY_RULES: Readonly<Record<string, ArgumentRule>> = {
  ...Object.fromEntries(
    Object.entries(POLICY_SETTINGS).map(([argument, { setting }]) => [setting, ruleOf(argument)]),
  ),
  'alternate-exchange': text,
  'queue-mode': oneOf('default', 'lazy'),
  'queue-version': oneOf(1, 2),
  'max-age': text,
  'stream-max-segment-size-bytes': whole(1),
  'ha-mode': oneOf('all', 'exactly', 'nodes'),
  'consumer-timeout': whole(0),
};

function ruleOf(argument: string): ArgumentRule {
  const rule = QUEUE_ARGUMENTS[argument];
  if (rule === undefined) throw new TypeError(`no rule for ${argument}`);
  return rule;
}
