#!/usr/bin/env node
/**
 * The program. In: arguments and environment; out: a running server, and an exit code at the end. The only place that
 * reads the environment or ends the process.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { complaintOn } from './chromium/discover.js';
import { commandOf, EXPORT_FLAGS, exportHelpText } from './config/commands.js';
import { helpText, parseConfig } from './config/parse.js';
import type { Config } from './config/settings.js';
import { readCpuCount } from './host/cgroup.js';
import { instant } from './http/parameters.js';
import { createLog, type Log } from './log.js';
import { type Headcount, startServer } from './server/server.js';
import { readVersions } from './server/versions.js';
import { EXPORT_FORMATS, exportHistory } from './store/export.js';

const WORKERS_MAX = 4;
const SMALL_FILE_BYTES_MAX = 4_096;
/** The part of the environment that a browser may see: how to find programs and fonts, language and time zone. */
const PASSED_ON = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'FONTCONFIG_FILE', 'FONTCONFIG_PATH', 'LD_LIBRARY_PATH'];

async function main(): Promise<void> {
  const command = commandOf(process.argv.slice(2));
  switch (command.kind) {
    case 'help':
      return print(helpText());
    case 'exportHelp':
      return print(exportHelpText(EXPORT_FORMATS));
    case 'version':
      return print(`${readVersions('').headcount}\n`);
    case 'unknown':
      process.stderr.write(`headcount: ${command.message}\n`);
      return process.exit(1);
    case 'export':
      return await exportRows(command.args);
    case 'serve':
      return await serve(command.args);
  }
}

function print(text: string): void {
  process.stdout.write(text);
}

async function serve(args: readonly string[]): Promise<void> {
  const { config, errors: complaints, warnings } = parseConfig(process.env, args, { readFile });
  // A Chromium that goes missing later is waited for, because an upgrade takes it away for a moment. One that never was
  // there is a slip.
  const onChromium = config.chromiumPath ? await complaintOn(config.chromiumPath) : null;
  const errors = onChromium === null ? complaints : [...complaints, onChromium];
  if (errors.length > 0) {
    process.stderr.write(`headcount cannot start:\n${errors.map((line) => `  ${line}\n`).join('')}`);
    process.exit(1);
  }
  const log = createLog({ level: config.logLevel, isTerminal: process.stdout.isTTY === true });
  for (const warning of warnings) log.warn(warning);
  if (process.pid === 1) log.warn('running as process 1: use an init such as tini, or ended browsers stay as zombies');
  const isRoot = process.getuid?.() === 0;
  const cpus = readCpuCount();
  const starting = startServer({
    config,
    log,
    cpus,
    workers: config.workers ?? Math.min(Math.ceil(cpus), WORKERS_MAX),
    tempDir: tmpdir(),
    historyPath: historyPath(config),
    environment: Object.fromEntries(
      PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    ),
    places: {
      homeDir: homedir(),
      cacheDir: cacheDir(isRoot),
      isForAll: isRoot,
      playwrightBrowsersPath: process.env['PLAYWRIGHT_BROWSERS_PATH'],
      libraryPath: process.env['LD_LIBRARY_PATH'],
    },
  });
  // From the beginning, because a start may take long, and what it has made by then must be removed as well.
  stopOnSignals(starting, log);
  const server = await starting;
  log.info({ url: server.url }, 'listening');
}

/** As root, Chromium runs as another user, who may not enter root's home. */
function cacheDir(isRoot: boolean): string {
  const cache = isRoot ? '/var/cache' : join(homedir(), '.cache');
  return join(process.env['XDG_CACHE_HOME'] ?? cache, 'headcount');
}

/** Null: no history file is wanted. */
function historyPath({ metricsFile, stateDir }: Config): string | null {
  if (metricsFile === 'none') return null;
  const state = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  return resolve(metricsFile ?? join(stateDir ?? join(state, 'headcount'), 'headcount.ring'));
}

/** Takes the settings that say where the file is. */
async function exportRows(args: readonly string[]): Promise<void> {
  // An export needs no token, and may not be allowed to read it.
  const options = { others: EXPORT_FLAGS, readFile: () => 'unused' };
  const { config, others, errors } = parseConfig(process.env, args, options);
  const format = EXPORT_FORMATS.find((one) => one === (others['format'] ?? 'json'));
  if (errors.length > 0) throw new Error(errors.join('; '));
  if (!format) throw new Error(`--format must be one of ${EXPORT_FORMATS.join(', ')}`);
  const path = historyPath(config);
  if (path === null) throw new Error('METRICS_FILE is none, so there is no history');
  const [sinceMs, untilMs] = [instantOf('since', others), instantOf('until', others)];
  // The reader has had enough, as `| head` has.
  process.stdout.once('error', () => process.exit(0));
  await exportHistory({ path, format, sinceMs, untilMs, write: (chunk) => void process.stdout.write(chunk) });
}

/** Epoch ms; null when the flag is not given. */
function instantOf(name: string, texts: Readonly<Record<string, string>>): number | null {
  const text = texts[name];
  if (text === undefined) return null;
  const { expected, read } = instant(name);
  const meant = read(text);
  if (meant === undefined) throw new Error(`--${name} is ${JSON.stringify(text)}, expected ${expected}`);
  return meant(Date.now());
}

/** The text of a small file, such as one with a token. @throws {Error} it cannot be read, or is too large. */
function readFile(path: string): string {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(SMALL_FILE_BYTES_MAX + 1);
    let bytes = 0;
    for (let read = -1; read !== 0 && bytes < buffer.length; bytes += read) {
      read = readSync(descriptor, buffer, bytes, buffer.length - bytes, null);
    }
    if (bytes > SMALL_FILE_BYTES_MAX) throw new Error(`it has more than ${SMALL_FILE_BYTES_MAX} bytes`);
    return buffer.toString('utf8', 0, bytes);
  } finally {
    closeSync(descriptor);
  }
}

function stopOnSignals(starting: Promise<Headcount>, log: Log): void {
  let server: Headcount | null = null;
  let isStopping = false;
  let isSalvaging = false;
  const exitNow = (): void => {
    server?.abandon();
    process.exit(1);
  };
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (isStopping) return exitNow();
    isStopping = true;
    log.info({ signal }, 'stopping');
    try {
      // A server that cannot start says so itself, and ends with 1.
      await (await starting).stop();
      process.exit(0);
    } catch (error) {
      log.fatal({ err: error }, 'could not stop in order');
      exitNow();
    }
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'bug');
    // A second bug meanwhile: what could be saved has been tried. A bug during the start: there is nothing to save.
    if (isSalvaging || !server) return exitNow();
    isSalvaging = true;
    void server.salvage().then(() => process.exit(1));
  });
  starting.then(
    (started) => {
      server = started;
    },
    () => {},
  );
}

main().catch((error: unknown) => {
  const what = commandOf(process.argv.slice(2)).kind === 'export' ? 'export' : 'start';
  process.stderr.write(`headcount cannot ${what}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
