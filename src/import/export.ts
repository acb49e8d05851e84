import { desiredGateway } from '../gateway/index.ts';
import type { ExportFormat, ImportedObject } from '../model/import.ts';
import type { Stack } from '../model/stack.ts';
import { isRecord } from '../record.ts';
import { mapText } from './escape.ts';
import { FORMATS } from './formats/index.ts';
import { declaredObjects } from './routes.ts';
import { variableOfSecret } from './secret-variables.ts';

export interface Exported {
  text: string;
  /** What the format has no place for. */
  losses: string[];
  /** Variables that stand for secrets in it: who reads the file must set them. */
  variables: string[];
  objects: number;
}

/**
 * What the stack declares for its gateway, or other objects, in the form of another tool. No secret is in it: a variable
 * stands for each.
 *
 * @throws QbtcError `GATEWAY_DECLARATION`
 */
export async function exportRoutes(
  stack: Stack,
  name: ExportFormat,
  objects: readonly ImportedObject[] = declaredObjects(desiredGateway(stack)),
): Promise<Exported> {
  const { format } = await FORMATS[name]();
  const { write, reference, plain } = format.writer;
  const variables = new Set<string>();
  const secrets = Object.entries(stack.secrets).sort(([, a], [, b]) => b.length - a.length);
  const written = objects.map((item) => ({
    ...item,
    object: mapText(item.object, (text) => {
      let left = plain(text);
      for (const [secret, value] of secrets) {
        const isIn = text === value ? value !== '' : value.length >= SHORTEST && left.includes(value);
        if (!isIn) continue;
        const variable = variableOfSecret(secret);
        variables.add(variable);
        left = text === value ? reference(variable) : left.replaceAll(value, () => reference(variable));
      }
      return left;
    }),
  }));
  const { text, losses } = write(written);
  return {
    text,
    losses,
    variables: [...variables].sort(),
    objects: objects.filter(({ object }) => isRecord(object)).length,
  };
}

/** A shorter value stands inside of a text by chance; one that is the whole text does not. */
const SHORTEST = 8;
