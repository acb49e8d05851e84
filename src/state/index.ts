export { cacheFolder } from './cache.ts';
export { readChoices, writeChoices } from './choices.ts';
export { decode, encode } from './codec.ts';
export { RESERVED_NAMES, RUNNING_STATE, STATE_FILES } from './files.ts';
export { makeStateFolder, ownerOfData, STATE_FOLDER, stateFolder, statePath } from './folder.ts';
export { checkDisk, createFolders, stackFolders } from './folders.ts';
export { type Hold, hold, letGo, readHolds, refuseHeld } from './holds.ts';
export {
  ensureIdentity,
  forgetName,
  type Identity,
  type KnownIdentity,
  placeOfPath,
  readIdentity,
} from './identity.ts';
export { type LinesFile, linesFile } from './lines.ts';
export { giveBack, type LockHolder, newHolder, takeLock, withFileLock } from './lock.ts';
export { damagedDocuments, openStateFile, type Schema, type StateFile, stateFile } from './state-file.ts';
