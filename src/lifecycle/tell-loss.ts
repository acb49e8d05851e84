import type { Io } from '../context.ts';
import { messageOf } from '../errors.ts';
import type { AcceptedLoss } from '../resources/index.ts';

/**
 * Ends the time for which a loss is accepted: says what went on without what was damaged, whatever else came of the run,
 * and takes the word back from what was not started. Never rejects, as what went wrong in the run is the news.
 */
export async function tellLoss(io: Pick<Io, 'err'>, accepted: AcceptedLoss): Promise<void> {
  try {
    for (const { resource, folder } of await accepted.setAside())
      io.err(`${resource} went on without what was damaged, which stands in ${folder}`);
  } catch (error) {
    io.err(`whether something went on without what was damaged is not known: ${messageOf(error)}`);
  }
  try {
    await accepted.refuse();
  } catch (error) {
    io.err(`the next start may go on without what is damaged, too: ${messageOf(error)}`);
  }
}
