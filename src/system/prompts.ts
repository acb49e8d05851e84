import type { Prompts } from '../context.ts';

/** Questions to a person through inquirer, loaded when first asked. */
export const prompts: Prompts = {
  async input(message, options = {}) {
    const { default: inquirer } = await import('inquirer');
    const { answer } = await inquirer.prompt([{ type: 'input', name: 'answer', message, ...options }]);
    return answer;
  },
  async confirm(message, options = {}) {
    const { default: inquirer } = await import('inquirer');
    const { answer } = await inquirer.prompt([{ type: 'confirm', name: 'answer', message, ...options }]);
    return answer;
  },
  async select(message, choices) {
    const { default: inquirer } = await import('inquirer');
    const { answer } = await inquirer.prompt([{ type: 'select', name: 'answer', message, choices }]);
    return answer;
  },
};
