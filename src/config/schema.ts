import * as z from 'zod';
import { STRATEGIES } from '../model/resource.ts';
import { environment, filePatterns, filled, name, oneOrMore, secret, whole } from './fields.ts';
import { MAX_PORT_BASE } from './ports.ts';
import { chaos } from './sections/chaos.ts';
import { commands } from './sections/commands.ts';
import { correlation } from './sections/correlation.ts';
import { discovery } from './sections/discovery.ts';
import { events } from './sections/events.ts';
import { gateway, type gatewayFileSchema } from './sections/gateway.ts';
import { heal } from './sections/heal.ts';
import { infrastructure, type resourceSchema } from './sections/infrastructure.ts';
import { logs } from './sections/logs.ts';
import { score } from './sections/score.ts';
import { services } from './sections/services.ts';

/**
 * The shape of `qbtc.yaml`, version 1: what each field is called, holds and means, and its default.
 * A section stands in a file of its own (`sections/`) where it has more than one field.
 * What no single field can tell (a port that is taken twice, a cycle) stands in `rules.ts`.
 * `describe` texts go into the JSON Schema that editors show.
 */

export const stackSchema = z
  .strictObject({
    version: z
      .literal(1, { error: '1, the version of this format' })
      .describe('The version of this format: 1.'),
    name: z
      .string()
      .describe('The name of the stack. Its vhost, its database and what it creates are named after it.'),
    requires: z
      .string()
      .optional()
      .describe(
        'The versions of qbtc that this stack works with, as a semver range. `qbtc down` does not check it.',
      ),
    strategy: z
      .enum(STRATEGIES)
      .optional()
      .describe(
        'Forces how the stack is run. `full_docker`: the compose file runs all. `hybrid`: what answers already is adopted, the rest comes from Docker, installed programs, or qbtc itself. `fallback`: no Docker and nothing adopted. Left out, qbtc decides resource by resource.',
      ),
    compose: filled('a file')
      .default('infrastructure/docker-compose.yml')
      .describe(
        'The compose file, relative to qbtc.yaml. Its services are named as the resources and services here.',
      ),
    ports: z
      .strictObject({
        base: whole(0, MAX_PORT_BASE)
          .default(0)
          .describe('Added to every port of this file, so that several stacks live on one machine.'),
      })
      .prefault({})
      .describe('What all ports have in common.'),
    secrets: z
      .array(secret())
      .default([])
      .describe(
        'Names of secrets that qbtc generates and keeps in .qbtc/secrets.json: `${secrets.NAME}`; with `ask` it asks for them.',
      ),
    include: filePatterns()
      .optional()
      .describe(
        'Files with one service each (`service.yaml`): a file pattern, or a list of them, relative to qbtc.yaml.',
      ),
    infrastructure,
    topology: oneOrMore('a file')
      .optional()
      .describe('The file with exchanges, queues and bindings, or a list of files, relative to qbtc.yaml.'),
    contracts: oneOrMore('a folder')
      .optional()
      .describe(
        'A folder with schemas of events besides event-schemas/, or a list of folders, relative to qbtc.yaml.',
      ),
    events,
    correlation,
    env: environment()
      .default({})
      .describe(
        'Environment variables of all services; what `env` of a service says comes first. References are filled in for each service as in its own.',
      ),
    services,
    commands,
    gateway,
    discovery,
    tracing: z
      .strictObject({
        service: name().describe(
          'The service that takes spans at `/v1/traces` (OTLP over HTTP) and gives them back below `/api/tracing`; every other service gets its address as TRACE_STORE_URL.',
        ),
      })
      .optional()
      .describe('Where the traces of the stack are kept, for `qbtc trace` and the `trace` steps of flows.'),
    flows: filePatterns()
      .optional()
      .describe('The end-to-end tests: a file pattern, or a list of them, relative to qbtc.yaml.'),
    logs,
    score,
    heal,
    chaos,
  })
  .describe('A stack of services with its infrastructure, gateway, topology and tests, driven by qbtc.');

/** `qbtc.yaml` after interpolation and defaults. */
export type StackFile = z.output<typeof stackSchema>;
export type ResourceFile = z.output<typeof resourceSchema>;
export type GatewayFile = z.output<typeof gatewayFileSchema>;
