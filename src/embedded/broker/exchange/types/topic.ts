import type { Binding } from '../binding.ts';
import type { BindingIndex, ExchangeType } from '../type.ts';

/** Routing keys whose matches are remembered; a publisher uses few of them, many times. */
const REMEMBERED_KEYS = 1000;

interface Node {
  children: Map<string, Node>;
  bindings: Binding[];
}

/** The empty key has no word; every other has one more than it has dots. */
const wordsOf = (key: string): string[] => (key === '' ? [] : key.split('.'));

const emptyNode = (): Node => ({ children: new Map(), bindings: [] });

/** A trie over the words of the patterns: `*` stands for one word, `#` for any number of them. */
export class TopicTrie implements BindingIndex {
  private readonly root = emptyNode();
  private readonly remembered = new Map<string, Binding[]>();

  add(binding: Binding): void {
    this.remembered.clear();
    let node = this.root;
    for (const word of wordsOf(binding.routingKey)) {
      let child = node.children.get(word);
      if (child === undefined) {
        child = emptyNode();
        node.children.set(word, child);
      }
      node = child;
    }
    node.bindings.push(binding);
  }

  remove(binding: Binding): void {
    this.remembered.clear();
    const path: { parent: Node; word: string; node: Node }[] = [];
    let node = this.root;
    for (const word of wordsOf(binding.routingKey)) {
      const child = node.children.get(word);
      if (child === undefined) return;
      path.push({ parent: node, word, node: child });
      node = child;
    }
    node.bindings = node.bindings.filter((other) => other !== binding);
    for (const step of path.reverse()) {
      if (step.node.bindings.length > 0 || step.node.children.size > 0) return;
      step.parent.children.delete(step.word);
    }
  }

  match(routingKey: string): readonly Binding[] {
    const known = this.remembered.get(routingKey);
    if (known !== undefined) return known;
    const found = new Set<Binding>();
    // A pattern of several `#` reaches the same place on many ways; each place is looked at once.
    collect(this.root, wordsOf(routingKey), 0, found, new Map());
    const bindings = [...found];
    if (this.remembered.size >= REMEMBERED_KEYS) this.remembered.clear();
    this.remembered.set(routingKey, bindings);
    return bindings;
  }
}

function collect(
  node: Node,
  words: string[],
  position: number,
  found: Set<Binding>,
  seen: Map<Node, Set<number>>,
): void {
  let positions = seen.get(node);
  if (positions === undefined) {
    positions = new Set();
    seen.set(node, positions);
  }
  if (positions.has(position)) return;
  positions.add(position);

  const any = node.children.get('#');
  if (any !== undefined)
    for (let next = position; next <= words.length; next += 1) collect(any, words, next, found, seen);
  const word = words[position];
  if (word === undefined) {
    for (const binding of node.bindings) found.add(binding);
    return;
  }
  for (const step of [word, '*']) {
    const child = node.children.get(step);
    if (child !== undefined) collect(child, words, position + 1, found, seen);
  }
}

/** Matches patterns of dot-separated words. */
export const topic: ExchangeType = { name: 'topic', createIndex: () => new TopicTrie() };
