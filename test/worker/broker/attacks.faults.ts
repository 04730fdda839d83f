/**
 * What one client may not do to another, to the shard's own sessions, or to the server: each method from the browser's
 * session and from a page's, with ids that it could only have guessed.
 */

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lease } from '../../../src/worker/lease.js';
import { deadline, until } from '../../deadline.js';
import { openRawClient, type RawClient } from './raw-client.js';
import { type BrokerScene, openScene, type Session, WAIT_MS } from './scene.js';
import { openSite, type Site } from './site.js';

interface Victim {
  readonly targetId: string;
  readonly sessionId: string;
  readonly contextId: string;
  readonly windowId: number;
}

interface Scene {
  broker: BrokerScene;
  site: Site;
  folder: string;
  sessions: Session[];
  other: RawClient;
  attacker: RawClient;
  page: { readonly targetId: string; readonly sessionId: string };
  /** Another client's page, and one of the shard's own sessions. */
  victims: Victim[];
  lease: Lease;
}

const test = suite<Scene>('worker/broker/attacks');
const SECRET = 'a secret of the server';

test.before(async (scene) => {
  scene.folder = mkdtempSync(join(tmpdir(), 'headcount-attacks-'));
  writeFileSync(join(scene.folder, 'secret.html'), `<title>${SECRET}</title>${SECRET}`);
  scene.site = await openSite();
  scene.broker = await openScene();
  const { broker, site } = scene;
  scene.sessions = [await broker.session(), await broker.session()];
  scene.other = await openRawClient(scene.sessions[0]?.url ?? '');
  scene.attacker = await openRawClient(scene.sessions[1]?.url ?? '');
  scene.page = await scene.attacker.openPage(site.origin);
  const page = await scene.other.openPage(`${site.origin}/inner`);
  const { windowId } = await scene.other.get('Browser.getWindowForTarget', {}, page.sessionId);
  const { targetInfo } = await scene.other.get('Target.getTargetInfo', { targetId: page.targetId });
  scene.lease = await broker.shard.lease({ kind: 'plain' });
  const own = await scene.lease.cdp.send('Target.getTargetInfo');
  const ownWindow = await scene.lease.cdp.send('Browser.getWindowForTarget');
  const none = '0'.repeat(32);
  scene.victims = [
    { ...page, contextId: targetInfo.browserContextId, windowId },
    {
      targetId: own.targetInfo.targetId,
      sessionId: none,
      contextId: own.targetInfo.browserContextId ?? none,
      windowId: ownWindow.windowId,
    },
  ];
});

test.after(async ({ broker, site, folder, sessions, other, attacker, lease }) => {
  other.socket.close();
  attacker.socket.close();
  for (const { released } of sessions) await deadline(released, WAIT_MS, 'a session to be released');
  await broker.shard.release(lease);
  await broker.atRest();
  await broker.close();
  site.close();
  rmSync(folder, { recursive: true });
});

type Attack = readonly [method: string, params: (victim: Victim) => object];

const none = (): object => ({});

