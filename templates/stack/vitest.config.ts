import { defineConfig } from 'vitest/config';

// unit: in this process, no servers. real: against RabbitMQ, Redis and PostgreSQL where they are installed.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,services,tools}/*/test/**/*.test.{ts,js}'],
          exclude: ['**/*.real.test.{ts,js}', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'real',
          include: ['{packages,services,tools}/*/test/**/*.real.test.{ts,js}'],
          exclude: ['**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
