import * as z from 'zod';
import { START_CONDITIONS, type StartCondition } from '../until-met.ts';
import { exposed, ports } from './ports.ts';
import {
  bytes,
  command,
  count,
  duration,
  filledPairs,
  number,
  pairs,
  text,
  textOrList,
  truth,
} from './scalars.ts';
import { volumes } from './volumes.ts';

/**
 * A service of the Compose specification as far as it is carried out through the engine's own API. What is not in it is
 * refused by its name, never ignored.
 */

const healthcheck = z
  .strictObject({
    test: z
      .union([z.array(text), z.string().transform((line) => ['CMD-SHELL', line])], {
        error: 'expected a text, or a list that begins with CMD, CMD-SHELL or NONE',
      })
      .refine(([first = '']) => ['CMD', 'CMD-SHELL', 'NONE'].includes(first), {
        error: 'expected a list that begins with CMD, CMD-SHELL or NONE',
      })
      .optional(),
    interval: duration.optional(),
    timeout: duration.optional(),
    start_period: duration.optional(),
    // Engines before 25 do not know it; it only makes the first check come sooner.
    start_interval: duration.optional(),
    retries: count.optional(),
    disable: truth.optional(),
  })
  .transform(({ disable, ...check }) => (disable === true ? { test: ['NONE'] } : check));

const build = z.preprocess(
  (value) => (typeof value === 'string' ? { context: value } : value),
  z.strictObject({
    context: z
      .string()
      .refine((value) => !/^(?:\w+:\/\/|git@)/.test(value), { error: 'expected a folder of this machine' })
      .default('.'),
    dockerfile: z.string().optional(),
    target: z.string().optional(),
    network: z.string().optional(),
    args: pairs,
  }),
);

/** A file of variables; one that is not required may be missing. */
const envFile = z.union(
  [
    z.string().transform((path) => ({ path, required: true })),
    z.strictObject({ path: z.string(), required: truth.default(true) }),
  ],
  { error: 'expected a path, or path and required' },
);

const condition = z.enum(START_CONDITIONS, {
  error: `expected ${START_CONDITIONS.join(', ')}`,
});
const dependsOn = z
  .union(
    [
      z
        .array(z.string())
        .transform((names) => Object.fromEntries(names.map((name) => [name, 'service_started' as const]))),
      z
        .record(
          z.string(),
          z.strictObject({
            condition: condition.default('service_started'),
            required: truth.optional(),
            restart: truth.optional(),
          }),
        )
        .transform((needs) =>
          Object.fromEntries(Object.entries(needs).map(([name, need]) => [name, need.condition])),
        ),
    ],
    { error: 'expected names, or names with a condition' },
  )
  .transform((needs): Record<string, StartCondition> => needs)
  .default({});

const attachment = z
  .union(
    [
      z.strictObject({
        aliases: z.array(text).default([]),
        ipv4_address: text.optional(),
        ipv6_address: text.optional(),
        priority: number.optional(),
      }),
      z.null().transform(() => ({ aliases: [] as string[] })),
    ],
    { error: 'expected nothing, or aliases, ipv4_address, ipv6_address and priority' },
  )
  .transform((given): Attachment => given);
export interface Attachment {
  aliases: string[];
  ipv4_address?: string | undefined;
  ipv6_address?: string | undefined;
  priority?: number | undefined;
}
const networks = z
  .union(
    [
      z
        .array(z.string())
        .transform((names) => Object.fromEntries(names.map((name) => [name, { aliases: [] }]))),
      z.record(z.string(), attachment),
    ],
    { error: 'expected names of networks' },
  )
  .transform((given): Record<string, Attachment> => given)
  .optional();

const limit = z.union([
  count.transform((value) => ({ soft: value, hard: value })),
  z.strictObject({ soft: number, hard: number }),
]);

const deploy = z.strictObject({
  mode: z.literal('replicated', { error: 'expected replicated' }).optional(),
  replicas: count.optional(),
  resources: z
    .strictObject({
      limits: z
        .strictObject({ cpus: number.optional(), memory: bytes.optional(), pids: count.optional() })
        .optional(),
      reservations: z.strictObject({ memory: bytes.optional() }).optional(),
    })
    .optional(),
});

