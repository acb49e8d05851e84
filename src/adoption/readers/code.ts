import { type CodeFile, codeOf, lineOf } from '../code-files.ts';
import type { Fact, Reader } from '../fact.ts';
import { lineAt } from '../repository.ts';

const LANGUAGES = /\.(m?[jt]s|cjs|cts|py|go)$/;

/** `process.env.NAME || 'x'`, `os.getenv("NAME", "x")`, `os.environ.get('NAME', 'x')`: the name and its default. */
const VARIABLE =
  /(?:process\.env\.(\w+)|process\.env\[['"](\w+)['"]\]|os\.(?:getenv|environ\.get)\(\s*['"](\w+)['"]|os\.environ\[['"](\w+)['"]\]|os\.Getenv\("(\w+)"\)|(?:config|configService|this\.config\w*)\.get(?:OrThrow)?(?:<\w+>)?\(\s*['"](\w+)['"])\)?(?:\s*(?:\|\||\?\?|,)\s*(?:parseInt\()?(?:['"`]([^'"`\n]*)['"`]|(\d+)))?/g;
/** Variables that may tell where something else is, though no value stands in the code. */
const CONNECTS =
  /_?(HOST|HOSTNAME|SERVER|PORT|USER|USERNAME|PASS|PASSWORD|DATABASE|NAME|DB|VHOST|URL|URI|DSN)$/;
/** `const port = process.env.CART_PORT || 8080`, `app.listen(process.env.CART_PORT)`: nobody calls the port of another so. */
const LISTENED =
  /\bport\s*(:\s*[\w |]+)?=\s*(Number\(|\+|parseInt\(|int\()?|\.listen\(|\b(app|uvicorn|web)\.run\(/i;
const LISTENS = [
  /\.listen\(\s*(\d{2,5})\b/g,
  /\b(?:app|uvicorn|web|socketio)\.run\((?:[^()]*,\s*)?port\s*=\s*(\d{2,5})/g,
  /\bport\s*:\s*(\d{2,5})\s*[,}]/g,
  /ListenAndServe\(\s*"[^":]*:(\d{2,5})"/g,
  /\b(?:const|let|var)\s+(?:port|PORT)\s*(?::\s*number\s*)?=\s*(\d{2,5})\b/g,
  /^PORT\s*=\s*(\d{2,5})\b/gm,
];
const ADDRESS = /\b(amqps?|mongodb(?:\+srv)?|postgres(?:ql)?|rediss?|mysql|nats|kafka):\/\/[^\s'"`<>]+/g;
/** Another part by a name or an address that stands in the code; which names are parts is told in `draft/`. */
const NEIGHBOUR =
  /\bhost(?:name)?['"]?\s*[:=]\s*['"`]([A-Za-z][\w.-]*)['"`]|['"`](https?:\/\/[\w.-]+(?::\d+)?)(?=[/'"`])/g;
/** Of the application itself: what a router is mounted below is not seen here. */
const HEALTH =
  /(?:\b(?:app|server|fastify|application)\.(?:get|use|all)\(\s*|@app\.(?:get|route)\(\s*|HandleFunc\(\s*)['"`]((?:\/[\w-]+){0,3}\/(?:health|healthz|healthcheck|health-check|ready|readyz|live|livez|status|ping))\/?['"`]/gi;
const METRICS = /['"`]\/metrics['"`]/;

/** Code: where it listens, what it reads from its environment, which addresses stand in it, what tells its health. */
export const code: Reader = {
  name: 'code',
  async read(repository) {
    const files = await codeOf(repository, LANGUAGES);
    return files.flatMap(factsOf);
  },
};

function factsOf({ file, folder, text }: CodeFile): Fact[] {
  const facts: Fact[] = [];
  const at = (index: number) => ({ file, line: lineAt(text, index) });
  for (const found of text.matchAll(VARIABLE)) {
    const name = found.slice(1, 7).find((each) => each !== undefined) ?? '';
    const fallback = found[7] ?? found[8];
    const isListened = /(_|^)PORT$/.test(name) && LISTENED.test(lineOf(text, found.index));
    if (name === 'PORT' || isListened)
      facts.push({ kind: 'reads-port', folder, at: at(found.index), variable: name });
    if (fallback === undefined && CONNECTS.test(name))
      facts.push({
        kind: 'variable',
        folder,
        name,
        value: { value: '', at: at(found.index), guess: true },
        rank: 5,
      });
    if (fallback !== undefined)
      facts.push({
        kind: 'variable',
        folder,
        name,
        value: { value: fallback, at: at(found.index) },
        rank: 4,
      });
  }
  for (const pattern of LISTENS)
    for (const found of text.matchAll(pattern)) {
      const port = Number(found[1]);
      const line = lineOf(text, found.index);
      if (port < 80 || port > 65_535 || /process\.env|environ|getenv|\/\/.*listen/i.test(line)) continue;
      facts.push({
        kind: 'port',
        folder,
        port: { value: port, at: at(found.index) },
        rank: pattern === LISTENS[2] ? 5 : 1,
        fixed: pattern !== LISTENS[2],
      });
    }
  for (const found of text.matchAll(ADDRESS)) {
    const line = lineOf(text, found.index);
    if (/process\.env|environ|getenv|^\s*(\/\/|#|\*)|\$\{|config\.get/i.test(line)) continue;
    facts.push({ kind: 'address', folder, at: at(found.index), url: found[0] });
  }
  for (const found of text.matchAll(NEIGHBOUR)) {
    if (/process\.env|environ|getenv|^\s*(\/\/|#|\*)|config\.get/i.test(lineOf(text, found.index))) continue;
    facts.push({ kind: 'address', folder, at: at(found.index), url: found[1] ?? found[2] ?? '' });
  }
  for (const found of text.matchAll(HEALTH)) {
    const health = { value: { path: found[1] ?? '/health' }, at: at(found.index), guess: true } as const;
    facts.push({ kind: 'health', folder, health, rank: /health/i.test(found[1] ?? '') ? 3 : 4 });
  }
  const metrics = METRICS.exec(text);
  if (metrics !== null) facts.push({ kind: 'metrics', folder, at: at(metrics.index) });
  return facts;
}
