/**
 * The commands and snippets that users read. The test takes them out of the pages, changes only the port, and runs them
 * against real servers. `example.com` is a site of the test's own, behind a proxy that the server uses.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { until } from '../deadline.js';
import { authority, type Certificate, certificateFor } from '../faults/certificates.js';
import { lackingOf, needs } from '../faults/needs.js';
import { type SecureSite, startSecureSite } from '../faults/secure-site.js';
import { type OwnProxy, startHttpProxy } from '../safety/own-proxies.js';
import { makeTempDir } from '../temp-dir.js';
import { type Block, blocksOf, commandsOf } from './markdown.js';
import { readPages } from './pages.js';
import { NOT_RUN, OTHER_BLOCKS, RUN } from './run-commands.js';
import { openWorkspace, type StartedServer, type Workspace } from './workspace.js';

const test = suite('readme/commands');
const TOOLS = ['bash', 'curl', 'openssl', 'certutil', 'tar'];
const realTest = needs(test, { tools: TOOLS });
const promtoolTest = needs(test, { tools: ['promtool'] });
const WAIT_MS = 20_000;
const TITLE = 'Example Domain';
const MAIN = 'exec node dist/src/main.js';
/** Before and after the lines of a page, by what they call. */
const CLIENTS: Readonly<Record<string, string>> = {
  'puppeteer.connect': "import puppeteer from 'puppeteer-core';",
  'chromium.connectOverCDP': "import { chromium } from 'playwright-core';",
};
const ENDING = 'console.log(await page.title(), page.url()); await browser.close();';

const folder = makeTempDir('readme');
const blocks = [...readPages()].flatMap(([page, text]) => blocksOf(text).map((block) => ({ ...block, page })));

interface Scene {
  readonly workspace: Workspace;
  readonly server: StartedServer;
  readonly certificates: readonly Certificate[];
}
let scene: Scene;
const opened: { site?: SecureSite; proxy?: OwnProxy; server?: StartedServer } = {};

test.before(async () => {
  if (lackingOf({ tools: TOOLS }, { uid: undefined, path: process.env['PATH'] ?? '' }).length > 0) return;
  const certificates = ['ours', 'theirs'].map((name) => authority({ folder, name }));
  const [issuer] = certificates;
  assert.ok(issuer);
  const certificate = certificateFor('example.com', { folder, name: 'site', issuer });
  opened.site = await startSecureSite(certificate, () => ({ '/': `<title>${TITLE}</title><h1>${TITLE}</h1>` }));
  opened.proxy = await startHttpProxy(Number(new URL(opened.site.url('localhost')).port));
  const clone = join(folder, 'clone');
  mkdirSync(clone);
  const workspace = openWorkspace(clone);
  opened.server = await workspace.start(MAIN, {
    HTTPS_PROXY: opened.proxy.url,
    EXTRA_CA_CERTS: issuer.cert,
    // A row that is closed comes soon.
    METRICS_PERIOD_MS: '1000',
    METRICS_FILE: '',
  });
  scene = { workspace, server: opened.server, certificates };
  await prepare(opened.server.url);
});

test.after(async () => {
  const code = await opened.server?.stop();
  await opened.proxy?.close();
  await opened.site?.close();
  rmSync(folder, { recursive: true });
  if (opened.server) assert.is(code, 0);
});

