/** Parts so that each comes after those that it needs (the configuration has refused a cycle). */
export function inDependencyOrder<P extends { name: string; dependsOn: readonly string[] }>(
  parts: readonly P[],
): P[] {
  const byName = new Map(parts.map((part) => [part.name, part]));
  const ordered = new Set<P>();
  const visit = (part: P | undefined) => {
    if (part === undefined || ordered.has(part)) return;
    for (const needed of part.dependsOn) visit(byName.get(needed));
    ordered.add(part);
  };
  for (const part of parts) visit(part);
  return [...ordered];
}
