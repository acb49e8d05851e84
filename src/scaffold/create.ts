import { join, resolve } from 'node:path';
import { declaredPorts, readStackDocument, STACK_FILE, secretNames } from '../config/load.ts';
import { ensureSecrets } from '../config/secrets.ts';
import type { Context } from '../context.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';
import type { OutgoingPorts } from '../model/observation.ts';
import { firstCommit } from './git.ts';
import { installByReuse, installFromLock } from './install.ts';
import { fillInStack, layStack, recordLaid, type StackSources } from './lay.ts';
import { validateStackName } from './name.ts';
import { type Place, preparePlace } from './place.ts';
import { checkPortBase, isPortFree, pickPortBase } from './ports.ts';

/** What `createStack` is doing now. */
export const CREATE_STEPS = ['copy', 'ports', 'secrets', 'git', 'install'] as const;
export type CreateStep = (typeof CREATE_STEPS)[number];

export interface CreateOptions extends StackSources {
  /** The folder of the new stack, absolute. It may exist if it is empty. */
  target: string;
  name: string;
  /** Left out, the first base at which all of the stack's ports are free. */
  portBase?: number;
  /** The ports that this machine gives to outgoing connections: the stack keeps off them. */
  outgoing?: OutgoingPorts;
  /** `ci`: from the stack's lock file. `reuse`: links into `reuseFrom`, without network. `none`: not at all. */
  install: 'ci' | 'reuse' | 'none';
  /** With `install: 'reuse'`: the `node_modules` of a checkout. */
  reuseFrom?: string;
  /** Make a git repository with a first commit. */
  git: boolean;
  /** The version of qbtc that makes it. */
  version: string;
  onStep(step: CreateStep): void;
  /** Decides how links are made. Left out, that of this machine. */
  platform?: NodeJS.Platform;
}

export interface CreatedStack {
  root: string;
  name: string;
  portBase: number;
  /** Whether there is a repository with a first commit. */
  committed: boolean;
  installed: boolean;
  /** What the user should know although nothing failed. */
  notices: string[];
}

/**
 * Makes a stack out of the template. Until it is whole it is built beside the target; when anything fails or the user
 * interrupts, all of it is removed again.
 * @throws QbtcError NAME_INVALID, FOLDER_NOT_EMPTY, FOLDER_NOT_WRITABLE, PORTS_TAKEN, PORT_BASE_INVALID,
 * INSTALL_FAILED, REUSE_IMPOSSIBLE, NEW_FAILED, ADDON_CONFLICT, INTERRUPTED
 */
export async function createStack(
  context: Pick<Context, 'exec' | 'env' | 'interrupted'>,
  options: CreateOptions,
): Promise<CreatedStack> {
  validateStackName(options.name);
  const place = await preparePlace(resolve(options.target));
  try {
    return await build(context, options, place);
  } catch (error) {
    await undo(place, error);
    if (context.interrupted.aborted) {
      throw new QbtcError('INTERRUPTED', 'Interrupted: nothing was made', { exit: EXIT.interrupted });
    }
    if (error instanceof QbtcError) throw error;
    throw new QbtcError('NEW_FAILED', `The stack could not be made: ${messageOf(error)}`, { cause: error });
  }
}

async function build(
  context: Pick<Context, 'exec' | 'env' | 'interrupted'>,
  options: CreateOptions,
  place: Place,
): Promise<CreatedStack> {
  const { interrupted } = context;
  const { name, version, platform = process.platform } = options;
  const root = resolve(options.target);
  const step = (next: CreateStep) => {
    interrupted.throwIfAborted();
    options.onStep(next);
  };

  step('copy');
  await layStack(place.staging, options, interrupted);

  step('ports');
  const stackFile = join(place.staging, STACK_FILE);
  const declared = await readStackDocument({ file: stackFile });
  const ports = declaredPorts(declared);
  const portBase =
    options.portBase === undefined
      ? await pickPortBase(ports, isPortFree, options.outgoing)
      : checkPortBase(options.portBase, ports, options.outgoing);
  await fillInStack(place.staging, { name, portBase });
  await recordLaid(place.staging, version, { name, portBase });

  step('secrets');
  await ensureSecrets(place.staging, secretNames(declared));

  let git = { committed: false, notices: [] as string[] };
  if (options.git) {
    step('git');
    git = await firstCommit(context, place.staging);
  }

  // npm's junctions are absolute, so on Windows it has to work where the stack will stay.
  const settleFirst = platform === 'win32';
  if (settleFirst) await place.settle();
  if (options.install !== 'none') {
    step('install');
    await install(context, options, settleFirst ? root : place.staging, platform);
  }
  interrupted.throwIfAborted();
  if (!settleFirst) await place.settle();

  return { root, name, portBase, ...git, installed: options.install !== 'none' };
}

async function undo(place: Place, reason: unknown): Promise<void> {
  try {
    await place.undo();
  } catch (error) {
    throw new QbtcError('NEW_FAILED', `The stack could not be made: ${messageOf(reason)}`, {
      details: [`What was made of it could not be removed: ${messageOf(error)}`],
      cause: reason,
    });
  }
}

async function install(
  context: Pick<Context, 'exec' | 'interrupted'>,
  { install, reuseFrom, target }: CreateOptions,
  root: string,
  platform: NodeJS.Platform,
): Promise<void> {
  if (install === 'ci') return await installFromLock(context, root);
  if (reuseFrom === undefined) throw new Error('install "reuse" needs reuseFrom');
  await installByReuse({ root, finalRoot: resolve(target), reuseFrom: resolve(reuseFrom), platform });
}
