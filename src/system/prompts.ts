import type { Prompts } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';

/**
 * Questions to a person through inquirer, loaded when first asked. Ctrl-C at one of them rejects with `INTERRUPTED`:
 * while a question is open, inquirer takes the signal.
 */
export function createPrompts(streams: {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  /** Where the questions are shown; data goes to stdout. */
  output: NodeJS.WritableStream;
}): Prompts {
  const ask = async <A>(question: Record<string, unknown>): Promise<A> => {
    const { default: inquirer } = await import('inquirer');
    const prompt = inquirer.createPromptModule(streams);
    try {
      const answers: Record<string, unknown> = await prompt([{ ...question, name: 'answer' } as never]);
      return answers.answer as A;
    } catch (error) {
      // By its name: several versions of its class may be installed.
      if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error;
      throw new QbtcError('INTERRUPTED', 'interrupted', { exit: EXIT.interrupted, cause: error });
    }
  };
  return {
    input: (message, options = {}) => ask({ type: 'input', message, ...options }),
    secret: (message) => ask({ type: 'password', message, mask: '*' }),
    confirm: (message, options = {}) => ask({ type: 'confirm', message, ...options }),
    select: (message, choices) => ask({ type: 'select', message, choices }),
    tick: (message, choices) =>
      ask({ type: 'checkbox', message, choices: choices.map((choice) => ({ ...choice, checked: true })) }),
  };
}
