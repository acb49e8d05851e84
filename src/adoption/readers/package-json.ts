import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Fact, Reader, Repository } from '../fact.ts';
import { baseName, folderOf, inFolder, lineAt } from '../repository.ts';
import { wordsOf } from '../words.ts';

interface Manifest {
  name?: unknown;
  main?: unknown;
  scripts?: Record<string, unknown>;
  workspaces?: unknown;
  dependencies?: Record<string, unknown>;
  devDependencies?: Record<string, unknown>;
}

/** Packages that only a program that listens or consumes depends on. */
const SERVERS =
  /^(express|fastify|koa|@koa\/router|@nestjs\/core|@nestjs\/microservices|@hapi\/hapi|hapi|restify|polka|hono|@hono\/node-server|apollo-server|@apollo\/server|@feathersjs\/\w+|sails|moleculer|micro|@grpc\/grpc-js|grpc|amqplib|amqp-connection-manager|rascal|kafkajs|bullmq|bull|next|nuxt|json-server|http-proxy|socket\.io|ws)$/;
/** What a service reaches by these, and by which name `draft/` knows it. */
const USES: readonly (readonly [RegExp, string])[] = [
  [/^(amqplib|amqp-connection-manager|rascal|@golevelup\/nestjs-rabbitmq)$/, 'rabbitmq'],
  [/^(redis|ioredis|bull|bullmq|connect-redis|@nestjs\/bull)$/, 'redis'],
  [/^(pg|postgres|pg-promise|@prisma\/adapter-pg)$/, 'postgres'],
  [/^(mongoose|mongodb|@nestjs\/mongoose)$/, 'mongodb'],
  [/^(mysql|mysql2|mariadb)$/, 'mysql'],
  [/^kafkajs$/, 'kafka'],
  [/^(express|fastify|koa|@hapi\/hapi|@nestjs\/platform-(express|fastify)|restify|polka|next)$/, 'http'],
];
/** Scripts that start several parts at once. */
const ORCHESTRATES =
  /\b(concurrently|npm-run-all|run-p|lerna|turbo|nx|docker(-compose)?|wsrun)\b|--workspaces|--filter|--parallel/;
/** Scripts that start what is in production, the better first. */
const SCRIPTS = ['start', 'start:prod', 'serve', 'start:dev', 'dev'];

/** package.json: the script that starts a service, and what it depends on. */
export const packageJson: Reader = {
  name: 'package.json',
  async read(repository) {
    const files = repository.files.filter((file) => baseName(file) === 'package.json');
    const read = await Promise.all(
      files.map(async (file) => ({ file, text: (await repository.text(file)) ?? '' })),
    );
    return read.flatMap(({ file, text }) => factsOf(repository, file, text));
  },
};

function factsOf(repository: Repository, file: string, text: string): Fact[] {
  const manifest = parsed(text);
  if (manifest === undefined) return [];
  const folder = folderOf(file);
  const at = (needle: string) => ({ file, line: lineAt(text, Math.max(0, text.indexOf(needle))) });
  const dependencies = Object.keys(manifest.dependencies ?? {});
  const facts: Fact[] = [];
  for (const dependency of dependencies)
    for (const [pattern, what] of USES)
      if (pattern.test(dependency)) facts.push({ kind: 'uses', folder, at: at(`"${dependency}"`), what });
  const scripts = manifest.scripts ?? {};
  const written = SCRIPTS.filter((name) => typeof scripts[name] === 'string' && scripts[name] !== '');
  // A process manager of its own starts what is to be started here, and stays behind it.
  const own = written.filter((name) => !/\bpm2\b/.test(String(scripts[name])));
  const isManaged = own.length < written.length && mainOf(repository, folder, manifest) !== undefined;
  const script = isManaged ? undefined : own[0];
  const serves = dependencies.some((dependency) => SERVERS.test(dependency));
  const name = typeof manifest.name === 'string' ? manifest.name.replace(/^@[^/]*\//, '') : baseName(folder);
  // What these start listens where PORT says.
  const started = script === undefined ? '' : String(scripts[script]);
  if (/\b(react-scripts start|next (dev|start)|nuxt (dev|start))\b/.test(started))
    facts.push({ kind: 'reads-port', folder, at: at(`"${script}"`), variable: 'PORT' });
  const install = installOf(repository, folder, dependencies.length > 0);
  const missing = new Map(
    Object.entries(scripts).flatMap(([each, line]): [string, string][] => {
      const file = unbuiltBy(repository, folder, String(line));
      return file === undefined || scripts[`pre${each}`] !== undefined ? [] : [[each, file]];
    }),
  );
  const makes = script === undefined ? undefined : missing.get(script);
  const builder = scripts.build === undefined ? undefined : `${managerOf(repository, folder)} run build`;
  const program = {
    kind: 'program',
    folder,
    name,
    group: 'package',
    unbuilt: [...missing.keys()],
    ...(install && { install }),
    ...(makes !== undefined && {
      build: {
        makes,
        ...(builder && { command: folder === '.' ? builder : `(cd ${folder} && ${builder})` }),
      },
    }),
  } as const;
  if (script !== undefined) {
    const line = String(scripts[script]);
    if (ORCHESTRATES.test(line)) return facts;
    const place = at(`"${script}"`);
    const hooked = scripts[`pre${script}`] !== undefined || scripts[`post${script}`] !== undefined;
    const words = hooked ? undefined : nodeAlone(repository, folder, line);
    const manager = managerOf(repository, folder);
    const value = words ?? (script === 'start' ? [manager, 'start'] : [manager, 'run', script]);
    facts.push({ ...program, at: place, command: { value, at: place }, serves, rank: 2 });
    return facts;
  }
  const main = mainOf(repository, folder, manifest);
  if (main !== undefined && serves) {
    const place = at('"main"');
    const command = { value: ['node', main], at: place, guess: true as const };
    facts.push({ ...program, at: place, command, serves, rank: 4 });
  }
  return facts;
}

function parsed(text: string): Manifest | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === 'object' && data !== null ? (data as Manifest) : undefined;
  } catch {
    return undefined;
  }
}

