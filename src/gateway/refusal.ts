import type { GatewayDeclaration, GatewayKind, SourcePlace } from '../model/gateway.ts';

/** `failed to check the configuration of plugin limit-count err: property "count" validation failed: …` */
const PLUGIN = /plugin ([\w-]+) err|unknown plugin \[([^\]]+)\]|plugin \[?([\w-]+)\]?/;
const PROPERTY = /property "([^"]+)"|additional properties forbidden, found (\S+)/g;

/**
 * Where the gateway's refusal of an object points in our files: the field that its words name, or the nearest thing
 * around it. `undefined` for what no file declares.
 */
export function placeOfRefusal(
  gateway: Pick<GatewayDeclaration, 'locate'>,
  kind: GatewayKind,
  id: string,
  words: string,
): SourcePlace | undefined {
  const path: string[] = [];
  const plugin = PLUGIN.exec(words);
  const name = plugin?.[1] ?? plugin?.[2] ?? plugin?.[3];
  if (name !== undefined) path.push('plugins', name);
  for (const [, property, forbidden] of words.matchAll(PROPERTY)) {
    path.push(...String(property ?? forbidden).split('.'));
  }
  return gateway.locate(kind, id, path);
}

/** `qbtc.yaml:12:5`, as editors and terminals link it. */
export function placeText({ file, line, column }: SourcePlace): string {
  return `${file}:${line}:${column}`;
}
