/** Whether a text still holds a conflict that nobody has decided. */
export function hasMarks(text: string): boolean {
  return /^<<<<<<< yours\r?$/m.test(text) && /^>>>>>>> template /m.test(text);
}
