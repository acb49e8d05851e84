import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { STACK_FILE } from '../config/load.ts';
import type { Context } from '../context.ts';
import { loadFlows } from '../flow/index.ts';
import { YamlFile } from '../import/yaml-file.ts';
import {
  type NewService,
  SERVICE_LANGUAGES,
  type ServiceKind,
  type ServiceLanguage,
} from '../model/new-service.ts';
import type { Stack } from '../model/stack.ts';
import { renewCompose, withUndo } from '../scaffold/change-addons.ts';
import { hasServicesPart } from '../scaffold/compose-services.ts';
import { isPortFree } from '../scaffold/ports.ts';
import { checkServiceName, choosePort } from '../scaffold/service/free.ts';
import { layService, lockService } from '../scaffold/service/lay.ts';
import { planService, SERVICES_FOLDER, type ServicePlan } from '../scaffold/service/plan.ts';
import { isThere, type Surroundings, surroundingsOf } from '../scaffold/service/surroundings.ts';
import { readTextFile } from '../text-file.ts';
import { writeComposeFiles } from './compose-files.ts';
import { installFor } from './new-service-packages.ts';
import { openStackHere } from './open.ts';
import { portsOf } from './ports.ts';

/** Where the ports of new services begin in a stack that `qbtc new` has made: behind those that it has for others. */
const FIRST_PORT = 8_700;
/** The same in a stack whose services have none. */
const FIRST_ELSEWHERE = 8_000;

const LOCK_FILE = 'package-lock.json';
/** What runs Python. */
const PYTHON = /(^|\/)(python|flask|gunicorn|uvicorn|celery|poetry|uv)[\d.]*$/;
/** What names a file in TypeScript, or runs one. */
const TYPESCRIPT = /\.[mc]?ts$|(^|\/)(tsx|ts-node)$|^nest$/;

export interface NewServiceRequest {
  name: string;
  kind: ServiceKind;
  language: ServiceLanguage | undefined;
  port: number | undefined;
  dryRun: boolean;
  install: boolean;
}

/**
 * Adds a service to the stack: its files, and what names it. With `dryRun` it only says what would be written. No file that
 * is there is written over; a stack that does not load with the service is put back as it was.
 * @throws QbtcError NAME_INVALID, NAME_TAKEN, PORT_TAKEN, NO_BROKER, CONFIG_INVALID
 */
export async function addService(
  context: Context,
  stack: Stack,
  request: NewServiceRequest,
): Promise<NewService & { install?: string }> {
  const { root } = stack;
  const { name, kind } = request;
  const around = await surroundingsOf(root);
  const language = request.language ?? usualLanguage(stack, around);
  const command = (change: { name?: string; port?: number }): string =>
    [
      `qbtc add service ${change.name ?? name} --kind ${kind}`,
      ...(request.language === undefined ? [] : [`--language ${language}`]),
      ...(change.port === undefined ? [] : [`--port ${change.port}`]),
    ].join(' ');
  await checkName(stack, around, name, (near) => command({ name: near }));
  const port = await choosePort(
    { asked: request.port, from: firstPort(stack, around) },
    {
      base: stack.portBase,
      taken: takenPorts(stack),
      outgoing: await context.host.outgoingPorts(),
      isFree: isPortFree,
    },
    (near) => command({ port: near }),
  );
  const plan = await planService(
    { installation: context.installation.root, root },
    { name, kind, language, port },
    around,
  );
  const added = await describe(plan, stack);
  if (request.dryRun) return added;
  await lay(context, root, plan, added);
  // It may be one of the workspaces only now that it is there.
  const install = await installFor(context, root, plan, await surroundingsOf(root), request.install);
  return { ...added, ...(install === undefined ? {} : { install }) };
}

