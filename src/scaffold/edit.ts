import { isScalar, parseDocument, stringify } from 'yaml';
import { isRecord } from '../record.ts';

/** `qbtc.yaml` with another name and port base; every other character, comments included, stays as it is. */
export function editStackFile(text: string, { name, portBase }: { name: string; portBase: number }): string {
  // `null` and `true` are names too, and must stay text.
  const quoted = stringify(name).trim();
  return replaceScalar(
    replaceScalar(text, ['name'], quoted, `name: ${quoted}\n`),
    ['ports', 'base'],
    String(portBase),
    `ports:\n  base: ${portBase}\n`,
  );
}

/** Puts the value where the old one stands; without an old one, `addition` goes to the end. */
function replaceScalar(text: string, path: string[], value: string, addition: string): string {
  const document = parseDocument(text);
  const node = document.getIn(path, true);
  if (isScalar(node) && node.range) {
    return text.slice(0, node.range[0]) + value + text.slice(node.range[1]);
  }
  const [top] = path;
  if (path.length > 1 && document.has(top)) {
    document.setIn(path, Number(value));
    return document.toString({ lineWidth: 0 });
  }
  return `${text.replace(/\n*$/, '\n')}${addition}`;
}

/** `package.json` with another name, written as npm writes it. */
export function renamePackage(text: string, name: string): string {
  return `${JSON.stringify({ ...parseObject(text), name }, null, 2)}\n`;
}

/** `package-lock.json` names the package twice: at the top, and as the package at the root. */
export function renameLock(text: string, name: string): string {
  const lock = parseObject(text);
  const packages = lock.packages;
  if (isRecord(packages) && isRecord(packages[''])) packages[''] = { ...packages[''], name };
  return `${JSON.stringify({ ...lock, name }, null, 2)}\n`;
}

function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error('a package file must hold a JSON object');
  return value;
}
