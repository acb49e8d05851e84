/** A file in the data folder of an embedded part: its next start may go on without what is damaged there. */
export const ACCEPT_LOSS_FILE = 'accept-loss';
