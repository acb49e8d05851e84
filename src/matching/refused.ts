/** What a reader of wire text gives in place of its result for text that must not be taken: the answer is 400. */
export interface Refused {
  /** Which rule it breaks: one of a fixed list of phrases, fit for a log and for a metric's label. */
  readonly refused: string;
}
