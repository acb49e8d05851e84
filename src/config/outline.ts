import * as z from 'zod';
import { RESOURCE_KINDS, type ResourceKind } from '../model/resource.ts';
import { factsOf } from '../resources/facts.ts';
import type { PortUse } from './ports.ts';
import { fallbackPortUses } from './sections/heal.ts';
import { resourcePortUses } from './sections/infrastructure.ts';
import { servicePortUses } from './sections/services.ts';

/**
 * What the rules look at, read leniently: a field that is missing or wrong becomes `undefined` (its own mistake is
 * reported by the schema) and everything else can still be judged. So all mistakes of a file are found in one go.
 */

const text = z.string().optional().catch(undefined);
const number = z
  .preprocess((value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value), z.int())
  .optional()
  .catch(undefined);
/** A text that may look like a number. */
const word = z.preprocess((value) => (typeof value === 'number' ? String(value) : value), text);
const texts = z.array(z.string().catch('')).catch([]);
const oneOrMore = z.union([z.string().transform((pattern) => [pattern]), texts]).catch([]);

/** One that is made, or with `ask` one that people are asked for. */
const secret = z
  .union([
    z.string().transform((name) => ({ name, ask: undefined })),
    z.object({ name: z.string(), ask: z.string() }),
  ])
  .catch({ name: '', ask: undefined });

const resource = z
  .object({
    kind: z.enum(RESOURCE_KINDS).optional().catch(undefined),
    provider: text,
    url: text,
    management_url: text,
    admin_url: text,
    admin_key: text,
    user: word,
    password: word,
    database: word,
    databases: texts,
    vhost: word,
    port: number,
    management_port: number,
    admin_port: number,
    tls_port: number,
    ports: z.record(z.string(), number).catch({}),
    container_port: number,
    container_ports: z.record(z.string(), number).catch({}),
    depends_on: texts,
    image: text,
    migrate: z.unknown(),
    command: z.unknown(),
    health: z.unknown(),
    migrations: oneOrMore,
    mode: text,
    file: text,
    max_memory: word,
    eviction: text,
    workers: z
      .union([z.literal('auto'), number])
      .optional()
      .catch(undefined),
  })
  .partial()
  .catch({});

const route = z.object({ name: text, uri: text, uris: z.unknown() }).partial().catch({});

const service = z
  .object({
    path: text,
    url: text,
    entry: text,
    command: z.unknown(),
    migrate: z.unknown(),
    port: number,
    ports: z.record(z.string(), number).catch({}),
    replicas: number,
    health: z.unknown(),
    metrics: z.unknown(),
    env: z.unknown(),
    env_file: z.unknown(),
    stop_signal: z.unknown(),
    stop_timeout: z.unknown(),
    depends_on: texts,
    database: z.object({ resource: text, schema: text }).partial().optional().catch(undefined),
    events: z
      .object({ resource: text, account: z.boolean().catch(true) })
      .partial()
      .optional()
      .catch(undefined),
    routes: z.array(route).catch([]),
  })
  .partial()
  .catch({});

const credential = z.object({ id: text }).partial().catch({});
const consumer = z
  .object({ username: text, credentials: z.array(credential).catch([]) })
  .partial()
  .catch({});

const weights = z.record(z.string(), number).catch({});

const outline = z.object({
  name: text,
  requires: text,
  strategy: text,
  ports: z.object({ base: number }).partial().catch({}),
  secrets: z.array(secret).catch([]),
  infrastructure: z.record(z.string(), resource).catch({}),
  topology: oneOrMore,
  contracts: oneOrMore,
  services: z.record(z.string(), service).catch({}),
  commands: z
    .record(
      z.string(),
      z
        .object({
          description: text,
          service: text,
          entry: text,
          subcommands: z.record(z.string(), z.string()).catch({}),
        })
        .partial()
        .catch({}),
    )
    .catch({}),
  gateway: z
    .object({
      consumers: z.array(consumer).catch([]),
      files: oneOrMore,
    })
    .partial()
    .catch({}),
  flows: oneOrMore,
  tracing: z.object({ service: text }).partial().catch({}),
  score: z.object({ weights }).partial().catch({}),
  heal: z.object({ fallback_port: number }).partial().catch({}),
});

export type Outline = z.output<typeof outline>;
export type ResourceOutline = Outline['infrastructure'][string];

/** Never throws. `data` may be interpolated or not: a reference is text like any other. */
export function outlineOf(data: Record<string, unknown>): Outline {
  return outline.parse(data);
}

/** The secret that a resource of this kind needs when we run it. */
export function secretOfResource(name: string, kind: ResourceKind): string {
  return `${name}-${factsOf(kind).credential ?? 'password'}`;
}

/** The secret that the gateway encrypts the keys of its consumers with. It must outlive the key of the Admin API. */
export function keyringOf(name: string): string {
  return `${name}-keyring`;
}

/** Secrets that the resources need, by their names. An external server brings its own credentials. */
export function derivedSecrets({ infrastructure }: Outline): string[] {
  return Object.entries(infrastructure).flatMap(([name, { kind, provider, password }]) =>
    kind === undefined || provider === 'external'
      ? []
      : [
          ...(password === undefined && factsOf(kind).credential !== undefined
            ? [secretOfResource(name, kind)]
            : []),
          ...(factsOf(kind).hasKeyring ? [keyringOf(name)] : []),
        ],
  );
}

/** The password of the role that a service has in its database. */
export function secretOfRole(service: string): string {
  return `${service}-database-password`;
}

/** Whether a service has an account of its own at the broker: where it names its events, unless it says no. */
export function hasAccount(events: { account?: boolean | undefined } | undefined): boolean {
  return events !== undefined && events.account !== false;
}

/** The password of the account that a service has at the broker. */
export function secretOfAccount(service: string): string {
  return `${service}-broker-password`;
}

/** All secrets of the stack: the declared ones, then those of the resources and of the services' roles and accounts. */
export function secretNamesOf(stack: Outline): string[] {
  const own = Object.entries(stack.services).flatMap(([name, { database, events }]) => [
    ...(database === undefined ? [] : [secretOfRole(name)]),
    ...(hasAccount(events) ? [secretOfAccount(name)] : []),
  ]);
  const declared = stack.secrets.map(({ name }) => name).filter((name) => name !== '');
  return [...new Set([...declared, ...derivedSecrets(stack), ...own])];
}

/** Where those are to be had from that qbtc cannot make, by name. */
export function askedSecretsOf({ secrets }: Outline): Record<string, string> {
  return Object.fromEntries(
    secrets.flatMap(({ name, ask }) => (ask === undefined || name === '' ? [] : [[name, ask]])),
  );
}

/** The ports of a resource by role, with the base. */
export function resourcePorts(
  declared: ResourceOutline,
  kind: ResourceKind,
  base: number,
): Record<string, number> {
  const further = Object.entries(declared.ports ?? {}).flatMap(([name, port]) =>
    port === undefined ? [] : [[name, port + base] as const],
  );
  return Object.fromEntries([
    ...further,
    ...factsOf(kind).ports.flatMap((field) => {
      const port = declared[field.key] ?? field.default;
      return port === undefined ? [] : [[field.role, port + base] as const];
    }),
  ]);
}

/** Every port that the stack will listen on, resources first, in the order of the file. */
export function portUses(stack: Outline): PortUse[] {
  return [resourcePortUses, servicePortUses, fallbackPortUses].flatMap((uses) => uses(stack));
}
