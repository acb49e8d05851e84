import * as z from 'zod';
import { filePatterns, labels, OBJECT_ID, plugins, written } from '../fields.ts';
import { type FieldPath, fieldName } from '../mistake.ts';
import type { Report, Rule } from '../rule.ts';

/** APISIX: `username` of a consumer. */
const CONSUMER_NAME = /^[a-zA-Z0-9_-]{1,100}$/;

const credentialSchema = z
  .strictObject({
    id: written(z.string().regex(OBJECT_ID, { error: 'an id of letters, digits, _ . and -' })).describe(
      'Unique for the consumer.',
    ),
    name: z.string().optional().describe('What people call it.'),
    desc: z.string().optional().describe('What the credential is for.'),
    plugins: plugins.describe('Exactly one authentication plugin: `key-auth: {key: ...}`.'),
    labels: labels.optional(),
  })
  .describe('A credential that the consumer is known by.');

const consumerSchema = z
  .strictObject({
    username: written(
      z.string().regex(CONSUMER_NAME, { error: 'a name of letters, digits, _ and -' }),
    ).describe('Unique in the stack.'),
    desc: z.string().optional().describe('Who the consumer is.'),
    group_id: written(z.string()).optional().describe('The consumer group that it belongs to.'),
    plugins: plugins.optional(),
    credentials: z.array(credentialSchema).optional().describe('What the consumer is known by.'),
    labels: labels.optional(),
  })
  .describe('A consumer of the gateway: somebody who calls the routes.');

/** An object in APISIX's own fields; the gateway's own schema judges them (`qbtc routes validate`). */
const object = (what: string) =>
  z
    .looseObject({
      id: written(
        z.string().regex(OBJECT_ID, { error: 'an id of letters, digits, _ . and -, at most 64' }),
      ).describe('The id in the gateway, unique for its kind.'),
    })
    .describe(`${what}, in APISIX's own fields.`);
const objects = (what: string) => z.array(object(what)).default([]);

/** APISIX: the manager of a secret and its name there. */
const SECRET_ID = /^[a-z]+\/[a-zA-Z0-9_.-]{1,64}$/;

const secret = z
  .looseObject({
    id: z
      .string()
      .regex(SECRET_ID, { error: 'the kind of the manager and a name: vault/1, aws/main, gcp/main' })
      .describe('The kind of the manager and a name: `vault/1`.'),
  })
  .describe("A secret manager, in APISIX's own fields.");

/** What a gateway file holds, and `gateway` of qbtc.yaml: the lists of APISIX's own standalone file. */
const gatewayLists = {
  upstreams: objects('An upstream').describe('Upstreams that no service of the stack stands for.'),
  services: objects('A service of the gateway').describe('Services of the gateway.'),
  routes: objects('A route').describe('Routes that belong to no service of the stack.'),
  stream_routes: objects('A stream route').describe('Routes of TCP and UDP.'),
  plugin_configs: objects('A plugin config').describe('Sets of plugins that routes share.'),
  consumer_groups: objects('A consumer group').describe('Sets of plugins that consumers share.'),
  global_rules: objects('A global rule').describe('Plugins that run for every request.'),
  plugin_metadata: objects('The metadata of a plugin').describe(
    'What a plugin is told once for all its uses; the id is the name of the plugin.',
  ),
  ssls: objects('A certificate').describe('Certificates by SNI.'),
  protos: objects('A definition of gRPC').describe('What grpc-transcode reads.'),
  secrets: z
    .array(secret)
    .default([])
    .describe('Where `$secret://…` leads: the managers that keep secrets for the gateway.'),
  consumers: z.array(consumerSchema).default([]).describe('Who may call the routes.'),
};

/** A file of the gateway's objects (`infrastructure/apisix_conf/*.yaml`). */
export const gatewayFileSchema = z
  .strictObject(gatewayLists)
  .describe('Objects of the gateway, in the form of the standalone file of APISIX.');

export const gateway = z
  .strictObject({
    ...gatewayLists,
    files: filePatterns()
      .default('infrastructure/apisix_conf/*.yaml')
      .describe(
        'Files with more of the same lists, relative to qbtc.yaml. Files named config.yaml and config-*.yaml are the configuration of APISIX itself and are left out.',
      ),
  })
  .prefault({})
  .describe('What the gateway holds besides the routes of the services.');

export const consumersAreDistinct: Rule = ({ gateway: { consumers = [] } }, report) => {
  const path = ['gateway', 'consumers'];
  distinct(
    consumers.map(({ username }) => username),
    (index) => [...path, index, 'username'],
    report,
  );
  for (const [index, { credentials = [] }] of consumers.entries()) {
    const ids = credentials.map(({ id }) => id);
    distinct(ids, (inner) => [...path, index, 'credentials', inner, 'id'], report);
  }
};

function distinct(
  names: readonly (string | undefined)[],
  pathOf: (index: number) => FieldPath,
  report: Report,
): void {
  const firsts = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue;
    const first = firsts.get(name);
    if (first === undefined) {
      firsts.set(name, index);
      continue;
    }
    report(
      pathOf(index),
      JSON.stringify(name),
      `a name of its own: ${fieldName(pathOf(first))} has this one`,
    );
  }
}
