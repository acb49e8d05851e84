import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readStackDocument, STACK_FILE } from '../../config/load.ts';
import { outlineOf } from '../../config/outline.ts';
import type { ResourceKind } from '../../model/resource.ts';
import { isRecord } from '../../record.ts';
import { type Workspace, workspacesOf } from '../workspaces.ts';

/** What of a stack a new service has to fit into. */
export interface Surroundings {
  /** The names of its resources, the first of each kind. */
  resources: Partial<Record<ResourceKind, string>>;
  /** The exchange that its services publish to. */
  exchange: string;
  /** Whether its events have the envelope of CloudEvents around them. */
  cloudevents: boolean;
  /** Whether the broker is run by somebody who may not let qbtc make accounts: an external one without a management API. */
  accounts: boolean;
  /** A secret that a consumer of the gateway is known by with key-auth, where the stack has one. */
  key: string | undefined;
  /** The name of the package that `qbtc new` writes what services share into; `undefined` in other stacks. */
  runtime: string | undefined;
  workspaces: readonly Workspace[];
  /** The patterns of `include`. */
  include: unknown;
}

/** The exchange that the templates speak to. */
export const TEMPLATE_EXCHANGE = 'qbtc.topic';
/** Where `qbtc new` writes what its services are built on. */
const RUNTIME = 'packages/runtime';

export async function surroundingsOf(root: string): Promise<Surroundings> {
  const { data } = await readStackDocument({ file: join(root, STACK_FILE) });
  const { infrastructure } = outlineOf(data);
  const events = isRecord(data.events) ? data.events : {};
  const workspaces = await workspacesOf(root).catch((): Workspace[] => []);
  const resources: Surroundings['resources'] = {};
  for (const [name, { kind }] of Object.entries(infrastructure)) if (kind) resources[kind] ??= name;
  const broker = infrastructure[resources.rabbitmq ?? ''];
  return {
    resources,
    exchange: typeof events.exchange === 'string' ? events.exchange : TEMPLATE_EXCHANGE,
    cloudevents: events.envelope !== 'none',
    accounts: broker?.provider !== 'external' || broker.management_url !== undefined,
    key: keyOf(data),
    runtime: workspaces.find(({ folder }) => folder === RUNTIME)?.name,
    workspaces,
    include: data.include,
  };
}

/** That of the consumer `test` before all others: tests use up nobody's limit. */
function keyOf(data: Record<string, unknown>): string | undefined {
  const gateway = isRecord(data.gateway) ? data.gateway : {};
  const consumers = listOf(gateway.consumers).filter(isRecord);
  const inOrder = [
    ...consumers.filter(({ username }) => username === 'test'),
    ...consumers.filter(({ username }) => username !== 'test'),
  ];
  for (const { credentials } of inOrder)
    for (const credential of listOf(credentials).filter(isRecord)) {
      const plugins = isRecord(credential.plugins) ? credential.plugins : {};
      const auth = isRecord(plugins['key-auth']) ? plugins['key-auth'] : {};
      const [, name] = /^\$\{secrets\.([\w-]+)\}$/.exec(String(auth.key)) ?? [];
      if (name !== undefined) return name;
    }
  return undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether there is anything at that path, be it an empty folder. */
export async function isThere(path: string): Promise<boolean> {
  return await readdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}
