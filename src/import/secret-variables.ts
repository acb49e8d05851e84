/** The variable that stands for a secret in a file for APISIX: `api-key` is `SECRET_API_KEY`. */
export const variableOfSecret = (secret: string): string =>
  `SECRET_${secret.replaceAll('-', '_').toUpperCase()}`;

/** The secret that such a variable stands for. */
export const secretOfVariable = (variable: string, secrets: readonly string[]): string | undefined =>
  secrets.find((secret) => variableOfSecret(secret) === variable);