/** With the ids of others: refused, from wherever. */
const WITH_IDS: readonly Attack[] = [
  ['Target.getTargetInfo', ({ targetId }) => ({ targetId })],
  ['Target.attachToTarget', ({ targetId }) => ({ targetId, flatten: true })],
  ['Target.attachToTarget', ({ targetId }) => ({ targetId })],
  ['Target.attachToTarget', ({ targetId }) => ({ targetId, flatten: false })],
  ['Target.closeTarget', ({ targetId }) => ({ targetId })],
  ['Target.activateTarget', ({ targetId }) => ({ targetId })],
  ['Target.exposeDevToolsProtocol', ({ targetId }) => ({ targetId })],
  ['Target.autoAttachRelated', ({ targetId }) => ({ targetId, waitForDebuggerOnStart: false })],
  ['Target.openDevTools', ({ targetId }) => ({ targetId })],
  ['Target.getDevToolsTarget', ({ targetId }) => ({ targetId })],
  ['Target.detachFromTarget', ({ sessionId }) => ({ sessionId })],
  ['Target.detachFromTarget', ({ targetId }) => ({ targetId })],
  ['Target.sendMessageToTarget', ({ sessionId }) => ({ sessionId, message: '{"id":1,"method":"Page.close"}' })],
  ['Target.sendMessageToTarget', ({ targetId }) => ({ targetId, message: '{"id":1,"method":"Page.close"}' })],
  ['Target.createTarget', ({ contextId }) => ({ url: 'about:blank', browserContextId: contextId })],
  ['Target.disposeBrowserContext', ({ contextId }) => ({ browserContextId: contextId })],
  ['Storage.getCookies', ({ contextId }) => ({ browserContextId: contextId })],
  ['Storage.setCookies', ({ contextId }) => ({ cookies: [], browserContextId: contextId })],
  ['Storage.clearCookies', ({ contextId }) => ({ browserContextId: contextId })],
  ['Browser.getWindowForTarget', ({ targetId }) => ({ targetId })],
  ['Browser.getWindowBounds', ({ windowId }) => ({ windowId })],
  ['Browser.setWindowBounds', ({ windowId }) => ({ windowId, bounds: { width: 111, height: 111 } })],
  ['Browser.setWindowBounds', ({ windowId }) => ({ windowId: `${windowId}`, bounds: { width: 111, height: 111 } })],
  ['Browser.setContentsSize', ({ windowId }) => ({ windowId, width: 111, height: 111 })],
  ['Browser.setDownloadBehavior', ({ contextId }) => ({ behavior: 'allow', browserContextId: contextId })],
  ['Browser.cancelDownload', ({ contextId }) => ({ guid: '1', browserContextId: contextId })],
  ['Browser.grantPermissions', ({ contextId }) => ({ permissions: ['geolocation'], browserContextId: contextId })],
  [
    'Browser.setPermission',
    ({ contextId }) => ({ permission: { name: 'camera' }, setting: 'granted', browserContextId: contextId }),
  ],
  ['Browser.resetPermissions', ({ contextId }) => ({ browserContextId: contextId })],
];

/** Of the whole browser or its machine: refused, from wherever. */
const OF_ALL: readonly Attack[] = [
  ['Browser.crash', none],
  ['Browser.crashGpuProcess', none],
  ['Browser.getHistograms', none],
  ['Browser.getBrowserCommandLine', none],
  ['Browser.executeBrowserCommand', () => ({ commandId: 'openTabSearch' })],
  ['SystemInfo.getInfo', none],
  ['SystemInfo.getProcessInfo', none],
  ['Tracing.start', none],
  ['Tracing.getCategories', none],
  ['Tracing.requestMemoryDump', none],
  ['Memory.getBrowserSamplingProfile', none],
  ['Memory.simulatePressureNotification', () => ({ level: 'critical' })],
  ['Memory.forciblyPurgeJavaScriptMemory', none],
  ['Tethering.bind', () => ({ port: 12_345 })],
  ['Target.setRemoteLocations', () => ({ locations: [{ host: '127.0.0.1', port: 1 }] })],
  ['Extensions.loadUnpacked', () => ({ path: '/tmp' })],
  ['Extensions.getExtensions', none],
  ['PWA.getOsAppState', () => ({ manifestId: 'https://example.com/' })],
  ['DeviceAccess.enable', none],
  ['Cast.enable', none],
  ['HeadlessExperimental.beginFrame', none],
  ['Emulation.addScreen', () => ({ left: 0, top: 0, width: 100, height: 100 })],
  ['Emulation.removeScreen', () => ({ screenId: '1' })],
  ['Page.setDownloadBehavior', () => ({ behavior: 'allow', downloadPath: '/tmp' })],
  ['Storage.runBounceTrackingMitigations', none],
  ['Security.setIgnoreCertificateErrors', () => ({ ignore: true })],
  ['Target.setAutoAttach', () => ({ autoAttach: true, waitForDebuggerOnStart: false })],
  ['Target.setAutoAttach', () => ({ autoAttach: true, waitForDebuggerOnStart: false, flatten: false })],
  ['Target.createBrowserContext', () => ({ proxyServer: 'direct://' })],
  ['Target.createBrowserContext', () => ({ proxyServer: 'http://127.0.0.1:1' })],
];

