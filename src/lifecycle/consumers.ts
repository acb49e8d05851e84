import { type KeptConsumer, newConsumerKey, readConsumers, writeConsumers } from '../config/consumers.ts';
import { nearest } from '../config/mistake.ts';
import type { Context } from '../context.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';
import { applyRoutes, planRoutes } from '../gateway/index.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import type { Stack } from '../model/stack.ts';
import { withLock } from './lock.ts';

/** The stack anew, with what has been written since. */
type Reopen = () => Promise<Stack>;

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
 * @throws QbtcError CONSUMER_NAME, CONSUMER_EXISTS
 */
export function addConsumer(
  context: Context,
  stack: Stack,
  username: string,
  reopen: Reopen,
  options: Pick<KeptConsumer, 'limit'>,
): Promise<ConsumerKey> {
  return withLock(context, stack.root, 'consumers add', async () => {
    if (!USERNAME.test(username)) {
      throw new QbtcError('CONSUMER_NAME', `"${username}" is no name for a consumer`, {
        exit: EXIT.usage,
        hint: 'letters, digits, _ and -, at most 40 of them',
      });
    }
    if (stack.gateway.consumers.some((consumer) => consumer.username === username)) {
      throw new QbtcError('CONSUMER_EXISTS', `${stack.name} has a consumer ${username} already`, {
        hint: `qbtc consumers rotate ${username} gives it a new key`,
      });
    }
    const key = newConsumerKey();
    const consumer: KeptConsumer = {
      username,
      key,
      createdAt: new Date(context.clock.now()).toISOString(),
      ...options,
    };
    await writeConsumers(stack.root, [...(await readConsumers(stack.root)), consumer]);
    return { stack: stack.name, key, outcomes: await apply(context, await reopen(), username) };
  });
}

/**
 * Gives a consumer a new key. With `overlap` the old one stays good until the next rotation or `revoke --previous`.
 * @throws QbtcError CONSUMER_UNKNOWN
 */
export function rotateConsumer(
  context: Context,
  stack: Stack,
  username: string,
  reopen: Reopen,
  { overlap }: { overlap: boolean },
): Promise<ConsumerKey> {
  return withLock(context, stack.root, 'consumers rotate', async () => {
    const { all, found } = await find(stack, username);
    const { previous: _, key: old, ...rest } = found;
    const key = newConsumerKey();
    const rotatedAt = new Date(context.clock.now()).toISOString();
    const rotated = { ...rest, key, rotatedAt, ...(overlap ? { previous: old } : {}) };
    await writeConsumers(
      stack.root,
      all.map((each) => (each === found ? rotated : each)),
    );
    return { stack: stack.name, key, outcomes: await apply(context, await reopen(), username) };
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
  reopen: Reopen,
  { previous }: { previous: boolean },
): Promise<ChangeOutcome[]> {
  return withLock(context, stack.root, 'consumers revoke', async () => {
    const { all, found } = await find(stack, username);
    const { previous: _, ...rest } = found;
    const left = previous
      ? all.map((each) => (each === found ? rest : each))
      : all.filter((each) => each !== found);
    await writeConsumers(stack.root, left);
    return apply(context, await reopen(), username);
  });
}

/** All consumers of the stack, without their keys. */
export async function listConsumers(stack: Stack) {
  const kept = new Map((await readConsumers(stack.root)).map((each) => [each.username, each]));
  return stack.gateway.consumers.map(({ username, credentials = [], plugins }) => {
    const own = kept.get(username);
    const { count, time_window: seconds } = plugins?.['limit-count'] ?? {};
    return {
      username,
      source: own === undefined ? ('declared' as const) : ('command' as const),
      credentials: credentials.length,
      limit: count === undefined ? '' : `${String(count)} requests in ${String(seconds)} s`,
      createdAt: own?.createdAt ?? null,
      rotatedAt: own?.rotatedAt ?? null,
      previousValid: own?.previous !== undefined,
    };
  });
}

async function find(stack: Stack, username: string): Promise<{ all: KeptConsumer[]; found: KeptConsumer }> {
  const all = await readConsumers(stack.root);
  const found = all.find((each) => each.username === username);
  if (found !== undefined) return { all, found };
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
