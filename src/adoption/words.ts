/**
 * The words of a command line as a POSIX shell reads them (XCU 2.2), without filling anything in. `undefined` where a
 * shell does more with it than run one program: pipes, lists, redirections, substitutions, assignments. So it is where a
 * word is empty, which `command` of qbtc.yaml does not take.
 */
export function wordsOf(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (char === "'" || char === '"') {
      const end = closing(line, at);
      if (end === undefined) return undefined;
      const inside = line.slice(at + 1, end);
      if (char === '"' && /[`]|\$\(/.test(inside)) return undefined;
      word = (word ?? '') + (char === '"' ? inside.replaceAll(/\\(["\\$`])/g, '$1') : inside);
      at = end;
    } else if (char === '\\') {
      at += 1;
      // A line that goes on.
      if (line[at] !== '\n') word = (word ?? '') + (line[at] ?? '');
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (/[|&;<>()`]/.test(char) || (char === '$' && line[at + 1] === '(')) {
      return undefined;
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return words.length === 0 || words.includes('') || /^[A-Za-z_]\w*=/.test(words[0] ?? '')
    ? undefined
    : words;
}

function closing(line: string, open: number): number | undefined {
  const quote = line[open];
  for (let at = open + 1; at < line.length; at += 1) {
    if (line[at] === '\\' && quote === '"') at += 1;
    else if (line[at] === quote) return at;
  }
  return undefined;
}

/** A command line as a program and its arguments: through a shell where it needs one. */
export function commandOf(line: string): string[] {
  const trimmed = line.trim();
  const words = wordsOf(trimmed);
  const needsShell = words === undefined || words.some((word) => /[*?~]|\$(?!\{?PORT\b)/.test(word));
  return needsShell ? ['sh', '-c', trimmed] : unwrapped(words);
}

/** Programs that are run behind others. */
const PROGRAM =
  /^(npm|yarn|pnpm|npx|node|nodemon|python3?|gunicorn|uvicorn|flask|celery|java|go|dotnet|ruby|php)$/;

/** Without the shell around a plain command, and without what only waits for others: qbtc does. */
export function unwrapped(words: readonly string[]): string[] {
  const [program = '', flag = '', line, ...rest] = words;
  if (
    /^(\/bin\/)?(ba|a)?sh$/.test(program) &&
    /^-[a-z]*c$/.test(flag) &&
    line !== undefined &&
    rest.length === 0
  ) {
    const inside = wordsOf(line);
    if (inside === undefined || inside.some((word) => /[*?~]|\$(?!\{?PORT\b)/.test(word))) return [...words];
    return unwrapped(inside[0] === 'exec' ? inside.slice(1) : inside);
  }
  const waits = /(^|\/)(wait-for(-it)?(\.sh)?|wait|dockerize|dumb-init|tini)$/.test(program);
  const separator = words.indexOf('--');
  if (waits && separator > 0 && separator < words.length - 1) return unwrapped(words.slice(separator + 1));
  if (/(^|\/)(dumb-init|tini)$/.test(program) && words.length > 1) return unwrapped(words.slice(1));
  // `./wait-for-rabbitmq.sh rabbitmq python consumer.py`: a script of one's own that ends in `exec "$@"`.
  const behind = words.findIndex((word, index) => index > 0 && PROGRAM.test(word));
  if (/(^|\/)wait[-_]for[-\w]*(\.sh)?$/.test(program) && behind > 0) return unwrapped(words.slice(behind));
  return withoutWatcher(words);
}

/** What images bring along to look for saved files, `qbtc dev` does itself; nor does anybody debug unasked. */
function withoutWatcher(words: readonly string[]): string[] {
  const [program = '', ...args] = words;
  const runs = args.filter((arg) => !/^--inspect(-brk)?(=|$)/.test(arg));
  const isPlain = runs.some((arg) => /\.[cm]?js$/.test(arg)) && !runs.some((arg) => /^(-|--)\w/.test(arg));
  return program === 'nodemon' && isPlain ? ['node', ...runs] : [...words];
}
