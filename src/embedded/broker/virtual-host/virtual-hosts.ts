import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import type { Log } from '../../program.ts';
import { damagedError, damagedFiles, describeDamage } from '../../storage/damage.ts';
import { setAside } from '../../storage/set-aside.ts';
import { Accounts } from '../access/accounts.ts';
import { hashPassword } from '../access/password.ts';
import type { BrokerConfiguration } from '../configuration.ts';
import type { Counters } from '../counters.ts';
import { AmqpError } from '../errors.ts';
import { after } from '../guard.ts';
import { DurableStore, type DurableStoreOptions } from '../store/durable.ts';
import { volatileStore } from '../store/store.ts';
import {
  type Definitions,
  type DefinitionsFile,
  definitionsFile,
  noDefinitionsFile,
  type VhostDefinition,
} from './definitions.ts';
import type { ReplyTargets } from './router.ts';
import { VirtualHost } from './virtual-host.ts';

const NO_DEFINITIONS: Definitions = { vhosts: [], accounts: [], grants: [] };
/** How long after an error of the disk the definitions are written again. */
const RETRY_MS = 1_000;
const EVERYTHING = { configure: '.*', write: '.*', read: '.*' };

interface Entry {
  vhost: VirtualHost;
  description: string;
  tags: string[];
}

/**
 * The virtual hosts of the broker, its accounts, and where both are kept. The virtual host and the account that the
 * broker was started with are always there.
 */
export class VirtualHosts {
  readonly accounts = new Accounts();
  /** What operators have set for the whole broker; it is kept for them and means nothing to it. */
  readonly globalParameters = new Map<string, unknown>();
  private readonly byName = new Map<string, Entry>();
  private readonly stores = new Map<string, DurableStore>();
  private readonly configuration: BrokerConfiguration;
  private readonly replyTargets: ReplyTargets;
  private readonly counters: Counters;
  private readonly log: Log;
  private readonly file: DefinitionsFile;
  private retry: NodeJS.Timeout | undefined;

  constructor(configuration: BrokerConfiguration, replyTargets: ReplyTargets, counters: Counters, log: Log) {
    this.configuration = configuration;
    this.replyTargets = replyTargets;
    this.counters = counters;
    this.log = log;
    const { dataFolder } = configuration;
    this.file = dataFolder === undefined ? noDefinitionsFile : definitionsFile(dataFolder);
  }

  /**
   * Puts back what an earlier broker has left. Called once, before anybody is served.
   * Throws BROKER_DATA_IN_USE, BROKER_DATA_DAMAGED, and the errors of the system.
   */
  async restore(acceptLoss: boolean): Promise<void> {
    const { vhost: name, user, password } = this.configuration;
    // Its store locks the folder before anything in it is read.
    const isOld = this.file.exists();
    const expected = isOld ? 'definitions.json beside it is of a broker that had it' : undefined;
    const store = this.openStore(name, { acceptLoss, expected });
    const found = this.readDefinitions(store, acceptLoss);
    const { vhosts, accounts, grants, globalParameters = [] } = found ?? NO_DEFINITIONS;
    for (const [parameter, value] of globalParameters) this.globalParameters.set(parameter, value);
    for (const account of accounts) this.accounts.put(account);
    for (const grant of grants) this.accounts.grant(grant);
    const own = vhosts.find((each) => each.name === name);
    this.add(own ?? { name, description: '', tags: [], limits: {}, policies: [] }, store);
    for (const vhost of vhosts)
      if (vhost.name !== name) {
        // Of a broker that had another virtual host for its own, that one has no folder.
        const because = own === undefined ? undefined : `virtual host '${vhost.name}' was kept in it`;
        this.add(vhost, this.openStore(vhost.name, { acceptLoss, expected: because }));
      }
    this.accounts.put({ name: user, passwordHash: hashPassword(password), tags: ['administrator'] });
    this.accounts.grant({ user, vhost: name, ...EVERYTHING });
    for (const each of this.stores.values()) await each.settle();
    if (found === undefined) this.keepAfterLoss();
  }

  /** What was lost is not missed at the next start: the word of the user counts for all that follows. */
  private keepAfterLoss(): void {
    try {
      this.changed();
    } catch (error) {
      this.log('error', messageOf(error), { folder: this.folder });
    }
  }

