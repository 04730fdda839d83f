/**
 * The versions of headcount and of Playwright, read from their packages without loading them. Main thread.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface Versions {
  readonly headcount: string;
  readonly node: string;
  readonly playwright: string;
  readonly chromium: string;
}

export function readVersions(chromium: string): Versions {
  const require = createRequire(import.meta.url);
  const of = (path: string): string => {
    const parsed: { version: string } = JSON.parse(readFileSync(path, 'utf8'));
    return parsed.version;
  };
  return {
    headcount: of(new URL('../../../package.json', import.meta.url).pathname),
    node: process.versions.node,
    playwright: of(require.resolve('playwright-core/package.json')),
    chromium,
  };
}
