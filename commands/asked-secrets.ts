import type { Context } from '../src/context.ts';

/** On a terminal asks for what the stack needs and qbtc cannot make; without one the stack says what is missing. */
export async function askForSecrets(context: Context): Promise<void> {
  if (!context.io.interactive) return;
  const { missingSecrets, setSecret } = await import('../src/lifecycle/own-secrets.ts');
  // What is wrong with the stack is told by what opens it next.
  const missing = await missingSecrets(context).catch(() => ({}));
  for (const [name, ask] of Object.entries(missing))
    await setSecret(context, name, await context.prompts.secret(`${name} (${ask})`));
}