function mainOf(repository: Repository, folder: string, { main }: Manifest): string | undefined {
  return typeof main === 'string' && hasScript(repository, folder, main) ? main : undefined;
}

/** `node src/index.js`, run without npm around it: its signals and its end are its own. */
function nodeAlone(repository: Repository, folder: string, line: string): string[] | undefined {
  const words = wordsOf(line);
  if (words?.[0] !== 'node' || words.some((word) => /[$*?]/.test(word))) return undefined;
  const file = words.slice(1).find((word) => !word.startsWith('-'));
  return file !== undefined && hasScript(repository, folder, file) ? words : undefined;
}

/** The file that such a script runs, where it is not there yet: `node dist/main` before a build. */
function unbuiltBy(repository: Repository, folder: string, line: string): string | undefined {
  const words = wordsOf(line)?.filter((word) => !word.startsWith('-'));
  const [program, file] = words ?? [];
  if (program !== 'node' || file === undefined || /[$*?]/.test(file)) return undefined;
  const base = inFolder(folder, file);
  if (base === undefined) return undefined;
  const path = join(repository.root, base);
  return ['', '.js', '.mjs', '.cjs', '/index.js'].some((end) => existsSync(path + end)) ? undefined : file;
}

function hasScript(repository: Repository, folder: string, file: string): boolean {
  const base = inFolder(folder, file);
  if (base === undefined) return false;
  return ['', '.js', '.mjs', '.cjs', '/index.js'].some((end) => repository.has(base + end));
}

/** By the lock file, beside the package or above it. */
function managerOf(repository: Repository, folder: string): string {
  for (const place of foldersUp(folder)) {
    const has = (name: string) => repository.has(place === '.' ? name : `${place}/${name}`);
    if (has('pnpm-lock.yaml')) return 'pnpm';
    // Of two lock files that of npm is taken: it comes with Node.
    if (has('package-lock.json')) return 'npm';
    if (has('yarn.lock')) return 'yarn';
  }
  return 'npm';
}

function installOf(repository: Repository, folder: string, needed: boolean) {
  if (!needed) return undefined;
  const manager = managerOf(repository, folder);
  const places = foldersUp(folder);
  const missing = !places.some((place) => existsSync(join(repository.root, place, 'node_modules')));
  const root = places.find((place) =>
    ['package-lock.json', 'yarn.lock', 'pnpm-lock.yaml'].some((name) =>
      repository.has(place === '.' ? name : `${place}/${name}`),
    ),
  );
  const where = root ?? folder;
  const command = manager === 'npm' ? `npm ${root === undefined ? 'install' : 'ci'}` : `${manager} install`;
  return { command: where === '.' ? command : `(cd ${where} && ${command})`, missing };
}

/** The folder and those above it, up to the top of the repository. */
function foldersUp(folder: string): string[] {
  if (folder === '.') return ['.'];
  const parts = folder.split('/');
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), '.'];
}