export const composeService = z
  .strictObject({
    image: z.string().optional(),
    build: build.optional(),
    container_name: z.string().optional(),
    command,
    entrypoint: command,
    environment: pairs,
    env_file: z
      .union([z.array(envFile), envFile.transform((file) => [file])], { error: 'expected paths' })
      .default([]),
    ports,
    expose: exposed,
    volumes,
    networks,
    network_mode: z.enum(['none', 'host', 'bridge'], { error: 'expected none, host or bridge' }).optional(),
    tmpfs: textOrList,
    healthcheck: healthcheck.optional(),
    depends_on: dependsOn,
    labels: filledPairs,
    logging: z.strictObject({ driver: text.optional(), options: filledPairs }).optional(),
    user: text.optional(),
    group_add: z.array(text).default([]),
    working_dir: text.optional(),
    hostname: text.optional(),
    domainname: text.optional(),
    read_only: truth.default(false),
    init: truth.default(false),
    privileged: truth.default(false),
    tty: truth.default(false),
    stdin_open: truth.default(false),
    mem_limit: bytes.optional(),
    mem_reservation: bytes.optional(),
    memswap_limit: z.union([number.refine((value) => value === -1), bytes]).optional(),
    shm_size: bytes.optional(),
    cpus: number.optional(),
    cpu_shares: count.optional(),
    cpu_period: count.optional(),
    cpu_quota: count.optional(),
    cpuset: text.optional(),
    pids_limit: number.optional(),
    oom_score_adj: number.optional(),
    oom_kill_disable: truth.optional(),
    ulimits: z.record(z.string(), limit).default({}),
    sysctls: filledPairs,
    devices: z.array(z.string()).default([]),
    dns: textOrList,
    dns_search: textOrList,
    dns_opt: z.array(text).default([]),
    ipc: text.optional(),
    pid: z.literal('host', { error: 'expected host' }).optional(),
    runtime: text.optional(),
    restart: text.default('no'),
    stop_signal: text.optional(),
    stop_grace_period: duration.optional(),
    cap_drop: z.array(z.string()).default([]),
    cap_add: z.array(z.string()).default([]),
    security_opt: z.array(z.string()).default([]),
    extra_hosts: z
      .union([z.array(text), z.record(z.string(), textOrList)], { error: 'expected HOST: ADDRESS' })
      .transform((given) =>
        Array.isArray(given)
          ? given.map((entry) => entry.replace(/^([^:=]+)=/, '$1:'))
          : Object.entries(given).flatMap(([host, addresses]) =>
              addresses.map((address) => `${host}:${address}`),
            ),
      )
      .default([]),
    pull_policy: z
      .enum(['missing', 'if_not_present', 'always', 'never'], {
        error: 'expected missing, if_not_present, always or never',
      })
      .optional(),
    scale: count.optional(),
    deploy: deploy.optional(),
    // Without a meaning here: qbtc names the services that it starts, and shows their lines itself.
    profiles: z.array(z.string()).optional(),
    attach: truth.optional(),
    develop: z.unknown().optional(),
  })
  .refine(({ image, build: built }) => image !== undefined || built !== undefined, {
    error: 'found neither image nor build, expected one of them',
  })
  .refine(({ networks: joined, network_mode }) => joined === undefined || network_mode === undefined, {
    error: 'found networks and network_mode, expected one of them',
  })
  .transform(({ scale, deploy: deployed, networks: joined, profiles, attach, develop, ...rest }) => {
    const { limits, reservations } = deployed?.resources ?? {};
    return {
      ...rest,
      networks: rest.network_mode === undefined ? (joined ?? { default: { aliases: [] } }) : {},
      replicas: scale ?? deployed?.replicas ?? 1,
      cpus: rest.cpus ?? limits?.cpus,
      mem_limit: rest.mem_limit ?? limits?.memory,
      mem_reservation: rest.mem_reservation ?? reservations?.memory,
      pids_limit: rest.pids_limit ?? limits?.pids,
    };
  });

export type ComposeService = z.output<typeof composeService>;
