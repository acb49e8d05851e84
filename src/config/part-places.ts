import type { Stack } from '../model/stack.ts';
import type { StackDocument } from './document.ts';
import type { StackFile } from './schema.ts';

/** Finds where resources and services are written; see `Stack.locate`. */
export function partLocator(
  config: Pick<StackFile, 'infrastructure' | 'services'>,
  shown: string,
  document: Pick<StackDocument, 'keyAt'>,
): Stack['locate'] {
  return (part) => {
    const section = (['services', 'infrastructure'] as const).find((each) =>
      Object.hasOwn(config[each], part),
    );
    if (section === undefined) return undefined;
    const { included, line, column } = document.keyAt([section, part]);
    return { file: included?.file ?? shown, line, column };
  };
}