/** One session that ended well and one that failed, in a row that is closed. */
async function prepare(url: string): Promise<void> {
  const post = (body: object): Promise<Response> =>
    fetch(`${url}/content`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  await until(async () => (await fetch(`${url}/health/ready`)).ok, WAIT_MS, 'the server to be ready');
  assert.is((await post({ html: '<p>x</p>' })).status, 200);
  assert.is((await post({ html: '<p>x</p>', waitForFunction: { fn: '() => false', timeout: 1 } })).status, 408);
  const rows = async (): Promise<unknown[]> => JSON.parse(await (await fetch(`${url}/metrics`)).text());
  await until(async () => (await rows()).length > 2, WAIT_MS, 'rows that are closed');
}

const isServer = (command: string): boolean => /\bnpm start$/.test(command);
const isNpx = (command: string): boolean => /^npx \.\//.test(command);
/** Parts that a shell would run one after another; a comment belongs to none. */
const partsOf = (command: string): string[] => command.replace(/\s+# .*$/, '').split(' && ');

/** Runs a block's commands in order; those after a server is started are for that one. */
async function runBlock({ text }: Block): Promise<void> {
  const { workspace, server } = scene;
  let own: StartedServer | undefined;
  try {
    for (const part of commandsOf(text).flatMap(partsOf)) {
      const untried = NOT_RUN.find(({ command }) => command.test(part));
      if (untried) {
        untried.check(part);
      } else if (isServer(part) || isNpx(part)) {
        await own?.stop();
        own = isNpx(part) ? await startPacked(part) : await startConfigured(part);
        await (isNpx(part) ? checkPacked(own) : checkConfigured(own, part));
      } else {
        const expected = RUN.find(({ command }) => command.test(part));
        assert.ok(expected, `nobody says what '${part}' should do`);
        if (lackingOf({ tools: expected.tools ?? [] }, { uid: 0, path: process.env['PATH'] ?? '' }).length > 0)
          continue;
        expected.check(await workspace.run(part, (own ?? server).url), workspace.folder);
      }
    }
  } finally {
    if (own) assert.is(await own.stop(), 0);
  }
}

/** `NAME=value npm start`, with certificates that are there. */
async function startConfigured(command: string): Promise<StartedServer> {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.ok(scripts.start.endsWith(MAIN.replace('exec', '&&')), 'npm start starts something else');
  return await scene.workspace.start(withCertificates(command).replace('npm start', MAIN));
}

function withCertificates(command: string): string {
  const paths = scene.certificates.map(({ cert }) => cert).join(', ');
  return command.replace(/\/etc\/ssl\/\S+\.pem/, `'${paths}'`);
}

/** It has what the command gives it, and wants the token where there is one. */
async function checkConfigured({ url }: StartedServer, command: string): Promise<void> {
  const given = [...withCertificates(command).matchAll(/([A-Z_]+)=('[^']*'|\S+)/g)].map(
    ([, name = '', value = '']) => [name, value.replaceAll("'", '')] as const,
  );
  const token = given.find(([name]) => name === 'TOKEN')?.[1];
  const config = (headers: Record<string, string>): Promise<Response> => fetch(`${url}/config`, { headers });
  if (token !== undefined) assert.is((await config({})).status, 401);
  const shown = JSON.parse(await (await config({ authorization: `Bearer ${token}` })).text());
  for (const [name, value] of given) assert.is(shown[name], name === 'TOKEN' ? '***' : value, name);
}

/** `npx ./headcount-….tgz`, but for the registry: the tarball's own program, with the packages that are here. */
async function startPacked(command: string): Promise<StartedServer> {
  const { workspace } = scene;
  const place = join(workspace.folder, 'unpacked');
  mkdirSync(place);
  execFileSync('tar', ['-xzf', join(workspace.folder, command.replace('npx ./', '')), '-C', place]);
  symlinkSync(resolve('node_modules'), join(place, 'node_modules'));
  const { bin } = JSON.parse(readFileSync(join(place, 'package/package.json'), 'utf8'));
  return await workspace.start(`exec node unpacked/package/${bin.headcount}`);
}

/** The tarball has the live page too. */
async function checkPacked({ url }: StartedServer): Promise<void> {
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  assert.match(await page.text(), /<html/);
}

for (const [index, block] of blocks.entries()) {
  if (block.language !== 'sh') continue;
  const [first = ''] = commandsOf(block.text);
  realTest(`${block.page}, block ${index + 1}: ${first.slice(0, 60)}`, () => runBlock(block));
}

for (const [index, block] of blocks.entries()) {
  if (block.language !== 'js') continue;
  realTest(`${block.page}, block ${index + 1}: the client's lines`, async () => {
    const [, imported] = Object.entries(CLIENTS).find(([call]) => block.text.includes(call)) ?? [];
    assert.ok(imported, 'of no client that is known');
    const { workspace, server } = scene;
    const host = new URL(server.url).host;
    const lines = block.text.replaceAll('localhost:3000', host);
    assert.is.not(lines, block.text);
    writeFileSync(join(workspace.folder, 'client.mjs'), `${imported}\n${lines}\n${ENDING}\n`);
    const { code, stdout, stderr } = await workspace.run('node client.mjs', server.url);
    assert.equal([code, stdout], [0, `${TITLE} https://example.com/\n`], stderr);
  });
}

promtoolTest('Prometheus takes the configuration, with a token and without', () => {
  const yaml = blocks.filter(({ language }) => language === 'yaml');
  assert.is(yaml.length, 1);
  for (const { text } of yaml) {
    for (const one of [text, text.replace('# authorization', 'authorization').replace('<the token>', 'secret')]) {
      assert.equal(parse(one).scrape_configs[0].static_configs, [{ targets: ['localhost:3000'] }]);
      const file = join(folder, 'prometheus.yml');
      writeFileSync(file, one);
      execFileSync('promtool', ['check', 'config', file], { stdio: 'pipe' });
    }
  }
});

test('every command and block is run, or is on the list of those that cannot be', () => {
  const known = ['sh', 'js', 'yaml', ...Object.keys(OTHER_BLOCKS)];
  assert.equal(
    blocks.filter(({ language }) => !known.includes(language)),
    [],
  );
  const parts = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => commandsOf(text).flatMap(partsOf))
    .filter((part) => !isServer(part) && !isNpx(part));
  for (const { command } of [...RUN, ...NOT_RUN]) {
    assert.ok(
      parts.some((part) => command.test(part)),
      `no page has ${command}`,
    );
  }
  const foundBy = (part: string) => [...RUN, ...NOT_RUN].filter(({ command }) => command.test(part)).length;
  for (const part of parts) assert.is(foundBy(part), 1, part);
  for (const unknown of ['curl localhost:3000/no-such-route', 'npm install headcount', 'docker ps']) {
    assert.is(foundBy(unknown), 0, unknown);
  }
});

test.run();
