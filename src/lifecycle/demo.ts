import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { confidentialValues } from '../config/confidential.ts';
import { openStack, STACK_FILE } from '../config/load.ts';
import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import { planRoutes } from '../gateway/index.ts';
import type { DemoResult, DemoStep } from '../model/lifecycle.ts';
import type { Stack } from '../model/stack.ts';
import { listAddons } from '../scaffold/addons.ts';
import { createStack } from '../scaffold/create.ts';
import { planTopology } from '../topology/index.ts';
import { askStack } from './chat.ts';
import { down } from './down.ts';
import { takeScore } from './score.ts';
import { up } from './up.ts';

const NAME = 'demo';
const UP_TIMEOUT_MS = 120_000;

const MESSAGES = [
  {
    role: 'system' as const,
    content:
      'qbtc starts an event-driven stack. The gateway checks the key and the rate limit of each request. ' +
      'The API publishes every chat request as an event to RabbitMQ. The core consumes the event, answers it, ' +
      'and stores the interaction in PostgreSQL. One correlation id goes through all of it.',
  },
  { role: 'user' as const, content: 'What happens to a chat request in this stack?' },
];

export interface DemoOptions {
  /** Called before and after each step. */
  onStep(name: string, step?: DemoStep): void;
}

/**
 * The whole journey in a folder of its own: new, up, topology, routes, one chat request, test, score, down. The last
 * step is taken whatever happens; nothing is left behind.
 */
export async function demo(context: Context, options: DemoOptions): Promise<DemoResult> {
  const result: DemoResult = {
    stack: NAME,
    steps: [],
    chat: undefined,
    flows: [],
    score: undefined,
    target: 0,
    failure: undefined,
  };
  const step = async (name: string, work: () => Promise<string>) => {
    options.onStep(name);
    const before = context.clock.monotonic();
    const record = (status: DemoStep['status'], said: string) => {
      const taken = { name, status, durationMs: context.clock.monotonic() - before, result: said };
      result.steps.push(taken);
      options.onStep(name, taken);
    };
    try {
      record('done', await work());
    } catch (error) {
      record('failed', messageOf(error));
      throw error;
    }
  };

  const folder = await mkdtemp(join(tmpdir(), 'qbtc-demo-'));
  const root = join(folder, NAME);
  try {
    await journey(context, root, result, step);
  } catch (error) {
    result.failure = error;
  } finally {
    // An interruption must not keep the stack from being taken down.
    const calm = { ...context, interrupted: new AbortController().signal };
    let ended = true;
    const exists = await access(root).then(
      () => true,
      () => false,
    );
    if (exists) {
      await step('down', async () => {
        const { stopped } = await down(calm, root, { volumes: true });
        return `${stopped.length} processes ended, all data removed`;
      }).catch((error: unknown) => {
        ended = false;
        result.failure ??= error;
      });
    }
    // What could not be ended is still needed to end it: its folder stays, and the failure names it.
    if (ended) await rm(folder, { recursive: true, force: true });
    else
      context.io.err(
        `the stack of the demo is left in ${root}: qbtc down --volumes ends it and deletes its data`,
      );
  }
  return result;
}

async function journey(
  context: Context,
  root: string,
  result: DemoResult,
  step: (name: string, work: () => Promise<string>) => Promise<void>,
): Promise<void> {
  let opened: Stack | undefined;
  await step('new', async () => {
    const { portBase, installed } = await create(context, root);
    opened = await openStack({
      file: join(root, STACK_FILE),
      env: context.env,
      qbtcVersion: context.installation.version,
    });
    return `port base ${portBase}${installed ? '' : ', not installed'}`;
  });
  const stack = opened;
  if (stack === undefined) return;
  context.io.mask(confidentialValues(stack));
  result.target = stack.score.target;

  await step('up', async () => {
    const { started, strategy } = await up(context, stack, {
      apply: true,
      timeoutMs: UP_TIMEOUT_MS,
      // The same on every machine, and quick: no image is pulled for it, and nobody's server is touched.
      placement: {
        strategy: 'fallback',
        providers: new Map(stack.resources.map(({ name }) => [name, 'embedded'])),
      },
      only: [],
    });
    return `${started.length} processes healthy, strategy ${strategy}, all embedded`;
  });
  await step('topology', async () => {
    const { changes } = await planTopology(context, stack);
    return changes.length === 0
      ? 'as declared, nothing to change'
      : `${changes.length} changes still to make`;
  });
  await step('routes', async () => {
    const { changes } = await planRoutes(context, stack);
    return changes.length === 0
      ? 'as declared, nothing to change'
      : `${changes.length} changes still to make`;
  });
  await step('chat', async () => {
    result.chat = await askStack(context, stack, MESSAGES);
    return `answered by ${result.chat.model} in ${result.chat.durationMs.toFixed(0)} ms`;
  });
  await step('test and score', async () => {
    const { snapshot, score } = await takeScore(context, stack);
    result.flows = snapshot.flows.measured ? snapshot.flows.value : [];
    result.score = score;
    const passed = result.flows.filter(({ status }) => status === 'passed').length;
    return `${passed} of ${result.flows.length} flows passed, ${score.total}/${score.max} points`;
  });
}

/** Links the packages of this checkout where they are there: no network, no waiting. Otherwise installs. */
async function create(context: Context, root: string) {
  const { installation } = context;
  const common = {
    target: root,
    name: NAME,
    version: installation.version,
    git: false,
    templateFolder: join(installation.root, 'templates', 'stack'),
    addons: await listAddons(installation.root),
    gatewayFolder: join(installation.root, 'apisix_conf'),
    onStep() {},
  };
  const packages = join(installation.root, 'node_modules');
  try {
    return await createStack(context, { ...common, install: 'reuse', reuseFrom: packages });
  } catch (error) {
    context.interrupted.throwIfAborted();
    if (!(error instanceof Error && 'code' in error && error.code === 'REUSE_IMPOSSIBLE')) throw error;
    return createStack(context, { ...common, install: 'ci' });
  }
}
