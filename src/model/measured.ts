/**
 * Something that was measured, or the reason why it could not be.
 * A value that was not measured is never replaced by an assumed one.
 */
export type Measured<T> = { measured: true; value: T } | { measured: false; reason: string };
