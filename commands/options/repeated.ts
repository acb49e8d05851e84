/** A parser of options that may be given several times, for commander. */
export function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
