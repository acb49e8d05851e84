import { resolve } from 'node:path';
import * as z from 'zod';
import { parseEnv } from '../../../config/dotenv.ts';
import type { Context } from '../../../context.ts';
import { QbtcError } from '../../../errors.ts';
import { readTextFile } from '../../../text-file.ts';
import { type ComposeFile, invalid } from '../compose-file.ts';
import { fillIn } from '../interpolation.ts';
import { filledPairs, text, truth } from './scalars.ts';
import { type ComposeService, composeService } from './service.ts';

/** What volumes and networks have in common. */
const kept = {
  name: text.optional(),
  external: truth.default(false),
  driver: text.optional(),
  driver_opts: filledPairs,
  labels: filledPairs,
};
const empty = <T extends z.ZodType>(schema: T) => z.preprocess((value) => value ?? {}, schema);
const volume = empty(z.strictObject(kept));
const network = empty(
  z.strictObject({ ...kept, internal: truth.default(false), attachable: truth.default(false) }),
);

const outline = z.strictObject({
  // Compose takes it and does nothing with it.
  version: z.unknown().optional(),
  name: z.unknown().optional(),
  services: z.record(z.string(), z.unknown()),
  networks: z.preprocess((value) => value ?? {}, z.record(z.string(), network)),
  volumes: z.preprocess((value) => value ?? {}, z.record(z.string(), volume)),
});

export type ComposeVolume = z.output<typeof volume>;
export type ComposeNetwork = z.output<typeof network>;

/** What of the compose file these services need. */
export interface ComposeModel {
  services: Record<string, ComposeService & { environment: Record<string, string> }>;
  networks: Record<string, ComposeNetwork>;
  volumes: Record<string, ComposeVolume>;
}

/**
 * Reads what these services need, with everything filled in.
 *
 * @throws QbtcError `COMPOSE_INVALID` with every mistake and every key that cannot be carried out, each with its place;
 *   `ENV_INVALID`, `NOT_UTF8` for a file of variables
 */
export async function readComposeModel(
  context: Pick<Context, 'env'>,
  file: ComposeFile,
  wanted: readonly string[],
): Promise<ComposeModel> {
  // As compose does: the caller's environment goes before the file.
  const values = {
    ...parseEnv(await readTextFile(file.values).catch(absent), file.values, (name) => context.env[name]),
    ...context.env,
  };
  const mistakes: string[] = [];
  const report = (path: readonly (string | number)[], says: string) =>
    mistakes.push(`${file.path}:${file.at(path)} ${path.join('.')}: ${says}`);
  const reportIssues = (issues: readonly z.core.$ZodIssue[], before: readonly (string | number)[]) => {
    for (const issue of issues) {
      const path = [...before, ...(issue.path as (string | number)[])];
      if (issue.code === 'unrecognized_keys')
        for (const key of issue.keys)
          report(
            [...path, key],
            'this key is not carried out without the compose program (install docker compose v2)',
          );
      else report(path, issue.message);
    }
  };

  const data = withoutExtensions(fillIn(file.data, values, report));
  const top = outline.safeParse(data);
  if (!top.success) {
    reportIssues(top.error.issues, []);
    throw invalid(file.path, mistakes);
  }
  const { networks, volumes } = top.data;
  const services: ComposeModel['services'] = {};
  for (const name of wanted) {
    const before = ['services', name];
    const parsed = composeService.safeParse(withoutExtensions(top.data.services[name]));
    if (!parsed.success) {
      reportIssues(parsed.error.issues, before);
      continue;
    }
    const service = parsed.data;
    for (const joined of Object.keys(service.networks))
      if (joined !== 'default' && !Object.hasOwn(networks, joined))
        report([...before, 'networks'], `found ${joined}, expected a network that "networks" declares`);
    for (const [index, { type, source }] of service.volumes.entries())
      if (type === 'volume' && source !== undefined && !Object.hasOwn(volumes, source))
        report([...before, 'volumes', index], `found ${source}, expected a volume that "volumes" declares`);
    services[name] = { ...service, environment: {} };
    const environment = await environmentOf(service, file, values, (path) =>
      report([...before, 'env_file'], `found ${path}, which does not exist`),
    );
    services[name] = { ...service, env_file: [], environment };
  }
  if (mistakes.length > 0) throw invalid(file.path, mistakes);
  const used = new Set(Object.values(services).flatMap((service) => Object.keys(service.networks)));
  const mounted = new Set(
    Object.values(services).flatMap((service) => service.volumes.map(({ source }) => source)),
  );
  const defaults: ComposeNetwork = {
    external: false,
    driver_opts: {},
    labels: {},
    internal: false,
    attachable: false,
  };
  return {
    services,
    networks: only({ default: defaults, ...networks }, used),
    volumes: only(volumes, mounted),
  };
}

function only<T>(all: Record<string, T>, names: ReadonlySet<string | undefined>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
}

/** A file that may be missing is an empty one. */
function absent(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
  throw error;
}

/** `x-…` is for anchors. */
function withoutExtensions(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => !key.startsWith('x-')));
}

/** `env_file` is read here, so that a changed one is a changed service. A name alone is passed on from the caller. */
async function environmentOf(
  service: ComposeService,
  file: ComposeFile,
  values: Readonly<Record<string, string | undefined>>,
  onMissing: (path: string) => void,
): Promise<Record<string, string>> {
  const environment: Record<string, string> = {};
  for (const { path, required } of service.env_file) {
    const envFile = resolve(file.folder, path);
    const written = await readTextFile(envFile).catch((error: unknown) => {
      if (error instanceof QbtcError) throw error;
      if (required) onMissing(path);
      return required ? '' : absent(error);
    });
    Object.assign(
      environment,
      parseEnv(written, envFile, (name) => values[name] ?? environment[name]),
    );
  }
  for (const [name, value] of Object.entries(service.environment)) {
    const known = value ?? values[name];
    if (known === undefined) delete environment[name];
    else environment[name] = known;
  }
  return environment;
}
