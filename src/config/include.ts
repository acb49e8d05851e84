import { basename, posix, relative, resolve, sep } from 'node:path';
import type { FileSystemAdapter } from 'tinyglobby';
import { isRecord } from '../record.ts';
import { parseStackDocument, type StackDocument } from './document.ts';
import { withEnvFilePaths } from './env-file.ts';
import { filesOf } from './files.ts';
import { type FieldPath, fieldName, type Mistake, type Position } from './mistake.ts';
import { BESIDE_KEYS, serviceFileMistakes } from './service-file.ts';

/** A service file that qbtc.yaml includes. */
export interface IncludedFile {
  /** Absolute. */
  file: string;
  /** As messages write it. */
  shown: string;
  text: string;
}

/** A part of the whole that stands in one of the files. */
interface Mount {
  /** Where it stands in the whole. */
  path: FieldPath;
  document: StackDocument;
  /** Where it stands in its file. */
  own: FieldPath;
  shown?: string;
}

/** The service files that the patterns of `include` name, absolute and sorted. */
export async function includedFiles(
  root: string,
  { data }: StackDocument,
  fs?: FileSystemAdapter,
): Promise<string[]> {
  return await filesOf(root, listOf(data.include).filter(isText), fs);
}

/**
 * The document of the stack as if all that it includes stood in qbtc.yaml: `data` is one whole, and each position names the
 * file that it is in.
 */
export function withIncluded(
  root: string,
  written: StackDocument,
  files: readonly IncludedFile[],
): StackDocument {
  if (!written.usable) return written;
  const whole = new Whole(written, files, root);
  for (const file of files) whole.include(file);
  return whole.document();
}

class Whole {
  readonly #root: string;
  readonly #written: StackDocument;
  readonly #data: Record<string, unknown>;
  readonly #mounts: Mount[] = [];
  readonly #mistakes: Mistake[];
  #usable = true;

  constructor(written: StackDocument, files: readonly IncludedFile[], root: string) {
    this.#root = root;
    this.#written = written;
    this.#data = copyOf(written.data);
    this.#mistakes = [...written.mistakes, ...missing(written, files, root)];
  }

