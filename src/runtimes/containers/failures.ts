import { QbtcError } from '../../errors.ts';

const SHOWN_LINES = 15;
/** How the engine and the compose program say that an image cannot be had. */
const NO_IMAGE =
  /pull access denied|manifest unknown|manifest for .* not found|no such image|failed to resolve|repository does not exist|error getting credentials|lookup .*(no such host|server misbehaving)|dial tcp|TLS handshake|toomanyrequests|no basic auth credentials|Head "https?:|Get "https?:/i;

/** What the engine or the compose program said when containers could not be made. */
export function notStarted(services: readonly string[], lines: readonly string[]): QbtcError {
  const cause = lines.find((line) => NO_IMAGE.test(line));
  if (cause !== undefined) {
    return new QbtcError('IMAGE_NOT_PULLED', `an image for ${services.join(', ')} cannot be pulled`, {
      details: [cause],
      hint: 'is the registry reachable? otherwise leave Docker out: qbtc up --strategy fallback, or --provider NAME=embedded',
    });
  }
  return new QbtcError(
    'CONTAINER_NOT_STARTED',
    `the containers of ${services.join(', ')} could not be started`,
    {
      details: lines.slice(-SHOWN_LINES),
      hint: 'see the lines above; qbtc doctor says what the engine has',
    },
  );
}

export function imageNotBuilt(services: readonly string[], output: string): QbtcError {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return new QbtcError('IMAGE_NOT_BUILT', `the image of ${services.join(', ')} could not be built`, {
    details: lines.slice(-SHOWN_LINES),
    hint: 'mend the lines above; to run the services without images: qbtc up --strategy hybrid',
  });
}
