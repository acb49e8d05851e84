import { secretUses } from '../config/secret-uses.ts';
import { prepareFolder, readSecrets, replaceSecrets } from '../config/secrets.ts';
import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import { secretUnknown } from './named.ts';
import { openStackHere, stackRootHere } from './open.ts';

/** More than any key has; a certificate with its chain is shorter, too. */
const MAX_LENGTH = 64 * 1024;

/** The secrets that people are asked for and that this checkout does not have: where each is to be had from, by name. */
export async function missingSecrets(context: Context): Promise<Record<string, string>> {
  const { root, askedSecrets } = await openStackHere(context, { readOnly: true });
  const known = (await readSecrets(root)) ?? {};
  return Object.fromEntries(Object.entries(askedSecrets).filter(([name]) => !Object.hasOwn(known, name)));
}

/**
 * Gives a declared secret a value of one's own: one that people are asked for, or that a colleague has.
 * @throws QbtcError NAME_UNKNOWN; SECRET_FIXED for one that a server knows; SECRET_INVALID; SECRETS_NOT_WRITTEN
 */
export async function setSecret(context: Context, name: string, value: string): Promise<void> {
  context.io.mask([value]);
  const stack = await openStackHere(context, { readOnly: true });
  const uses = secretUses(stack);
  const use = uses.find((each) => each.name === name);
  if (use === undefined)
    throw secretUnknown(
      stack.name,
      name,
      uses.map((each) => each.name),
    );
  if (use.subject.kind !== 'declared' && use.subject.kind !== 'asked')
    throw new QbtcError(
      'SECRET_FIXED',
      `${name} belongs to the servers of this checkout: they know no other`,
      {
        exit: EXIT.usage,
        hint: use.subject.kind === 'keyring' ? 'qbtc secrets list' : `qbtc secrets rotate ${name}`,
      },
    );
  refuseInvalid(name, value);
  await prepareFolder(stack.root);
  await replaceSecrets(stack.root, { [name]: value });
}

function refuseInvalid(name: string, value: string): void {
  const found =
    value.trim() === ''
      ? 'nothing'
      : value.length > MAX_LENGTH
        ? `${value.length} characters`
        : value.includes('\0')
          ? 'a zero byte'
          : undefined;
  if (found === undefined) return;
  throw new QbtcError('SECRET_INVALID', `${name}: found ${found}, expected its value`, {
    exit: EXIT.usage,
    hint: `on a terminal it is asked for; otherwise: qbtc secrets set ${name} < FILE`,
  });
}

/** Opens the stack, and says so in a line when secrets were made for a checkout that had none. */
export async function sayWhichWereMade<T extends { secretNames: readonly string[] }>(
  context: Context,
  open: () => Promise<T>,
): Promise<T> {
  const root = await stackRootHere(context);
  const before = await readSecrets(root).catch(() => ({}));
  const stack = await open();
  if (before !== undefined || stack.secretNames.length === 0) return stack;
  const made = Object.keys((await readSecrets(root)) ?? {}).length;
  if (made > 0)
    context.io.err(
      `${made} secret${made === 1 ? ' was' : 's were'} made for this checkout (.qbtc/secrets.json): nobody else has them; one of a colleague's is taken over by: qbtc secrets set NAME`,
    );
  return stack;
}
