/**
 * How long a container of a resource may take to end where nobody has said. The engine kills after ten seconds, which a
 * busy machine takes for a checkpoint alone: a server that keeps data gets what the stack's own compose file gives it.
 */
export const RESOURCE_GRACE_SECONDS = 60;
