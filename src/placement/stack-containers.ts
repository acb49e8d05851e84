import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context } from '../context.ts';
import { withEngine } from '../docker/engine.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, STACK_LABEL } from '../model/gateway.ts';
import { SERVICE_LABEL } from '../runtimes/containers/status.ts';

/** Where compose was called: the folder of the compose file, in the stack. */
const COMPOSE_FOLDER_LABEL = 'com.docker.compose.project.working_dir';
const ENGINE_TIMEOUT_MS = 3_000;

/** A container that runs and that some stack of qbtc has made. */
export interface StackContainer {
  stack?: string;
  root?: string;
  service: string;
  /** Of this machine. */
  ports: number[];
}

/** Those of any stack, by the engine; none where there is no engine. */
export async function stackContainers(context: Pick<Context, 'docker'>): Promise<StackContainer[]> {
  const filters = { label: [`${MANAGED_BY_LABEL}=${MANAGED_BY}`] };
  const containers = await withEngine(
    context,
    (engine) => engine.listContainers({ filters }),
    ENGINE_TIMEOUT_MS,
  ).catch(() => []);
  return containers.map(({ Ports, Labels, Names }) => {
    const root = rootAbove(Labels[COMPOSE_FOLDER_LABEL]);
    const stack = Labels[STACK_LABEL];
    return {
      ...(stack === undefined ? {} : { stack }),
      ...(root === undefined ? {} : { root }),
      service: Labels[SERVICE_LABEL] ?? Names[0]?.replace(/^\//, '') ?? '',
      ports: [...new Set(Ports.flatMap(({ PublicPort }) => PublicPort ?? []))],
    };
  });
}

function rootAbove(folder: string | undefined): string | undefined {
  for (let at = folder; at !== undefined && at !== dirname(at); at = dirname(at))
    if (existsSync(join(at, 'qbtc.yaml'))) return at;
  return folder;
}
