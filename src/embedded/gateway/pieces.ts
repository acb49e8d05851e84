/** Smaller pieces are put together: a buffer of its own for one byte costs a hundred. */
const SMALL_BYTES = 4 * 1024;
const BLOCK_BYTES = 16 * 1024;

/** Bytes that come piece by piece and are kept, in few buffers however small the pieces are. */
export class Pieces {
  /** How many bytes are kept. */
  length = 0;
  #pieces: Buffer[] = [];
  /** What the small pieces behind those are put into. */
  #block: Buffer | undefined;
  #used = 0;

  add(piece: Buffer): void {
    if (piece.length === 0) return;
    const isFirst = this.length === 0;
    this.length += piece.length;
    if (isFirst || piece.length > SMALL_BYTES) {
      this.#endBlock();
      this.#pieces.push(piece);
      return;
    }
    if (this.#used + piece.length > BLOCK_BYTES) this.#endBlock();
    this.#block ??= Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#used += piece.copy(this.#block, this.#used);
  }

  /** Gives the first of what is kept, and keeps it no longer; `undefined` when there is nothing left. */
  shift(): Buffer | undefined {
    if (this.#pieces.length === 0) this.#endBlock();
    const piece = this.#pieces.shift();
    this.length -= piece?.length ?? 0;
    return piece;
  }

  /** A copy of all that is kept, in one buffer. */
  bytes(): Buffer {
    this.#endBlock();
    return Buffer.concat(this.#pieces, this.length);
  }

  clear(): void {
    this.length = 0;
    this.#pieces = [];
    this.#block = undefined;
    this.#used = 0;
  }

  #endBlock(): void {
    if (this.#block !== undefined) this.#pieces.push(this.#block.subarray(0, this.#used));
    this.#block = undefined;
    this.#used = 0;
  }
}