async function refused(scene: Scene, attacks: readonly Attack[]): Promise<void> {
  const { attacker, page, victims } = scene;
  for (const [method, params] of attacks) {
    for (const victim of victims) {
      for (const sessionId of [undefined, page.sessionId]) {
        const { error } = await attacker.ask(method, params(victim), sessionId);
        assert.ok(error, `${method} ${JSON.stringify(params(victim))} from ${sessionId ? 'a page' : 'the browser'}`);
      }
    }
  }
}

/** Both victims are as they were. */
async function unharmed({ other, lease, victims: [victim] }: Scene): Promise<void> {
  const expression = '[document.title, document.cookie, innerWidth].join()';
  const { result } = await other.get('Runtime.evaluate', { expression }, victim?.sessionId);
  assert.match(result.value, /^Inner,inner=1,(?!111)/);
  const own = await lease.cdp.send('Runtime.evaluate', { expression: 'innerWidth' });
  assert.is(own.result.value, 800);
}

test("with others' ids nothing can be had or done", async (scene) => {
  await refused(scene, WITH_IDS);
  await unharmed(scene);
});

test('nothing of the whole browser can be had or done', async (scene) => {
  await refused(scene, OF_ALL);
  await unharmed(scene);
});

test("another's session answers nobody else", async (scene) => {
  const { attacker, victims } = scene;
  for (const { sessionId } of victims) {
    for (const method of ['Page.close', 'Runtime.evaluate', 'Target.getTargets', 'No.such']) {
      assert.is((await attacker.ask(method, { expression: '1' }, sessionId)).error?.code, -32001);
    }
  }
  await unharmed(scene);
});

test('nothing of others is told', async ({ attacker, page, site, other, broker, victims }) => {
  for (const sessionId of [undefined, page.sessionId]) {
    await attacker.ask('Target.setDiscoverTargets', { discover: true, filter: [{}] }, sessionId);
    const auto = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true, filter: [{}] };
    await attacker.ask('Target.setAutoAttach', auto, sessionId);
    const { targetInfos } = await attacker.get('Target.getTargets', { filter: [{}] }, sessionId);
    assert.ok(targetInfos.length > 0);
    assert.equal((await attacker.get('Target.getBrowserContexts', {}, sessionId)).browserContextIds, []);
    assert.equal((await attacker.get('Storage.getCookies', {}, sessionId)).cookies, []);
  }
  assert.equal((await attacker.get('Network.getAllCookies', {}, page.sessionId)).cookies, []);
  const late = await other.openPage(`${site.origin}/second`);
  const lease = await broker.shard.lease({ kind: 'playwright', options: null });
  await lease.navigator.goto(site.origin, {});
  await broker.shard.release(lease);
  await other.get('Target.closeTarget', { targetId: late.targetId });
  // What is asked after it is answered after it.
  await attacker.get('Runtime.evaluate', { expression: '1' }, page.sessionId);
  const told = attacker.frames.join('\n');
  for (const { targetId, contextId } of [...victims, { targetId: late.targetId, contextId: late.sessionId }]) {
    assert.not.ok(told.includes(targetId) && !told.includes(`No target`), targetId);
    assert.is(told.split(contextId).length - 1, told.split(`browser context with id ${contextId}`).length - 1);
  }
  assert.not.ok(told.includes('/second'));
});