  include({ file, shown, text }: IncludedFile): void {
    const document = parseStackDocument(text, {
      topExpected: 'a mapping that starts with "port: ..."',
      isText: (path) => path.length === 2 && path[0] === 'env',
    });
    const folder = posix.dirname(relative(this.#root, file).split(sep).join('/'));
    const { data } = document;
    const name = typeof data.name === 'string' ? data.name : basename(resolve(this.#root, folder));
    const report = (mistakes: readonly Mistake[]) =>
      this.#mistakes.push(
        ...mistakes.map((mistake) => ({
          ...mistake,
          field: BESIDE_KEYS.has(mistake.field.split(/[.[]/)[0] ?? '')
            ? `${shown} ${mistake.field}`
            : fieldName(['services', name, mistake.field]),
          at: { ...mistake.at, included: { file: shown, field: mistake.field } },
        })),
      );
    report(document.mistakes);
    this.#usable &&= document.usable;
    if (!document.usable) return;
    report(serviceFileMistakes(document));
    const mount = (path: FieldPath, own: FieldPath) => this.#mounts.push({ path, document, own, shown });
    const inFolder = (path: string) => posix.normalize(posix.join(folder, path));

    const services = this.#mapping('services');
    if (services === undefined) return;
    if (Object.hasOwn(services, name)) {
      const at = data.name === undefined ? document.at([]) : document.at(['name']);
      report([{ at, field: 'name', found: `a second service ${name}`, expected: 'a name of its own' }]);
      return;
    }
    const own = Object.entries(data).filter(([key]) => key === 'path' || !BESIDE_KEYS.has(key));
    const service: Record<string, unknown> = { path: '.', ...Object.fromEntries(own) };
    services[name] = {
      ...service,
      ...(typeof service.path === 'string' ? { path: inFolder(service.path) } : {}),
      ...(service.env_file === undefined ? {} : { env_file: withEnvFilePaths(service.env_file, inFolder) }),
    };
    mount(['services', name], []);

    for (const [command, declared] of Object.entries(isRecord(data.commands) ? data.commands : {})) {
      const commands = this.#mapping('commands');
      if (commands === undefined) continue;
      if (Object.hasOwn(commands, command)) {
        const at = document.keyAt(['commands', command]);
        const field = fieldName(['commands', command]);
        report([{ at, field, found: `a second command ${command}`, expected: 'a name of its own' }]);
        continue;
      }
      if (isRecord(declared) && 'service' in declared) {
        const path = ['commands', command, 'service'];
        const found = JSON.stringify(declared.service);
        report([
          { at: document.at(path), field: fieldName(path), found, expected: 'none: it is of this service' },
        ]);
      }
      // What is no mapping is told by the schema.
      commands[command] = isRecord(declared) ? { ...declared, service: name } : declared;
      mount(['commands', command], ['commands', command]);
    }
    const append = (
      target: Record<string, unknown>,
      path: FieldPath,
      key: string,
      make: (each: unknown) => unknown = (each) => inFolder(String(each)),
    ) => {
      const isEntry = (each: unknown) => isText(each) || (key === 'secrets' && isRecord(each));
      const added = listOf(data[key]).filter(isEntry);
      if (added.length === 0) return;
      const last = path.at(-1) ?? '';
      const before = target[last];
      // What can only be a list is told by the schema where it is none.
      if (key === 'secrets' && before !== undefined && !Array.isArray(before)) return;
      // One that stood alone is now the first of a list.
      if (before !== undefined && !Array.isArray(before))
        this.#mounts.push({ path: [...path, 0], document: this.#written, own: path });
      const list = [...listOf(before)];
      for (const [index, each] of added.entries()) {
        mount([...path, list.length], Array.isArray(data[key]) ? [key, index] : [key]);
        list.push(make(each));
      }
      target[last] = list;
    };
    append(this.#data, ['secrets'], 'secrets', (secret) => secret);
    append(this.#data, ['topology'], 'topology');
    append(this.#data, ['contracts'], 'contracts');
    append(this.#data, ['flows'], 'flows');
    if (data.migrations === undefined) return;
    const named = isRecord(data.database) ? data.database.resource : undefined;
    const infrastructure = this.#mapping('infrastructure');
    const resource = infrastructure?.[String(named)];
    if (infrastructure === undefined || !isRecord(resource)) {
      const at = document.keyAt(['migrations']);
      const expected = '"database" beside it, with the resource that they are for';
      report([{ at, field: 'migrations', found: 'migrations for no database', expected }]);
      return;
    }
    const copied = copyOf(resource);
    infrastructure[String(named)] = copied;
    append(copied, ['infrastructure', String(named), 'migrations'], 'migrations');
  }

  document(): StackDocument {
    const written = this.#written;
    const find = (path: FieldPath): Mount =>
      this.#mounts
        .filter(({ path: prefix }) => prefix.every((part, index) => path[index] === part))
        .reduce<Mount>((best, each) => (each.path.length > best.path.length ? each : best), {
          path: [],
          document: written,
          own: [],
        });
    const positionOf = (path: FieldPath, look: (document: StackDocument, own: FieldPath) => Position) => {
      const { path: prefix, document, own, shown } = find(path);
      let inside: FieldPath = [...own, ...path.slice(prefix.length)];
      // The service as a whole stands where it is named.
      if (shown !== undefined && inside.length === 0 && 'name' in document.data) inside = ['name'];
      const at = look(document, inside);
      return shown === undefined ? at : { ...at, included: { file: shown, field: fieldName(inside) } };
    };
    return {
      data: this.#data,
      mistakes: this.#mistakes,
      usable: this.#usable,
      at: (path) => positionOf(path, (document, own) => document.at(own)),
      keyAt: (path) => positionOf(path, (document, own) => document.keyAt(own)),
      within: (path, text) => positionOf(path, (document, own) => document.within(own, text)),
    };
  }

  /** A mapping at the top that may be added to; `undefined` where something else stands there. */
  #mapping(key: string): Record<string, unknown> | undefined {
    const value = this.#data[key] ?? {};
    if (!isRecord(value)) return undefined;
    const copied = copyOf(value);
    this.#data[key] = copied;
    return copied;
  }
}

/** A file that is named, not matched, must be there. */
function missing(written: StackDocument, files: readonly IncludedFile[], root: string): Mistake[] {
  const { include } = written.data;
  return listOf(include).flatMap((pattern, index) => {
    if (!isText(pattern) || pattern === '' || /[*?[\]{}!()]/.test(pattern)) return [];
    if (files.some(({ file }) => file === resolve(root, pattern))) return [];
    const path = Array.isArray(include) ? ['include', index] : ['include'];
    const found = `${JSON.stringify(pattern)}, which does not exist`;
    return [{ at: written.at(path), field: fieldName(path), found, expected: 'a service file' }];
  });
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Without a prototype, as all mappings of a document. */
function copyOf(value: Record<string, unknown>): Record<string, unknown> {
  return Object.assign(Object.create(null), value);
}
