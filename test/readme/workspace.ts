/**
 * The folder in which a test runs the commands of the pages. To them it looks like a clone.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { deadline, until } from '../deadline.js';

const COMMAND_LIMIT_MS = 60_000;
const START_LIMIT_MS = 30_000;
const END_LIMIT_MS = 20_000;
const COPIED = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'src', 'grafana', 'dist/src'];
/** So that a test sees what a person would have to ask for. */
const CURL_SAYS = 'silent\nshow-error\nwrite-out = "%{stderr}\\n%{http_code} %{content_type}"\n';
/** The server of the pages. */
const THEIRS = /\b(localhost|127\.0\.0\.1):3000\b/g;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of the last answer that curl got; 0 when it got none. */
  readonly status: number;
  readonly type: string;
}

export interface StartedServer {
  readonly url: string;
  readonly output: () => string;
  /** Resolves with its exit code, once it has been asked to end. */
  stop(): Promise<number | null>;
}

export interface Workspace {
  readonly folder: string;
  /** Runs `command` in a shell, against the server at `url` instead of the one of the pages. */
  run(command: string, url: string): Promise<Ran>;
  /** Starts a server by `command`, which replaces its shell by it (`exec`), and waits for its browser. */
  start(command: string, settings?: Readonly<Record<string, string>>): Promise<StartedServer>;
}

export function openWorkspace(folder: string): Workspace {
  for (const path of COPIED) cpSync(path, join(folder, path), { recursive: true });
  mkdirSync(join(folder, 'bench'));
  cpSync('bench/README.md', join(folder, 'bench/README.md'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, '.curlrc'), CURL_SAYS);
  const environment = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    CURL_HOME: folder,
    STATE_DIR: join(folder, 'state'),
    // What they would build is there.
    npm_config_ignore_scripts: 'true',
  };
  const shell = (command: string, settings: Readonly<Record<string, string>>): ChildProcess =>
    spawn('bash', ['-c', command], { cwd: folder, env: { ...environment, ...settings } });

  return {
    folder,
    async run(command, url) {
      const { child, output, ended } = watch(shell(command.replaceAll(THEIRS, new URL(url).host), {}));
      try {
        const code = await deadline(ended, COMMAND_LIMIT_MS, command);
        const [, status = '0', type = ''] = /\n(\d{3}) (.*)$/.exec(output.stderr) ?? [];
        return { code, stdout: output.stdout, stderr: output.stderr, status: Number(status), type };
      } finally {
        child.kill('SIGKILL');
      }
    },
    async start(command, settings = {}) {
      const all = { PORT: '0', WORKERS: '1', METRICS_FILE: 'none', ...settings };
      const { child, output, ended } = watch(shell(command, all));
      let isOver = false;
      void ended.then(() => {
        isOver = true;
      });
      const isReady = (): boolean => /"msg":"browser ready"/.test(output.stdout);
      try {
        await until(() => isReady() || isOver, START_LIMIT_MS, command);
        if (!isReady()) throw new Error(`${command} ended: ${output.stdout}${output.stderr}`);
      } catch (error) {
        child.kill('SIGKILL');
        throw error;
      }
      return {
        url: /"url":"([^"]+)"/.exec(output.stdout)?.[1] ?? '',
        output: () => output.stdout,
        async stop() {
          child.kill('SIGTERM');
          return await deadline(ended, END_LIMIT_MS, `the end of ${command}`);
        },
      };
    },
  };
}

function watch(child: ChildProcess) {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  return { child, output, ended };
}