  /** `undefined` when they are lost, and that was accepted. */
  private readDefinitions(store: DurableStore | undefined, acceptLoss: boolean): Definitions | undefined {
    const { dataFolder } = this.configuration;
    if (store === undefined || dataFolder === undefined) return NO_DEFINITIONS;
    const found = this.file.read(store.image.keepsDefinitions);
    if (!('damage' in found)) {
      if (found.definitions !== undefined) store.definitionsKept();
      return found.definitions ?? NO_DEFINITIONS;
    }
    if (!acceptLoss) throw damagedError('BROKER_DATA_DAMAGED', dataFolder, [found.damage]);
    const folder = setAside(dataFolder, damagedFiles([found.damage]));
    this.log('error', 'started without what is damaged', { damage: describeDamage(found.damage), folder });
    return undefined;
  }

  /** Where durable things are kept; `undefined` where nothing is. */
  get folder(): string | undefined {
    return this.configuration.dataFolder;
  }

  get all(): VirtualHost[] {
    return [...this.byName.values()].map(({ vhost }) => vhost);
  }

  get(name: string): VirtualHost | undefined {
    return this.byName.get(name)?.vhost;
  }

  labels(name: string): { description: string; tags: string[] } {
    const { description = '', tags = [] } = this.byName.get(name) ?? {};
    return { description, tags };
  }

  /** Creates it, or gives it other labels. Who creates it may do everything in it. False when it was there. */
  put(name: string, labels: { description: string; tags: string[] }, creator: string): boolean {
    const existing = this.byName.get(name);
    if (existing === undefined) {
      this.add({ name, ...labels, limits: {}, policies: [] }, this.openStore(name));
      this.accounts.grant({ user: creator, vhost: name, ...EVERYTHING });
    } else Object.assign(existing, labels);
    this.changed();
    return existing === undefined;
  }

  /** With everything in it. */
  async delete(name: string): Promise<void> {
    const entry = this.byName.get(name);
    if (entry === undefined) return;
    this.byName.delete(name);
    this.accounts.forgetVhost(name);
    this.changed();
    entry.vhost.close();
    await this.stores.get(name)?.close();
    this.stores.delete(name);
    const folder = this.folderOf(name);
    if (folder !== undefined && folder !== this.configuration.dataFolder)
      rmSync(folder, { recursive: true, force: true });
  }

  /** Accounts, permissions, policies or limits have changed: they are kept from now on, or as soon as the disk takes them. */
  changed(): void {
    clearTimeout(this.retry);
    try {
      this.file.write({
        vhosts: [...this.byName].map(([name, { vhost, description, tags }]) => ({
          name,
          description,
          tags,
          limits: vhost.limits,
          policies: vhost.policies.all,
        })),
        accounts: this.accounts.all,
        grants: this.accounts.grants,
        globalParameters: [...this.globalParameters],
      });
    } catch (error) {
      // They are in force: messages may be kept in a virtual host that a restart would not know.
      this.retry = after(
        RETRY_MS,
        () => undefined,
        () => this.changed(),
      );
      throw new AmqpError('RESOURCE_ERROR', `the disk does not take definitions now: ${messageOf(error)}`);
    }
    // The store of the virtual host that is always there stands beside the file.
    this.stores.get(this.configuration.vhost)?.definitionsKept();
  }

  async close(): Promise<void> {
    clearTimeout(this.retry);
    for (const { vhost } of this.byName.values()) vhost.close();
    await Promise.all([...this.stores.values()].map((store) => store.close()));
  }

  private add(definition: VhostDefinition, store: DurableStore | undefined): void {
    const { name, description, tags, limits, policies } = definition;
    const vhost = new VirtualHost(name, store ?? volatileStore, this.replyTargets, this.counters, this.log);
    vhost.limits = limits;
    for (const policy of policies) vhost.policies.put(policy);
    if (store !== undefined) vhost.restore(store.image);
    this.byName.set(name, { vhost, description, tags });
  }

  private openStore(
    name: string,
    given: Pick<DurableStoreOptions, 'acceptLoss' | 'expected'> = {},
  ): DurableStore | undefined {
    const folder = this.folderOf(name);
    if (folder === undefined) return undefined;
    const slackBytes = this.configuration.journalSlackBytes;
    const store = new DurableStore(folder, this.log, { slackBytes, ...given });
    this.stores.set(name, store);
    return store;
  }

  /** Any name may be a virtual host's, and not any name a folder's. */
  private folderOf(name: string): string | undefined {
    const { dataFolder, vhost } = this.configuration;
    if (dataFolder === undefined || name === vhost) return dataFolder;
    const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
    return join(dataFolder, 'vhosts', digest);
  }
}
