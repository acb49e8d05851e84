import { changeConsumers, type KeptConsumer, newConsumerKey, readConsumers } from '../config/consumers.ts';
import { nearest } from '../config/mistake.ts';
import type { Context } from '../context.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';
import { applyRoutes, gatewayOf, planRoutes } from '../gateway/index.ts';
import type { ListedConsumer } from '../model/consumer.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import type { Stack } from '../model/stack.ts';
import { withLock } from './lock.ts';
import { reopenStack } from './open.ts';

export interface ConsumerKey {
  stack: string;
  key: string;
  /** What became of it at the gateway. */
  outcomes: ChangeOutcome[];
}

/** APISIX: `username` of a consumer; its credentials carry it in their ids, which are shorter. */
const USERNAME = /^[a-zA-Z0-9_-]{1,40}$/;

/**
 * Makes a consumer with a key of its own and puts it into the gateway. Where that cannot be reached the consumer is
 * kept, and the next `routes sync` brings it there.
 *
 * @throws QbtcError CONSUMER_NAME, CONSUMER_EXISTS, GATEWAY_NOT_DECLARED
 */
export function addConsumer(
  context: Context,
  stack: Stack,
  username: string,
  options: Pick<KeptConsumer, 'limit'>,
): Promise<ConsumerKey> {
  return withLock(stack.root, 'consumers add', async () => {
    // A key that opens nothing is not made.
    gatewayOf(stack);
    if (!USERNAME.test(username)) {
      throw new QbtcError('CONSUMER_NAME', `"${username}" is no name for a consumer`, {
        exit: EXIT.usage,
        hint: 'letters, digits, _ and -, at most 40 of them',
      });
    }
    refuseSecond(stack, stack.gateway.consumers, username);
    const key = newConsumerKey();
    const consumer: KeptConsumer = {
      username,
      key,
      createdAt: new Date(context.clock.now()).toISOString(),
      ...options,
    };
    await changeConsumers(stack.root, (consumers) => {
      // Another one may have been quicker since the stack was read.
      refuseSecond(stack, consumers, username);
      return [...consumers, consumer];
    });
    return {
      stack: stack.name,
      key,
      outcomes: await apply(context, await reopenStack(context, stack), username),
    };
  });
}

/**
 * Gives a consumer a new key. With `overlap` the old one stays good until the next rotation or `revoke --previous`.
 * @throws QbtcError CONSUMER_UNKNOWN, GATEWAY_NOT_DECLARED
 */
export function rotateConsumer(
  context: Context,
  stack: Stack,
  username: string,
  { overlap }: { overlap: boolean },
): Promise<ConsumerKey> {
  return withLock(stack.root, 'consumers rotate', async () => {
    gatewayOf(stack);
    await find(stack, username);
    const key = newConsumerKey();
    const rotatedAt = new Date(context.clock.now()).toISOString();
    await changeConsumers(stack.root, (consumers) =>
      consumers.map(({ previous, ...each }) =>
        each.username === username
          ? { ...each, key, rotatedAt, ...(overlap ? { previous: each.key } : {}) }
          : { ...each, ...(previous === undefined ? {} : { previous }) },
      ),
    );
    return {
      stack: stack.name,
      key,
      outcomes: await apply(context, await reopenStack(context, stack), username),
    };
  });
}

/**
 * Takes a consumer with all its keys out of the gateway, or only the key from before the last rotation.
 * @throws QbtcError CONSUMER_UNKNOWN
 */
export function revokeConsumer(
  context: Context,
  stack: Stack,
  username: string,
  { previous }: { previous: boolean },
): Promise<ChangeOutcome[]> {
  return withLock(stack.root, 'consumers revoke', async () => {
    await find(stack, username);
    await changeConsumers(stack.root, (consumers) => {
      if (!previous) return consumers.filter((each) => each.username !== username);
      return consumers.map((each) => {
        const { previous: _, ...rest } = each;
        return each.username === username ? rest : each;
      });
    });
    return apply(context, await reopenStack(context, stack), username);
  });
}

/** All consumers of the stack, without their keys. */
export async function listConsumers(stack: Stack): Promise<ListedConsumer[]> {
  const kept = new Map((await readConsumers(stack.root)).map((each) => [each.username, each]));
  return stack.gateway.consumers.map(({ username, credentials = [], plugins }) => {
    const own = kept.get(username);
    const { count, time_window: seconds } = plugins?.['limit-count'] ?? {};
    return {
      username,
      source: own === undefined ? 'declared' : 'command',
      credentials: credentials.length,
      limit: count === undefined ? '' : `${String(count)} requests in ${String(seconds)} s`,
      createdAt: own?.createdAt ?? null,
      rotatedAt: own?.rotatedAt ?? null,
      previousValid: own?.previous !== undefined,
    };
  });
}

function refuseSecond(stack: Stack, consumers: readonly { username: string }[], username: string): void {
  if (!consumers.some((consumer) => consumer.username === username)) return;
  throw new QbtcError('CONSUMER_EXISTS', `${stack.name} has a consumer ${username} already`, {
    hint: `qbtc consumers rotate ${username} gives it a new key`,
  });
}

async function find(stack: Stack, username: string): Promise<void> {
  const all = await readConsumers(stack.root);
  if (all.some((each) => each.username === username)) return;
  const names = all.map((each) => each.username);
  const declared = stack.gateway.consumers.some((consumer) => consumer.username === username);
  const near = nearest(username, names);
  throw new QbtcError(
    'CONSUMER_UNKNOWN',
    declared
      ? `the consumer ${username} is declared in the stack's files, not added`
      : `${stack.name} has no consumer ${username}`,
    {
      exit: EXIT.usage,
      hint: declared
        ? 'change it there; qbtc secrets rotate gives a declared key a new value'
        : `${near === undefined ? '' : `did you mean ${near}? `}qbtc consumers list shows them`,
    },
  );
}

/** Brings this one consumer to what is kept of it, and nothing else. */
async function apply(context: Context, stack: Stack, username: string): Promise<ChangeOutcome[]> {
  const only = (kind: string, id: string) =>
    (kind === 'consumer' && id === username) || (kind === 'credential' && id.startsWith(`${username}/`));
  try {
    const plan = await planRoutes(context, stack, { prune: true, only });
    return await applyRoutes(context, stack, plan);
  } catch (error) {
    if (!(error instanceof QbtcError)) throw error;
    const change = { action: 'update' as const, kind: 'consumer', name: username };
    const kept = 'it is kept in .qbtc/consumers.json, and qbtc routes sync --prune brings it to the gateway';
    return [{ change, status: 'failed', reason: `${messageOf(error)}; ${kept}` }];
  }
}
