import { basename, dirname, extname, join, resolve } from 'node:path';
import { DEFAULT_GATEWAY_FILES, gatewayFilesOf, shownFrom } from '../config/gateway-files.ts';
import { DECLARED_KINDS, type SourcePlace } from '../model/gateway.ts';
import type { ImportedObject } from '../model/import.ts';
import type { Stack } from '../model/stack.ts';
import { isRecord } from '../record.ts';
import type { PlacedObject } from './at-services.ts';
import { shownIn } from './plan.ts';
import { YamlFile } from './yaml-file.ts';

/** Files of this name are the configuration of APISIX itself. */
const OWN_CONFIGURATION = /^config(-[^/]*)?$/;

/** The files of a stack that an import writes to: one gateway file, those of the services, and qbtc.yaml. */
export class GatewayTarget {
  readonly #stack: Stack;
  readonly #source: string;
  readonly #cwd: string;
  readonly #file: string;
  readonly #files = new Map<string, YamlFile>();
  readonly #changed = new Set<YamlFile>();
  readonly #indexes = new Map<readonly unknown[], ReadonlyMap<string, number>>();

  private constructor(stack: Stack, source: string, cwd: string, file: string) {
    this.#stack = stack;
    this.#source = source;
    this.#cwd = cwd;
    this.#file = file;
  }

  static async open(
    stack: Stack,
    { source, into, cwd }: { source: string; into?: string; cwd: string },
  ): Promise<GatewayTarget> {
    const stem = basename(source, extname(source));
    const name = OWN_CONFIGURATION.test(stem) ? 'imported' : stem;
    const folder = dirname(resolve(stack.root, DEFAULT_GATEWAY_FILES));
    return new GatewayTarget(stack, source, cwd, into ?? join(folder, `${name}.yaml`));
  }

  /** Adds the object, and says where. */
  async add(item: PlacedObject): Promise<string> {
    const { file, path, shown } = await this.#listOf(item);
    file.add(path, itemOf(item));
    this.#changed.add(file);
    if (item.service === undefined) await this.#include(file);
    return shown;
  }

  /** Puts the object in the place of the one that is there; false where another file has it. */
  async replace(item: PlacedObject): Promise<boolean> {
    const { file, path } = await this.#listOf(item);
    const key = item.service === undefined ? item.id : String(item.object.name);
    const index = this.#indexesOf(file.items(path)).get(key);
    if (index === undefined) return false;
    file.replace(path, index, itemOf(item));
    this.#changed.add(file);
    return true;
  }

  /** Where each item of a list stands, by whatever it may be called by. */
  #indexesOf(items: readonly unknown[]): ReadonlyMap<string, number> {
    const known = this.#indexes.get(items);
    if (known !== undefined) return known;
    const indexes = new Map<string, number>();
    for (const [index, item] of items.entries())
      for (const key of isRecord(item) ? keysOf(item) : []) if (!indexes.has(key)) indexes.set(key, index);
    this.#indexes.set(items, indexes);
    return indexes;
  }

  placeOf({ kind, id }: ImportedObject): SourcePlace | undefined {
    return this.#stack.gateway.locate(kind, id);
  }

  /** Adds names to `secrets` of qbtc.yaml. */
  async declareSecrets(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const file = await this.#open(this.#stack.file);
    const there = new Set(file.items(['secrets']));
    for (const name of names) if (!there.has(name)) file.add(['secrets'], name);
    this.#changed.add(file);
  }

  changed(): YamlFile[] {
    return [...this.#changed];
  }

  async #open(path: string): Promise<YamlFile> {
    const there = this.#files.get(path);
    if (there !== undefined) return there;
    const file = await YamlFile.open(
      path,
      `Objects of the gateway, in the fields of APISIX. From ${this.#source}.`,
    );
    this.#files.set(path, file);
    return file;
  }

  async #listOf({ kind, service }: PlacedObject): Promise<{ file: YamlFile; path: string[]; shown: string }> {
    if (service !== undefined) {
      const { file, path } = await this.#fileOf(service.name);
      return { file, path: [...path, 'routes'], shown: `services.${service.name}.routes` };
    }
    const list = kind === 'consumer' || kind === 'credential' ? 'consumers' : DECLARED_KINDS[kind];
    const file = await this.#open(this.#file);
    const path = this.#file === this.#stack.file ? ['gateway', list] : [list];
    return { file, path, shown: shownIn(this.#stack.root, this.#file) };
  }

  /** The file that declares a service, and where in it: a service file has its fields at the top. */
  async #fileOf(service: string): Promise<{ file: YamlFile; path: string[] }> {
    const { name, includedFiles, file: own, gateway } = this.#stack;
    const place = gateway.locate('upstream', `${name}-${service}`);
    const included = includedFiles.find((file) => shownFrom(this.#cwd, file) === place?.file);
    if (included !== undefined) return { file: await this.#open(included), path: [] };
    return { file: await this.#open(own), path: ['services', service] };
  }

  /** Has qbtc.yaml name the file, where its patterns do not match it. */
  async #include({ file }: YamlFile): Promise<void> {
    if (file === this.#stack.file) return;
    const own = await this.#open(this.#stack.file);
    const given = own.get(['gateway', 'files']);
    const patterns = given === undefined ? [DEFAULT_GATEWAY_FILES] : [given].flat().map(String);
    const isDefault = dirname(file) === dirname(resolve(this.#stack.root, DEFAULT_GATEWAY_FILES));
    const matches = patterns.includes(DEFAULT_GATEWAY_FILES) && isDefault && extname(file) === '.yaml';
    const shown = shownIn(this.#stack.root, file);
    if (matches || patterns.includes(shown)) return;
    if ((await gatewayFilesOf(this.#stack.root, patterns)).includes(file)) return;
    own.set(['gateway', 'files'], [...patterns, shown]);
    this.#changed.add(own);
  }
}

const keysOf = ({ id, username, name }: Record<string, unknown>): string[] =>
  [id, username, name].map(String);

/** The object as its list has it. */
function itemOf({ kind, id, object, service }: PlacedObject): object {
  if (kind === 'consumer') return object;
  if (service === undefined) return { id, ...object };
  const { name, upstream_id: _, ...route } = object;
  return { name, ...route };
}
