import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** From high to low. A part imports from lower levels only, and never from another part of its own level. */
const LEVELS: readonly (readonly string[])[] = [
  ['commands'],
  ['operations'],
  ['chaos', 'mcp'],
  ['heal'],
  ['lifecycle'],
  ['score', 'report', 'adoption'],
  ['observe', 'flow'],
  ['doctor', 'logs'],
  ['placement'],
  ['services'],
  ['resources'],
  ['runtimes'],
  ['import'],
  ['gateway', 'discovery', 'topology', 'events', 'trace', 'metrics', 'scaffold'],
  ['broker', 'docker', 'health'],
  ['reconcile'],
  ['config'],
  ['facts'],
  ['state'],
  ['matching'],
  ['context'],
  [
    'errors',
    'model',
    'text-file',
    'printable',
    'amqp',
    'json',
    'alive',
    'record',
    'field-path',
    'memory-size',
    'literal-pattern',
  ],
];
/** What runs the stack and what is configured in it stand side by side: neither knows the other. */
const APART: readonly (readonly string[])[] = [
  ['doctor', 'logs', 'placement', 'services', 'resources', 'runtimes'],
  ['gateway', 'discovery', 'topology', 'events', 'trace', 'metrics', 'scaffold'],
];
/** `report` may know these alone, and `embedded` these and nothing of the command-line program. */
const NARROWED: Record<string, readonly string[]> = {
  report: ['model', 'errors', 'printable', 'json', 'record'],
  embedded: ['matching', 'model', 'errors', 'text-file', 'alive', 'record', 'memory-size'],
  system: ['context', 'model', 'errors', 'text-file', 'printable', 'amqp', 'json', 'alive'],
};
/** `model` and `errors` stand at the bottom and know one another's types only; the same goes for `context`. */
const LOWEST = new Set([
  'model',
  'errors',
  'text-file',
  'context',
  'amqp',
  'json',
  'record',
  'field-path',
  'memory-size',
]);
/** Only these programs put the real system together with the rest. */
const COMPOSITION_ROOTS = new Set(['commands/main.ts', 'src/runtimes/processes/main.ts']);
/** Clients of the world: `system` alone imports them, and the embedded programs, which are servers themselves. */
const SYSTEM_ONLY = ['execa', 'dockerode', 'ora', 'inquirer', 'undici', 'amqplib', 'pg', 'ioredis'];

/** Folders of files of one shape. */
const MEMBERS = [
  'checks',
  'documents',
  'drivers',
  'faults',
  'forms',
  'formats',
  'gauges',
  'handlers',
  'mergers',
  'parsers',
  'plugins',
  'probes',
  'providers',
  'readiness',
  'readers',
  'remedies',
  'rules',
  'sections',
  'sources',
  'steps',
];
const MEMBER = new RegExp(`^(.*/(?:${MEMBERS.join('|')}))/([^/]+)`);

interface Import {
  file: string;
  line: number;
  target: string;
  typeOnly: boolean;
}

function sources(folder: string, extension = '.ts'): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => join(folder, name).split(sep).join('/'));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const pattern =
    /(?:^|[\s;}])(?:import|export)(\s+type)?\s*(?:[\w*{][^'"]*?from\s*)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    line: text.slice(0, match.index).split('\n').length,
    target: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined,
  }));
}

/** `src/resources/ready.ts` is of the part `resources`; `src/errors.ts` is a part of its own. */
function partOf(file: string): string {
  // What the kinds of resources are stands beside what is done with them, and below the configuration.
  if (/^src\/resources\/(\w+\/)?facts\.ts$/.test(file)) return 'facts';
  const [first = '', second = ''] = file.split('/');
  return first === 'src' ? second.replace(/\.ts$/, '') : first;
}

const levelOf = (part: string) => LEVELS.findIndex((parts) => parts.includes(part));

function problemOf({ file, target, typeOnly }: Import): string | undefined {
  const from = partOf(file);
  if (!target.startsWith('.')) {
    const name = target
      .split('/')
      .slice(0, target.startsWith('@') ? 2 : 1)
      .join('/');
    const allowed = from === 'system' || from === 'embedded' || typeOnly || !SYSTEM_ONLY.includes(name);
    return allowed ? undefined : `${name} is imported in src/system alone`;
  }
  const path = relative(root, resolve(root, dirname(file), target))
    .split(sep)
    .join('/');
  const to = partOf(path);
  if (from === to || path.endsWith('.json')) return undefined;
  if (to === 'system')
    return COMPOSITION_ROOTS.has(file) ? undefined : 'only a composition root reaches src/system';
  if (to === 'embedded') return 'embedded programs are started, not imported';
  if (COMPOSITION_ROOTS.has(file) && from !== 'commands')
    return levelOf(to) > levelOf(from) ? undefined : 'upwards';
  const narrowed = NARROWED[from];
  if (narrowed !== undefined)
    return narrowed.includes(to) ? undefined : `${from} may know ${narrowed.join(' and ')} only`;
  if (LOWEST.has(from) && LOWEST.has(to)) return undefined;
  if (levelOf(from) < 0) return `${from} stands on no level`;
  if (levelOf(to) < 0) return `${to} stands on no level`;
  if (levelOf(to) === levelOf(from)) return `${from} and ${to} stand on the same level`;
  const side = (part: string) => APART.findIndex((parts) => parts.includes(part));
  if (side(from) >= 0 && side(to) >= 0 && side(from) !== side(to))
    return `${from} and ${to} stand side by side`;
  return levelOf(to) > levelOf(from) ? undefined : `${to} stands above ${from}`;
}