test('no file is read', async (scene) => {
  const { attacker, page, folder } = scene;
  const path = join(folder, 'secret.html');
  const spellings = [`file://${path}`, `FILE://${path}`, `fi\tle://${path}`, `\u0001file://${path}`, `file:${path}`];
  for (const url of [...spellings, `view-source:file://${path}`, `filesystem:file://${path}`]) {
    for (const sessionId of [undefined, page.sessionId]) {
      assert.ok((await attacker.ask('Page.navigate', { url }, sessionId)).error, url);
      assert.ok((await attacker.ask('Target.createTarget', { url }, sessionId)).error, url);
      const asked = { url, options: { disableCache: true, includeCredentials: true } };
      assert.ok((await attacker.ask('Network.loadNetworkResource', asked, sessionId)).error, url);
    }
    // In the page, with all that its client can give it there.
    const expression = `new Promise((go) => {
      const frame = document.createElement('iframe');
      frame.src = ${JSON.stringify(url)};
      frame.onload = () => { try { go(frame.contentDocument.body.textContent); } catch (error) { go(error.message); } };
      document.body.append(frame);
      fetch(${JSON.stringify(url)}).then((r) => r.text()).then(go, (e) => setTimeout(go, 200, e.message));
    })`;
    const { frameTree } = await attacker.get('Page.getFrameTree', {}, page.sessionId);
    const world = { frameId: frameTree.frame.id, worldName: 'w', grantUniveralAccess: true };
    const { executionContextId } = await attacker.get('Page.createIsolatedWorld', world, page.sessionId);
    const asked = { expression, awaitPromise: true, contextId: executionContextId };
    const { result } = await attacker.get('Runtime.evaluate', asked, page.sessionId);
    assert.not.match(String(result.value), SECRET);
  }
  for (const sessionId of [undefined, page.sessionId]) {
    const { error } = await attacker.ask('DOM.setFileInputFiles', { files: [path], nodeId: 1 }, sessionId);
    assert.match(error?.message ?? '', /^headcount: DOM.setFileInputFiles is not allowed/);
    const data = { items: [], files: [path], dragOperationsMask: 1 };
    const drag = { type: 'drop', x: 1, y: 1, data };
    assert.ok((await attacker.ask('Input.dispatchDragEvent', drag, sessionId)).error);
  }
  assert.not.ok(attacker.frames.join().includes(SECRET));
});

test('no file is written but in a folder of its own, which goes with it', async ({ site, folder, broker }) => {
  const { homeDir } = broker.browser;
  const folders = (): string[] => readdirSync(homeDir).filter((name) => name.startsWith('downloads-'));
  const session = await broker.session();
  const client = await openRawClient(session.url);
  for (const isRoot of [true, false]) {
    const { sessionId } = await client.openPage(`${site.origin}/download`);
    const behavior = { behavior: 'allow', downloadPath: folder, eventsEnabled: true };
    await client.get('Browser.setDownloadBehavior', behavior, isRoot ? undefined : sessionId);
    const before = client.frames.length;
    await client.get('Runtime.evaluate', { expression: "document.querySelector('#d').click()" }, sessionId);
    const isDone = (): boolean => client.frames.slice(before).some((frame) => frame.includes('"state":"completed"'));
    await until(isDone, WAIT_MS, 'the download');
  }
  assert.equal(readdirSync(folder), ['secret.html']);
  const [own = ''] = folders();
  // Another of the same name may get a number, or replace it.
  assert.ok(readdirSync(join(homeDir, own)).includes('file.txt'));
  client.socket.close();
  await deadline(session.released, WAIT_MS, 'the session to be released');
  assert.equal(folders(), []);
});

test('what its pages download unasked is written nowhere', async ({ broker, site }) => {
  const session = await broker.session();
  const client = await openRawClient(session.url);
  const { sessionId } = await client.openPage(`${site.origin}/download`);
  await client.get('Runtime.evaluate', { expression: "document.querySelector('#d').click()" }, sessionId);
  await until(() => site.requests.some(({ url }) => url === '/file'), WAIT_MS, 'the download to be asked for');
  client.socket.close();
  await deadline(session.released, WAIT_MS, 'the session to be released');
  const written = readdirSync(broker.browser.homeDir, { recursive: true }).map(String);
  assert.equal(
    written.filter((path) => path.endsWith('file.txt')),
    [],
  );
});

test('at its end everybody else is as before', unharmed);

test.run();
