/**
 * Whether a binding key of a topic exchange takes a routing key: `*` is one word, `#` any number of them
 * (AMQP 0-9-1, "The topic exchange type").
 */
export function matchesKey(bindingKey: string, routingKey: string): boolean {
  return meet(bindingKey.split('.'), routingKey.split('.'), { otherIsPattern: false });
}

/** Whether there is a routing key that both take: either may be a routing key, or a binding key with `*` and `#`. */
export function keysMeet(one: string, other: string): boolean {
  return meet(one.split('.'), other.split('.'), { otherIsPattern: true });
}

/** Looks at each pair of rests once, from the ends on: of ways that `#` could go there are more than can be tried. */
function meet(
  one: readonly string[],
  other: readonly string[],
  { otherIsPattern }: { otherIsPattern: boolean },
): boolean {
  const takes = (word: string, otherWord: string) =>
    word === '*' || word === otherWord || (otherIsPattern && otherWord === '*');
  let below: boolean[] = [];
  for (let place = one.length; place >= 0; place -= 1) {
    const row: boolean[] = [];
    for (let otherPlace = other.length; otherPlace >= 0; otherPlace -= 1) {
      const [word, otherWord] = [one[place], other[otherPlace]];
      if (word === undefined && otherWord === undefined) row[otherPlace] = true;
      else if (word === '#') row[otherPlace] = below[otherPlace] === true || row[otherPlace + 1] === true;
      else if (otherIsPattern && otherWord === '#')
        row[otherPlace] = row[otherPlace + 1] === true || below[otherPlace] === true;
      else if (word === undefined || otherWord === undefined) row[otherPlace] = false;
      else row[otherPlace] = takes(word, otherWord) && below[otherPlace + 1] === true;
    }
    below = row;
  }
  return below[0] === true;
}
