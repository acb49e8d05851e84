/**
 * Whether a binding key of a topic exchange takes a routing key: `*` is one word, `#` any number of them
 * (AMQP 0-9-1, "The topic exchange type").
 */
export function matchesKey(bindingKey: string, routingKey: string): boolean {
  return matches(bindingKey.split('.'), routingKey.split('.'));
}

/** Whether there is a routing key that both take: either may be a routing key, or a binding key with `*` and `#`. */
export function keysMeet(one: string, other: string): boolean {
  return meet(one.split('.'), other.split('.'));
}

function meet(one: readonly string[], other: readonly string[]): boolean {
  const [first, ...rest] = one;
  const [otherFirst, ...otherRest] = other;
  if (first === undefined) return other.every((word) => word === '#');
  if (otherFirst === undefined) return one.every((word) => word === '#');
  if (first === '#') return meet(rest, other) || meet(one, otherRest);
  if (otherFirst === '#') return meet(other, one);
  return (first === '*' || otherFirst === '*' || first === otherFirst) && meet(rest, otherRest);
}

function matches(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') return matches(rest, words) || (words.length > 0 && matches(pattern, words.slice(1)));
  return words.length > 0 && (first === '*' || first === words[0]) && matches(rest, words.slice(1));
}
