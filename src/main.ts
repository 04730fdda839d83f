#!/usr/bin/env node
/**
 * The program: arguments and environment in, a running server out, an exit code at the end. The only place that reads
 * the environment or ends the process.
 */
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { helpText, parseConfig } from './config/parse.js';
import { createLog, type Log } from './log.js';
import { type Headcount, startServer } from './server/server.js';

const WORKERS_MAX = 4;
/** What a browser may see of the environment: how to find programs and fonts, language and time zone. */
const PASSED_ON = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'FONTCONFIG_FILE', 'FONTCONFIG_PATH', 'LD_LIBRARY_PATH'];

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(helpText());
    return;
  }
  const { config, errors, warnings } = parseConfig(process.env, args);
  if (errors.length > 0) {
    process.stderr.write(`headcount cannot start:\n${errors.map((line) => `  ${line}\n`).join('')}`);
    process.exit(1);
  }
  const log = createLog({ level: config.logLevel, isTerminal: process.stdout.isTTY === true });
  for (const warning of warnings) log.warn(warning);
  if (process.pid === 1) log.warn('running as process 1: use an init such as tini, or ended browsers stay as zombies');
  const server = await startServer({
    config,
    log,
    workers: config.workers ?? Math.min(availableParallelism(), WORKERS_MAX),
    // Chromium refuses to run as root with its sandbox.
    isSandboxed: process.getuid?.() !== 0,
    tempDir: tmpdir(),
    environment: Object.fromEntries(
      PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    ),
    places: {
      homeDir: homedir(),
      cacheDir: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headcount'),
      playwrightBrowsersPath: process.env['PLAYWRIGHT_BROWSERS_PATH'],
      libraryPath: process.env['LD_LIBRARY_PATH'],
    },
  });
  log.info({ url: server.url }, 'listening');
  stopOnSignals(server, log);
}

function stopOnSignals(server: Headcount, log: Log): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) {
      server.abandon();
      process.exit(1);
    }
    isStopping = true;
    log.info({ signal }, 'stopping');
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.fatal({ err: error }, 'could not stop in order');
        server.abandon();
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'bug');
    server.abandon();
    process.exit(1);
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`headcount cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