describe('the direction of imports', () => {
  const imports = [...sources('src'), ...sources('commands')].flatMap(importsOf);

  test('is downwards everywhere', () => {
    expect(imports.length).toBeGreaterThan(100);
    const problems = imports.flatMap((found) => {
      const problem = problemOf(found);
      return problem === undefined ? [] : [`${found.file}:${found.line} imports ${found.target}: ${problem}`];
    });
    expect(problems).toEqual([]);
  });

  test('is judged as the design says', () => {
    const judge = (file: string, target: string) => problemOf({ file, target, line: 1, typeOnly: false });
    expect(judge('src/logs/stack-logs.ts', '../doctor/index.ts')).toMatch(/same level/);
    expect(judge('src/placement/choose.ts', '../gateway/index.ts')).toMatch(/side by side/);
    expect(judge('src/placement/choose.ts', '../lifecycle/up.ts')).toMatch(/above/);
    expect(judge('src/resources/probe.ts', '../services/index.ts')).toMatch(/above/);
    expect(judge('src/lifecycle/up.ts', '../placement/index.ts')).toBeUndefined();
    expect(judge('src/heal/heal.ts', '../operations/index.ts')).toMatch(/above/);
    expect(judge('src/operations/index.ts', '../../commands/operate.ts')).toMatch(/above/);
    expect(judge('src/report/index.ts', '../placement/index.ts')).toMatch(/only/);
    expect(judge('src/flow/index.ts', '../embedded/broker/broker.ts')).toMatch(/started/);
    expect(judge('src/flow/index.ts', '../system/index.ts')).toMatch(/composition root/);
    expect(judge('src/flow/index.ts', 'undici')).toMatch(/src\/system alone/);
  });

  test('leaves the folder of the state to src/state: nobody else joins a path with its name', () => {
    const joined = [...sources('src'), ...sources('commands')].filter(
      (file) =>
        partOf(file) !== 'state' &&
        /join\([^;]*?(['"]\.qbtc['"]|STATE_FOLDER)/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(joined).toEqual([]);
  });

  /** Where a relative import leads, from the root. */
  const pathOf = ({ file, target }: Import) =>
    relative(root, resolve(root, dirname(file), target))
      .split(sep)
      .join('/');

  test('leaves the members of a folder to the index of their own part', () => {
    const problems = imports.filter((found) => {
      if (!found.target.startsWith('.')) return false;
      const path = pathOf(found);
      return MEMBERS.some((folder) => path.includes(`/${folder}/`)) && partOf(found.file) !== partOf(path);
    });
    expect(problems).toEqual([]);
  });

  test('does not load how providers are chosen where only what runs is read or ended', () => {
    const loads = (file: string, seen = new Set<string>()): Set<string> => {
      if (seen.has(file)) return seen;
      seen.add(file);
      for (const found of imports)
        if (found.file === file && !found.typeOnly && found.target.startsWith('.'))
          loads(pathOf(found), seen);
      return seen;
    };
    for (const file of ['src/logs/index.ts', 'src/lifecycle/stop.ts', 'src/observe/telemetry.ts']) {
      const loaded = loads(file);
      expect(loaded).toContain('src/runtimes/containers/index.ts');
      expect(loaded).not.toContain('src/placement/choose.ts');
    }
  });

  test('keeps the members of a folder apart: what two of them need stands beside it', () => {
    const memberOf = (path: string) => {
      const [, folder, member] = MEMBER.exec(path) ?? [];
      return folder === undefined ? undefined : { folder, member: member?.replace(/\.ts$/, '') };
    };
    const problems = imports.flatMap((found) => {
      if (!found.target.startsWith('.')) return [];
      const [from, to] = [memberOf(found.file), memberOf(pathOf(found))];
      const apart = from !== undefined && from.folder === to?.folder && from.member !== to.member;
      return apart && from.member !== 'index' && to.member !== 'index'
        ? [`${found.file}:${found.line} imports ${found.target}`]
        : [];
    });
    expect(problems).toEqual([]);
  });
});

describe('the size of files', () => {
  const MOST_LINES = 350;

  test(`is at most ${MOST_LINES} lines: what grows beyond has something in it that deserves a name`, () => {
    const long = [...sources('src'), ...sources('commands'), ...sources('bin', '.js')].flatMap((file) => {
      const lines = readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length;
      return lines > MOST_LINES ? [`${file}: ${lines} lines`] : [];
    });
    expect(long).toEqual([]);
  });
});
