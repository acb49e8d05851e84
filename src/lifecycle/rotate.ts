import { openStack } from '../config/load.ts';
import { secretUses } from '../config/secret-uses.ts';
import {
  generateSecret,
  readPending,
  removePending,
  replaceSecrets,
  writePending,
} from '../config/secrets.ts';
import type { Context } from '../context.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';
import type { RotateResult, UpResult } from '../model/lifecycle.ts';
import type { Endpoint, Resource } from '../model/resource.ts';
import type { SecretUse } from '../model/secret.ts';
import type { Stack } from '../model/stack.ts';
import { isSupervised, observeRunning, type RunningParts } from '../placement/index.ts';
import { KINDS } from '../resources/index.ts';
import { isAlive } from '../runtimes/containers/index.ts';
import { withLock } from './lock.ts';
import { up } from './up.ts';

const PROBE_TIMEOUT_MS = 5_000;

/**
 * Puts new values in the place of these secrets, in the running system: a server learns its new password first, and then
 * what reads it when it starts is started anew by `up`. One after another, each written down before a server learns it:
 * after a crash `settlePending` finds out which one holds.
 *
 * @throws QbtcError `NOT_ROTATED` with the reason, all before it done; `SECRET_FIXED` for what cannot be rotated
 */
export async function rotate(
  context: Context,
  stack: Stack,
  names: readonly string[],
  timeoutMs: number,
): Promise<RotateResult> {
  const uses = secretUses(stack).filter(({ name }) => names.includes(name));
  const fixed = uses.filter(({ subject }) => subject.kind === 'keyring').map(({ name }) => name);
  if (fixed.length > 0) {
    throw new QbtcError(
      'SECRET_FIXED',
      `${fixed.join(', ')} cannot be rotated: what the gateway keeps is encrypted with it`,
      {
        exit: EXIT.usage,
        hint: 'to have a new one: qbtc down --volumes, which deletes the data of the stack, and then take it out of .qbtc/secrets.json (with its line "$sha256")',
      },
    );
  }
  const asked = uses.filter(({ subject }) => subject.kind === 'asked').map(({ name }) => name);
  if (asked.length > 0)
    throw new QbtcError('SECRET_FIXED', `${asked.join(', ')} is not made by qbtc`, {
      exit: EXIT.usage,
      hint: asked.map((name) => `qbtc secrets set ${name}`).join(' && '),
    });
  const present = await observeRunning(context, stack.root);
  const runs = present.processes.some(isSupervised) || present.containers.some(isAlive);
  await withLock(stack.root, 'qbtc secrets rotate', async () => {
    let current = stack;
    for (const use of uses) {
      await rotateOne(context, current, use, present);
      current = await reopened(context, stack);
    }
  });
  const rotated = uses.map(({ name }) => name);
  if (!runs || rotated.length === 0) return { stack: stack.name, rotated, restarted: [], kept: [] };
  const result: UpResult = await up(context, await reopened(context, stack), {
    apply: true,
    timeoutMs,
    placement: {},
    only: [],
  });
  return { stack: stack.name, rotated, restarted: result.started, kept: result.kept };
}

async function rotateOne(
  context: Context,
  stack: Stack,
  use: SecretUse,
  present: RunningParts,
): Promise<void> {
  const { name, subject } = use;
  const value = generateSecret(name);
  context.io.mask([value]);
  const { progress } = context.io;
  progress.step(name, 'a new value');
  if (subject.kind === 'resource') {
    const resource = stack.resources.find((declared) => declared.name === subject.resource);
    if (resource !== undefined) {
      await writePending(stack.root, { name, value });
      await tellServer(context, stack, resource, value, present);
    }
  }
  await replaceSecrets(stack.root, { [name]: value });
  await removePending(stack.root);
  progress.done(name, 'rotated');
}

/** A server that keeps its users with its data must run to learn a new password. */
async function tellServer(
  context: Context,
  stack: Stack,
  resource: Resource,
  value: string,
  present: RunningParts,
): Promise<void> {
  const provider =
    present.plan?.choices.find((choice) => choice.resource === resource.name)?.provider ?? 'embedded';
  const tell = KINDS[resource.kind].rotate[provider];
  if (tell === undefined) return;
  const ready = await KINDS[resource.kind].probe(context, resource.endpoint, PROBE_TIMEOUT_MS);
  try {
    if (!ready.ready) throw new Error(ready.reason);
    await tell(context, resource.endpoint, value);
    const after = await KINDS[resource.kind].probe(
      context,
      withPassword(resource.endpoint, value),
      PROBE_TIMEOUT_MS,
    );
    if (!after.ready) throw new Error(`it does not take the new one: ${after.reason}`);
  } catch (error) {
    await settlePending(context, stack);
    throw new QbtcError(
      'NOT_ROTATED',
      `${resource.name} could not be given a new password: ${messageOf(error)}`,
      {
        hint: 'it must run to learn one: qbtc up',
        cause: error,
      },
    );
  }
}

/**
 * After a rotation that did not come to its end: the value that the server takes becomes the one that is written down.
 * Where neither can be tried, the old one stays, and the new one stays written down beside it.
 */
export async function settlePending(context: Context, stack: Stack): Promise<void> {
  const pending = await readPending(stack.root);
  if (pending === undefined) return;
  const subject = secretUses(stack).find(({ name }) => name === pending.name)?.subject;
  const resource =
    subject?.kind === 'resource' ? stack.resources.find(({ name }) => name === subject.resource) : undefined;
  if (resource === undefined) return removePending(stack.root);
  const probe = (endpoint: Endpoint) => KINDS[resource.kind].probe(context, endpoint, PROBE_TIMEOUT_MS);
  if ((await probe(withPassword(resource.endpoint, pending.value))).ready) {
    await replaceSecrets(stack.root, { [pending.name]: pending.value });
    return removePending(stack.root);
  }
  if ((await probe(resource.endpoint)).ready) await removePending(stack.root);
}

function withPassword(endpoint: Endpoint, password: string): Endpoint {
  const url = new URL(endpoint.url);
  url.password = encodeURIComponent(password);
  return { ...endpoint, url: url.href, password };
}

async function reopened(context: Context, { file }: Stack): Promise<Stack> {
  return openStack({ file, env: context.env, qbtcVersion: context.installation.version });
}