async function checkName(
  stack: Stack,
  around: Surroundings,
  name: string,
  command: (name: string) => string,
): Promise<void> {
  // Flows that cannot be read are no reason not to add a service: `qbtc test` tells them.
  const flows = await loadFlows(stack).catch(() => []);
  const scope = around.runtime?.replace(/[^/]*$/, '') ?? '';
  const folders = new Set(await readdir(join(stack.root, SERVICES_FOLDER)).catch(() => []));
  checkServiceName(
    name,
    {
      stack,
      flows: flows.map((flow) => flow.name),
      packages: around.workspaces.flatMap((each) =>
        each.name.startsWith(scope) ? [each.name.slice(scope.length)] : [],
      ),
      hasFolder: (each) => folders.has(each),
    },
    command,
  );
}

function takenPorts(stack: Stack): Map<number, string> {
  const { fallbackPort } = stack.heal;
  return new Map([
    [fallbackPort, 'the gateway that stands in while the real one is down'],
    [fallbackPort - 1, 'the gateway that stands in while the real one is down'],
    ...portsOf(stack).map(({ name, port }) => [port, name] as const),
  ]);
}

function firstPort({ services, portBase }: Stack, { runtime }: Surroundings): number {
  if (runtime !== undefined) return FIRST_PORT;
  const ports = services.flatMap(({ port }) => (port === undefined ? [] : [port - portBase]));
  return ports.length === 0 ? FIRST_ELSEWHERE : Math.max(...ports) + 1;
}

/** That of most services; TypeScript on the runtime of a stack. */
function usualLanguage({ services }: Stack, { runtime }: Surroundings): ServiceLanguage {
  if (runtime !== undefined) return 'ts';
  const written = services.flatMap(({ entry, command }) => {
    const words = entry === undefined ? (command ?? []) : [entry];
    return words.length === 0 ? [] : [languageOf(words)];
  });
  const count = (language: ServiceLanguage) => written.filter((each) => each === language).length;
  return [...SERVICE_LANGUAGES].sort((a, b) => count(b) - count(a))[0] ?? 'ts';
}

function languageOf(words: readonly string[]): ServiceLanguage {
  if (PYTHON.test(words[0] ?? '')) return 'python';
  return words.some((word) => TYPESCRIPT.test(word)) ? 'ts' : 'js';
}

/** What becomes of which file. */
async function describe(plan: ServicePlan, { root, composeFile }: Stack): Promise<NewService> {
  const { texts, include, ...service } = plan;
  const compose = await readTextFile(composeFile).catch(() => '');
  const changed = [
    ...(include === undefined ? [] : [STACK_FILE]),
    ...(plan.base === 'runtime' && (await isThere(join(root, LOCK_FILE))) ? [LOCK_FILE] : []),
    ...(hasServicesPart(compose) ? [relative(root, composeFile)] : []),
  ];
  return {
    ...service,
    files: [
      ...[...texts.keys()].map((path) => ({ path: `${service.folder}/${path}`, action: 'create' as const })),
      ...changed.map((path) => ({ path, action: 'change' as const })),
    ],
  };
}

async function lay(context: Context, root: string, plan: ServicePlan, { files }: NewService): Promise<void> {
  const changes = files.flatMap(({ path, action }) =>
    action === 'change' ? [{ path, action: 'same' as const }] : [],
  );
  await withUndo(root, { changes }, async () => {
    if (plan.include !== undefined) await include(root, plan.include);
    const place = await layService(root, plan, context.interrupted);
    try {
      await lockService(root, plan);
      await renewCompose(root);
      const stack = await openStackHere(context);
      if (stack.services.every(({ name }) => name !== plan.service))
        throw new Error(`${plan.folder} is no service of the stack`);
      await writeComposeFiles(context, stack);
    } catch (error) {
      await place.undo();
      throw error;
    }
  });
}

async function include(root: string, pattern: string): Promise<void> {
  const file = await YamlFile.open(join(root, STACK_FILE), '');
  const written = file.get(['include']);
  if (typeof written === 'string') file.set(['include'], [written, pattern]);
  else file.add(['include'], pattern);
  await file.save();
}
