import { healthOf, whole } from '../compose/values.ts';
import type { Fact, Reader, Repository } from '../fact.ts';
import { baseName, folderOf, inFolder } from '../repository.ts';
import { commandOf, unwrapped } from '../words.ts';

/** `Dockerfile`, `Dockerfile.dev`, `Dockerfile-api`, `api.Dockerfile`. */
const DOCKERFILE = /^Dockerfile([.-][\w.-]+)?$|\.Dockerfile$/;

interface Instruction {
  name: string;
  rest: string;
  line: number;
}

/** Dockerfiles: of the last stage EXPOSE, CMD, ENTRYPOINT, HEALTHCHECK and ENV. */
export const dockerfile: Reader = {
  name: 'Dockerfiles',
  async read(repository) {
    const files = repository.files.filter((file) => DOCKERFILE.test(baseName(file)));
    const facts = await Promise.all(
      files.map(async (file) =>
        factsOf(repository, file, instructionsOf((await repository.text(file)) ?? '')),
      ),
    );
    return facts.flat();
  },
};

/** With lines that go on joined, and without comments. */
function instructionsOf(text: string): Instruction[] {
  const found: Instruction[] = [];
  let open: Instruction | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (/^\s*#/.test(raw)) continue;
    const goesOn = /\\\s*$/.test(raw);
    const line = raw.replace(/\\\s*$/, ' ');
    if (open !== undefined) open.rest += line;
    else {
      const [, name = '', rest = ''] = /^\s*([A-Za-z]+)\s+(.*)$/.exec(line) ?? [];
      if (name === '') continue;
      open = { name: name.toUpperCase(), rest, line: index + 1 };
    }
    if (!goesOn) {
      found.push({ ...open, rest: open.rest.trim() });
      open = undefined;
    }
  }
  if (open !== undefined) found.push({ ...open, rest: open.rest.trim() });
  return found;
}

function factsOf(repository: Repository, file: string, all: readonly Instruction[]): Fact[] {
  const start = all.findLastIndex(({ name }) => name === 'FROM');
  const from = all[start];
  if (from === undefined) return [];
  const stage = all.slice(start);
  const folder = folderOf(file);
  const last = (name: string) => stage.findLast((each) => each.name === name);
  const image = from.rest.replace(/^--\S+\s+/, '').split(/\s/)[0] ?? '';
  const facts: Fact[] = [{ kind: 'base', folder, at: { file, line: from.line }, image }];
  const workdir = last('WORKDIR')?.rest.replace(/\/$/, '') ?? '';
  const entrypoint = last('ENTRYPOINT');
  const cmd = last('CMD');
  const written = [...wordsOfForm(entrypoint?.rest), ...wordsOfForm(cmd?.rest)];
  // A path in the image is one of the folder, where the image has the folder as its own.
  const words = unwrapped(written).map((word) =>
    workdir !== '' && word.startsWith(`${workdir}/`) ? word.slice(workdir.length + 1) : word,
  );
  const place = { file, line: (cmd ?? entrypoint ?? from).line };
  if (words.length > 0)
    facts.push({
      kind: 'program',
      folder,
      name: baseName(folder),
      at: place,
      command: { value: words, at: place },
      serves: true,
      rank: runsHere(repository, folder, words) ? 1 : 5,
      group: `dockerfile:${file}`,
    });
  for (const { name, rest, line } of stage) {
    const at = { file, line };
    if (name === 'EXPOSE')
      for (const each of rest.split(/\s+/)) {
        const port = whole(each.replace(/\/tcp$/, ''));
        if (port !== undefined)
          facts.push({ kind: 'port', folder, port: { value: port, at }, rank: 3, fixed: false });
      }
    if (name === 'HEALTHCHECK' && !/^NONE\b/.test(rest)) {
      const health = healthOf(rest.slice(rest.indexOf('CMD')));
      if (health !== undefined && 'path' in health)
        facts.push({ kind: 'health', folder, health: { value: health, at }, rank: 2 });
    }
    if (name === 'ENV')
      for (const [, variable = '', value = ''] of rest.matchAll(/(\w+)=("[^"]*"|\S*)/g))
        if (/PORT$/.test(variable) && whole(value) !== undefined)
          facts.push({ kind: 'variable', folder, name: variable, value: { value, at }, rank: 3 });
  }
  return facts;
}

/** Programs that run what stands in the folder, without a build before. */
const INTERPRETERS =
  /^(npm|yarn|pnpm|npx|node|nodemon|python3?|gunicorn|uvicorn|flask|celery|ruby|bundle|php|deno|bun)$/;

function runsHere(
  repository: Repository,
  folder: string,
  [program = '', ...args]: readonly string[],
): boolean {
  if (!INTERPRETERS.test(program)) return false;
  if (!/^(node|python3?|nodemon)$/.test(program)) return true;
  const script = args.find((arg) => !arg.startsWith('-'));
  const path = script === undefined ? undefined : inFolder(folder, script);
  if (args[0] === '-m') return true;
  return path !== undefined && ['', '.js', '/index.js'].some((end) => repository.has(path + end));
}

/** The form of a list, or that of a shell. */
function wordsOfForm(text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  if (text.startsWith('[')) {
    try {
      const words: unknown = JSON.parse(text);
      if (Array.isArray(words)) return words.map(String);
    } catch {
      // The form of a shell, which Docker takes it for, too.
    }
  }
  return commandOf(text);
}
