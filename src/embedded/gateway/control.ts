import { mkdir } from 'node:fs/promises';
import { messageOf, QbtcError } from '../../errors.ts';
import type { Log } from '../program.ts';
import { acceptsLoss } from '../storage/accept-loss.ts';
import { Operations } from './admin/operations.ts';
import { AdminRouter } from './admin/router.ts';
import { type AdminServerOptions, createAdminServer } from './admin/server.ts';
import { Standalone } from './admin/standalone.ts';
import type { GatewayConfiguration } from './gateway.ts';
import { drain, listen } from './listening.ts';
import { createSealing } from './sealing.ts';
import { FileJournal, volatileJournal } from './state/journal.ts';
import { Keyring, openKeyring } from './state/keyring.ts';
import { Store } from './state/store.ts';

/** What the Admin API tells of the traffic, and asks of it. */
export type Told = Pick<AdminServerOptions, 'metrics' | 'state' | 'inForce'>;

/** The resources of a gateway and its Admin API. */
export interface Control {
  readonly store: Store;
  /** Gives the port of the Admin API. */
  listen(told: Told): Promise<number>;
  /** Takes no more requests, and lets those in flight end. */
  drain(): Promise<void>;
}

/** Reads what was kept. Throws `QbtcError` when it cannot be read, or when there is no key for the Admin API. */
export async function openControl(configuration: GatewayConfiguration, log: Log): Promise<Control> {
  const { host, adminPort, adminKey: key, standalone } = configuration;
  if (key === '') throw new QbtcError('GATEWAY_KEY_MISSING', 'the gateway needs a key for its Admin API');
  const { store, sealing } = await openStore(configuration, log);
  let server: ReturnType<typeof createAdminServer> | undefined;
  return {
    store,
    listen(told) {
      server = createAdminServer({
        key,
        router: new AdminRouter(new Operations(store, sealing)),
        ...(standalone === true ? { standalone: new Standalone(store) } : {}),
        log,
        ...told,
      });
      return listen(server, host, adminPort);
    },
    drain: async () => server && drain(server),
  };
}

async function openStore({ dataFolder: folder, acceptLoss: configured }: GatewayConfiguration, log: Log) {
  if (folder === undefined) {
    const sealing = createSealing(new Keyring());
    return { sealing, store: await Store.open(volatileJournal, sealing) };
  }
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const acceptLoss = acceptsLoss(folder, configured);
    const key = await openKeyring(folder);
    const sealing = createSealing(key.keyring);
    const journal = new FileJournal(folder, log, key.isThere);
    // A key that is gone matters only where something was sealed with it: those records cannot be read then.
    const store = await Store.open(journal, sealing, { acceptLoss, folder, cause: key.damage });
    await key.keep();
    return { sealing, store };
  } catch (error) {
    if (error instanceof QbtcError) throw error;
    throw new QbtcError(
      'GATEWAY_STATE_UNREADABLE',
      `the gateway's state in ${folder} cannot be read: ${messageOf(error)}`,
      { hint: 'the folder and its files must be readable and writable for the gateway', cause: error },
    );
  }
}
