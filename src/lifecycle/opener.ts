/** The program that shows an address in the browser of the user; `undefined` where nobody sits at a screen. */
export function openerFor(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  url: string,
): readonly [string, ...string[]] | undefined {
  if (platform === 'darwin') return ['open', url];
  // `start` of cmd would read the address as a command line.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  const hasScreen = [env.DISPLAY, env.WAYLAND_DISPLAY].some((each) => (each ?? '') !== '');
  return hasScreen ? ['xdg-open', url] : undefined;
}
