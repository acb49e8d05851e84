import type { HeaderList } from '../http/header-list.ts';

/** Where filtered pieces go. */
export interface PipeEnd {
  write(piece: Buffer): void;
  end(trailers: HeaderList | undefined): void;
  failed(error: unknown): void;
  /** The sender is to wait, or to go on. */
  hold(): void;
  release(): void;
}

/** Runs the pieces of a body through a filter in their order, also where the filter takes its time. */
export class BodyPipe {
  readonly #filter: (chunk: Buffer, last: boolean) => Buffer | Promise<Buffer>;
  readonly #end: PipeEnd;
  #pending: Promise<void> | undefined;

  constructor(filter: (chunk: Buffer, last: boolean) => Buffer | Promise<Buffer>, end: PipeEnd) {
    this.#filter = filter;
    this.#end = end;
  }

  push(chunk: Buffer): void {
    this.#run(chunk, false, (piece) => this.#end.write(piece));
  }

  /** @param rest what is left of the body, or nothing */
  finish(rest: Buffer, trailers: HeaderList | undefined): void {
    this.#run(rest, true, (piece) => {
      this.#end.write(piece);
      this.#end.end(trailers);
    });
  }

  #run(chunk: Buffer, last: boolean, done: (piece: Buffer) => void): void {
    if (this.#pending !== undefined) {
      this.#wait(this.#pending.then(() => this.#filter(chunk, last)).then(done));
      return;
    }
    let piece: Buffer | Promise<Buffer>;
    try {
      piece = this.#filter(chunk, last);
    } catch (error) {
      this.#end.failed(error);
      return;
    }
    if (piece instanceof Promise) this.#wait(piece.then(done));
    else done(piece);
  }

  #wait(work: Promise<void>): void {
    if (this.#pending === undefined) this.#end.hold();
    const pending: Promise<void> = work
      .catch((error: unknown) => this.#end.failed(error))
      .then(() => {
        if (this.#pending !== pending) return;
        this.#pending = undefined;
        this.#end.release();
      });
    this.#pending = pending;
  }
}
