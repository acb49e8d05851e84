import { constantName } from '../../config/name.ts';

/** The name that the templates have, in each of its spellings. */
const NAME = /your-service|your_service|yourService|YourService|YOUR_SERVICE/g;

/** The text, or the path, with the name of the service in the place of that of the template, in the same spelling. */
export function withName(text: string, name: string): string {
  const words = name.split(/[-_]/);
  const pascal = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  const spellings: Readonly<Record<string, string>> = {
    'your-service': name,
    your_service: name.replaceAll('-', '_'),
    yourService: pascal.charAt(0).toLowerCase() + pascal.slice(1),
    YourService: pascal,
    YOUR_SERVICE: constantName(name),
  };
  return text.replaceAll(NAME, (found) => spellings[found] ?? found);
}

/** `- cache #? cache` */
const CONDITION = /^(\s*)(.*?)\s*#\? (!?)(\w+)$/;

/**
 * The lines of a YAML file that hold in this stack. A line that ends with `#? NAME` stands only where the condition holds,
 * `#? !NAME` only where it does not, and all that is indented below it with it.
 */
export function whereTrue(text: string, conditions: Readonly<Record<string, boolean>>): string {
  const kept: string[] = [];
  let leftOut: number | undefined;
  for (const line of text.split('\n')) {
    const indent = line.length - line.trimStart().length;
    if (leftOut !== undefined && (line.trim() === '' || indent > leftOut)) continue;
    leftOut = undefined;
    const [, , written, not, name = ''] = CONDITION.exec(line) ?? [];
    if (written === undefined) kept.push(line);
    else if ((conditions[name] === true) === (not === '')) kept.push(`${' '.repeat(indent)}${written}`);
    else leftOut = indent;
  }
  const whole = kept.join('\n');
  return text.endsWith('\n') && !whole.endsWith('\n') ? `${whole}\n` : whole;
}
