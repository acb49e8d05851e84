/** A line `NAME=value` of a file of variables, with the number of the line. */
export interface EnvLine {
  name: string;
  value: string;
  line: number;
}

/**
 * What a file of variables says, line by line. Nothing is run with it: what `parseEnv` of the configuration refuses is passed
 * over here, and references stay as they are written.
 */
export function envLines(text: string): EnvLine[] {
  return text.split('\n').flatMap((line, index) => {
    const [, name = '', raw = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === '') return [];
    const value = raw.replace(/^(['"])(.*)\1.*$/, '$2').replace(/\s+#.*$/, '');
    return [{ name, value, line: index + 1 }];
  });
}
