/** Thrown for a pattern that PCRE refuses, or that cannot be carried out here; the message says which and where. */
export class PatternError extends Error {}

/** A place in the text of a pattern, which moves on as it is read. */
export class Cursor {
  readonly source: string;
  at = 0;

  constructor(source: string) {
    this.source = source;
  }

  peek(): string | undefined {
    return this.source[this.at];
  }

  next(): string {
    const character = this.source[this.at];
    if (character === undefined) return this.fail('\\ at end of pattern');
    this.at += 1;
    return character;
  }

  take(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** What a form that begins with `^` finds here. */
  match(form: RegExp, length?: number): RegExpExecArray | null {
    return form.exec(this.source.slice(this.at, length === undefined ? undefined : this.at + length));
  }

  fail(reason: string, at = this.at): never {
    throw new PatternError(`${reason} at offset ${at}`);
  }

  lacks(what: string, at: number): never {
    throw new PatternError(`${what} are not available in this gateway, at offset ${at}`);
  }
}
