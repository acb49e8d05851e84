const CONTAINER = 'docker:';
/** As short as the docker program writes it. */
const SHOWN = 12;

/** The id of the instance in a container. */
export function containerInstance(container: string): string {
  return `${CONTAINER}${container.slice(0, SHOWN)}`;
}

/** Whether the instance of this id runs in a container. */
export function isContained(instance: string): boolean {
  return instance.startsWith(CONTAINER);
}
