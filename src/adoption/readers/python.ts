import { join } from 'node:path';
import type { Fact, Reader, Repository } from '../fact.ts';
import { environmentIn, installedPackages, requiredPackages } from '../python-packages.ts';
import { baseName, folderOf, lineAt } from '../repository.ts';

const MANIFESTS = /^(requirements([-.\w]*)?\.txt|pyproject\.toml|Pipfile|setup\.py)$/;
const USES: readonly (readonly [RegExp, string])[] = [
  [/^\W*(pika|aio-pika|kombu|celery)\b/im, 'rabbitmq'],
  [/^\W*(redis|aioredis|rq|celery\[redis\])\b/im, 'redis'],
  [/^\W*(psycopg2?(-binary)?|asyncpg)\b/im, 'postgres'],
  [/^\W*(pymongo|motor|flask-pymongo|mongoengine)\b/im, 'mongodb'],
  [/^\W*(flask|fastapi|django|starlette)\b/im, 'http'],
  [/^\W*(pymysql|mysqlclient|mysql-connector-python)\b/im, 'mysql'],
];
/** Where an application is made, by framework. */
const APPLICATIONS: readonly (readonly [RegExp, 'wsgi' | 'asgi'])[] = [
  [/^(\w+)\s*(?::\s*\w+\s*)?=\s*(?:flask\.)?Flask\(/m, 'wsgi'],
  [/^(\w+)\s*(?::\s*\w+\s*)?=\s*(?:fastapi\.)?FastAPI\(/m, 'asgi'],
  [/^(\w+)\s*(?::\s*\w+\s*)?=\s*Starlette\(/m, 'asgi'],
];
const MAIN = /^if __name__ == ['"]__main__['"]/m;
const ENTRIES = ['app.py', 'main.py', 'server.py', 'wsgi.py', 'run.py', 'worker.py', 'consumer.py'];
const SUFFIX = /\.py$/;

/** Python: what is installed, and the application of Flask, FastAPI or a program of its own. */
export const python: Reader = {
  name: 'pyproject.toml and requirements.txt',
  async read(repository) {
    const manifests = repository.files.filter((file) => MANIFESTS.test(baseName(file)));
    const folders = new Map<string, string>();
    for (const file of manifests) if (!folders.has(folderOf(file))) folders.set(folderOf(file), file);
    const installed = folders.size === 0 ? new Set<string>() : await installedPackages();
    const facts = await Promise.all(
      [...folders].map(async ([folder, manifest]) => factsOf(repository, folder, manifest, installed)),
    );
    return facts.flat();
  },
};

async function factsOf(
  repository: Repository,
  folder: string,
  manifest: string,
  installed: ReadonlySet<string>,
): Promise<Fact[]> {
  const text = (await repository.text(manifest)) ?? '';
  const facts: Fact[] = [];
  for (const [pattern, what] of USES) {
    const found = pattern.exec(text);
    if (found !== null)
      facts.push({ kind: 'uses', folder, at: { file: manifest, line: lineAt(text, found.index + 1) }, what });
  }
  const program = await programIn(repository, folder, text);
  if (program === undefined) return facts;
  const isList = baseName(manifest).startsWith('requirements');
  const command = isList
    ? `pip install -r ${manifest}`
    : `pip install ${folder === '.' ? '.' : `./${folder}`}`;
  const environment = await environmentIn(join(repository.root, folder));
  if (environment !== undefined)
    facts.push({ kind: 'programs', folder, at: { file: manifest, line: 1 }, ...environment });
  // What an environment holds is its own affair; without a list by name nobody can tell but pip.
  const missing =
    isList && environment === undefined && requiredPackages(text).some((name) => !installed.has(name));
  facts.push({
    kind: 'program',
    folder,
    name: baseName(folder),
    serves: true,
    rank: 4,
    group: 'python',
    install: { command, missing },
    ...program,
  });
  return facts;
}

/** The application, or else a program: in files at the top of the folder, or in its `app` or `src`. */
async function programIn(repository: Repository, folder: string, manifest: string) {
  const prefix = folder === '.' ? '' : `${folder}/`;
  const files = repository.files
    .filter((file) => file.startsWith(prefix) && SUFFIX.test(file))
    .map((file) => file.slice(prefix.length))
    .filter((file) => file.split('/').length <= 2 && !/(^|\/)(tests?|test_[^/]*|conftest\.py)/.test(file))
    .sort((a, b) => order(a) - order(b));
  const texts = await Promise.all(
    files.slice(0, 60).map(async (file) => ({ file, text: (await repository.text(prefix + file)) ?? '' })),
  );
  for (const { file, text } of texts) {
    for (const [pattern, form] of APPLICATIONS) {
      const found = pattern.exec(text);
      if (found === null) continue;
      const [, variable = 'app'] = found;
      const at = { file: prefix + file, line: lineAt(text, found.index) };
      const target = `${file.replace(SUFFIX, '').replaceAll('/', '.')}:${variable}`;
      return { at, command: { value: commandFor(form, target, manifest), at, guess: true as const } };
    }
  }
  for (const { file, text } of texts) {
    const found = MAIN.exec(text);
    if (found === null && !(ENTRIES.includes(file) && !file.includes('/'))) continue;
    const at = { file: prefix + file, line: found === null ? 1 : lineAt(text, found.index) };
    return { at, command: { value: ['python3', file], at, guess: true as const } };
  }
  return undefined;
}

function commandFor(form: 'wsgi' | 'asgi', target: string, manifest: string): string[] {
  if (form === 'asgi') return ['uvicorn', target, '--host', '127.0.0.1', '--port', '${port}'];
  if (/gunicorn/i.test(manifest)) return ['gunicorn', '--bind', '127.0.0.1:${port}', target];
  return ['flask', '--app', target, 'run', '--port', '${port}'];
}

function order(file: string): number {
  const known = ENTRIES.indexOf(baseName(file));
  return file.split('/').length * 100 + (known < 0 ? 50 : known);
}
