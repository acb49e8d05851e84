/**
 * The cycles of a graph of dependencies, each as the walk around it (`['a', 'b', 'a']`), started at the member that
 * comes first in the graph. One for each edge that closes a cycle, so each reported cycle has an edge of its own.
 */
export function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const walk: string[] = [];
  const visit = (name: string) => {
    const start = walk.indexOf(name);
    if (start !== -1) {
      cycles.push([...walk.slice(start), name]);
      return;
    }
    if (done.has(name)) return;
    walk.push(name);
    for (const next of graph.get(name) ?? []) visit(next);
    walk.pop();
    done.add(name);
  };
  for (const name of graph.keys()) visit(name);
  return cycles;
}
