import { Argument, type Command } from 'commander';
import type { Register } from './command.ts';

/** What the shells run; each asks `qbtc completions` for the words that fit, one a line, with a tab before what it does. */
const SCRIPTS = {
  bash: `_qbtc() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(qbtc completions -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _qbtc qbtc
`,
  zsh: `#compdef qbtc
_qbtc() {
  local -a lines
  lines=("\${(@f)$(qbtc completions -- "\${(@)words[2,CURRENT]}" 2>/dev/null | sed 's/:/\\\\:/g; s/\\t/:/')}")
  if (( \${#lines} )); then _describe qbtc lines; else _files; fi
}
compdef _qbtc qbtc
`,
  fish: `complete -c qbtc -a '(qbtc completions -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};
const SHELLS = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];

export const completion: Register = (program, run) => {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'whose script to print').choices(SHELLS))
    .description('print what makes a shell complete commands: source <(qbtc completion bash)')
    .action(
      run(async ({ io }, _options, [shell = '']) => {
        io.out(SCRIPTS[shell as keyof typeof SCRIPTS]);
        return {};
      }),
    );
  program
    .command('completions', { hidden: true })
    .argument('[words...]', 'the command line after qbtc; the last one is the word to complete')
    .description('the words that fit, for the scripts of qbtc completion')
    .passThroughOptions()
    .action(
      run(async ({ io, cwd }, _options, given) => {
        const words = given[0] === '--' ? given.slice(1) : given;
        const fitting = await wordsFor(program, words, cwd);
        if (fitting.length > 0) io.out(`${fitting.map((word) => word.join('\t')).join('\n')}\n`);
        return {};
      }),
    );
};

/** Words that may come next, with what they do: commands, those of the stack, options. */
async function wordsFor(program: Command, words: readonly string[], cwd: string): Promise<string[][]> {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1).filter((word) => !word.startsWith('-'));
  let command = program;
  for (const word of before) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    command = next;
  }
  const all =
    command === program
      ? await atTheTop(program, before, cwd)
      : command.commands.map((each) => [each.name(), each.description()]);
  const options = command.options.flatMap(({ long, description, hidden }) =>
    long && !hidden ? [[long, description]] : [],
  );
  return [...all, ...(last.startsWith('-') ? options : [])].filter(([word]) => word?.startsWith(last));
}

async function atTheTop(program: Command, before: readonly string[], cwd: string): Promise<string[][]> {
  const { readCommands } = await import('../src/config/commands.ts');
  const own = await readCommands(cwd);
  const [first] = before;
  if (first !== undefined) return Object.entries(own.find(({ name }) => name === first)?.subcommands ?? {});
  return [
    ...program.commands.filter((each) => !isHidden(each)).map((each) => [each.name(), each.description()]),
    ...own.map(({ name, description }) => [name, description]),
  ];
}

/** commander tells hidden commands by a field that it does not declare. */
function isHidden(command: Command): boolean {
  return (command as Command & { _hidden?: boolean })._hidden === true;
}
