import type Docker from 'dockerode';
import { QbtcError } from '../../../errors.ts';
import type { ComposeNetwork, ComposeVolume } from '../compose/model.ts';
import { PROJECT_LABEL } from '../status.ts';

const GONE = 404;
const CONFLICT = 409;

/** The name of a volume or network in the engine, as compose gives it. */
export function nameInEngine(
  project: string,
  key: string,
  declared: Pick<ComposeNetwork, 'name' | 'external'> | undefined,
): string {
  return declared?.name ?? (declared?.external === true ? key : `${project}_${key}`);
}

export async function ensureNetwork(
  engine: Docker,
  project: string,
  key: string,
  network: ComposeNetwork,
): Promise<void> {
  const name = nameInEngine(project, key, network);
  const found = await engine.listNetworks({ filters: { name: [name] } });
  if (found.some(({ Name, Id }) => Name === name || Id === name)) return;
  if (network.external) throw missing('network', name);
  const { driver, driver_opts, internal, attachable, labels } = network;
  await engine
    .createNetwork({
      Name: name,
      ...(driver === undefined ? {} : { Driver: driver }),
      Options: driver_opts,
      Internal: internal,
      Attachable: attachable,
      Labels: { ...labels, [PROJECT_LABEL]: project, 'com.docker.compose.network': key },
      CheckDuplicate: true,
    })
    .catch((error) => {
      if ((error as { statusCode?: number }).statusCode !== CONFLICT) throw error;
    });
}

export async function ensureVolume(
  engine: Docker,
  project: string,
  key: string,
  volume: ComposeVolume,
): Promise<void> {
  const name = nameInEngine(project, key, volume);
  const there = await engine
    .getVolume(name)
    .inspect()
    .catch((error) => {
      if ((error as { statusCode?: number }).statusCode === GONE) return undefined;
      throw error;
    });
  if (there !== undefined) return;
  if (volume.external) throw missing('volume', name);
  await engine.createVolume({
    Name: name,
    ...(volume.driver === undefined ? {} : { Driver: volume.driver }),
    DriverOpts: volume.driver_opts,
    Labels: { ...volume.labels, [PROJECT_LABEL]: project, 'com.docker.compose.volume': key },
  });
}

function missing(kind: 'network' | 'volume', name: string): QbtcError {
  return new QbtcError('CONTAINER_NOT_STARTED', `the external ${kind} ${name} does not exist`, {
    hint: `docker ${kind} create ${name}`,
  });
}
