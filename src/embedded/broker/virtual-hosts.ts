import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../program.ts';
import { Accounts } from './access/accounts.ts';
import { hashPassword } from './access/password.ts';
import type { BrokerConfiguration } from './configuration.ts';
import type { Counters } from './counters.ts';
import {
  type DefinitionsFile,
  definitionsFile,
  noDefinitionsFile,
  type VhostDefinition,
} from './definitions.ts';
import type { ReplyTargets } from './router.ts';
import { DurableStore } from './store/durable.ts';
import { volatileStore } from './store.ts';
import { VirtualHost } from './virtual-host.ts';

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
  private readonly byName = new Map<string, Entry>();
  private readonly stores = new Map<string, DurableStore>();
  private readonly configuration: BrokerConfiguration;
  private readonly replyTargets: ReplyTargets;
  private readonly counters: Counters;
  private readonly log: Log;
  private readonly file: DefinitionsFile;

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
   * Throws BROKER_DATA_IN_USE, and the errors of the system.
   */
  restore(): void {
    const { vhost: name, user, password } = this.configuration;
    // Its store locks the folder before anything in it is read.
    const store = this.openStore(name);
    const { vhosts = [], accounts = [], grants = [] } = this.file.read() ?? {};
    for (const account of accounts) this.accounts.put(account);
    for (const grant of grants) this.accounts.grant(grant);
    const own = vhosts.find((each) => each.name === name);
    this.add(own ?? { name, description: '', tags: [], limits: {}, policies: [] }, store);
    for (const vhost of vhosts) if (vhost.name !== name) this.add(vhost, this.openStore(vhost.name));
    this.accounts.put({ name: user, passwordHash: hashPassword(password), tags: ['administrator'] });
    this.accounts.grant({ user, vhost: name, ...EVERYTHING });
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

  /** Accounts, permissions, policies or limits have changed: they are kept from now on. */
  changed(): void {
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
    });
  }

  async close(): Promise<void> {
    for (const { vhost } of this.byName.values()) vhost.close();
    await Promise.all([...this.stores.values()].map((store) => store.close()));
  }

  private add(definition: VhostDefinition, store: DurableStore | undefined): void {
    const { name, description, tags, limits, policies } = definition;
    const vhost = new VirtualHost(name, store ?? volatileStore, this.replyTargets, this.counters);
    vhost.limits = limits;
    for (const policy of policies) vhost.policies.put(policy);
    if (store !== undefined) vhost.restore(store.image);
    this.byName.set(name, { vhost, description, tags });
  }

  private openStore(name: string): DurableStore | undefined {
    const folder = this.folderOf(name);
    if (folder === undefined) return undefined;
    const store = new DurableStore(folder, this.log, { slackBytes: this.configuration.journalSlackBytes });
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
