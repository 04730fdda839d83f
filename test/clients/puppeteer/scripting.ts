/**
 * What runs in pages, what they tell, and what is measured of them.
 */

import * as assert from 'uvu/assert';
import { until } from '../../deadline.js';
import { type Checks, pageOf, soon, WAIT_MS } from './check.js';

export const SCRIPTING: Checks = {
  async 'exposes functions, and takes them away'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    await page.exposeFunction('add', (a: number, b: number) => a + b);
    assert.is(await page.evaluate('add(1, 2)'), 3);
    await page.reload();
    assert.is(await page.evaluate('add(3, 4)'), 7);
    await page.removeExposedFunction('add');
    assert.is(await page.evaluate('typeof add'), 'undefined');
  },
  async 'runs scripts before a page does'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const { identifier } = await page.evaluateOnNewDocument('window.early = true');
    await page.reload();
    assert.is(await page.evaluate('early'), true);
    await page.removeScriptToEvaluateOnNewDocument(identifier);
    await page.reload();
    assert.is(await page.evaluate('window.early'), undefined);
  },
  async 'holds on to what is in a page'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const handle = await page.evaluateHandle('({ one: 1, list: [2, 3] })');
    assert.equal(await handle.jsonValue(), { one: 1, list: [2, 3] });
    assert.equal(await (await handle.getProperty('list')).jsonValue(), [2, 3]);
    assert.is(await page.evaluate((given) => (given as { one: number }).one, handle), 1);
    await handle.dispose();
    assert.ok((await handle.jsonValue().catch((error: Error) => error)) instanceof Error);
    const body = (await page.evaluateHandle('document.body')).asElement();
    assert.is(await body?.$eval('h1', (h1) => h1.textContent), 'Hello');
  },
  async 'says what a page has thrown'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const thrown = await page.evaluate("throw new TypeError('no')").catch((error: Error) => error);
    assert.match((thrown as Error).message, 'no');
    const heard = new Promise<unknown>((resolve) => page.once('pageerror', resolve));
    await page.evaluate("setTimeout(() => { throw new Error('later') }, 0); 1");
    assert.match(((await soon(heard, 'the error')) as Error).message, 'later');
  },
  async 'hears the console, in its kinds and with its values'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const lines: string[] = [];
    page.on('console', (message) => lines.push(`${message.type()} ${message.text()}`));
    await page.evaluate("console.log('a', 1); console.warn('b'); console.error('c')");
    await until(() => lines.length === 3, WAIT_MS, 'three lines');
    assert.equal(lines, ['log a 1', 'warn b', 'error c']);
  },
  async 'hears long lines whole'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const heard = new Promise<string>((resolve) => page.once('console', (message) => resolve(message.text())));
    await page.evaluate("console.log('x'.repeat(300_000))");
    assert.is((await soon(heard, 'the line')).length, 300_000);
  },
  async 'answers dialogs'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const kinds: string[] = [];
    page.on('dialog', (dialog) => {
      kinds.push(dialog.type());
      void (dialog.type() === 'confirm' ? dialog.dismiss() : dialog.accept('said'));
    });
    assert.equal(await page.evaluate("alert('!'); [confirm('?'), prompt('?')]"), [false, 'said']);
    assert.equal(kinds, ['alert', 'confirm', 'prompt']);
  },
  async 'adds scripts and styles'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    await page.addScriptTag({ url: `${origin}/added.js` });
    assert.is(await page.evaluate('added'), 1);
    await page.addStyleTag({ content: 'h1 { color: rgb(1, 2, 3) }' });
    assert.is(await page.evaluate('getComputedStyle(h).color'), 'rgb(1, 2, 3)');
  },
  async 'runs in workers, and hears of them'({ browser, origin }) {
    const page = await pageOf(browser);
    const created = new Promise<void>((resolve) => page.once('workercreated', () => resolve()));
    const destroyed = new Promise<void>((resolve) => page.once('workerdestroyed', () => resolve()));
    await page.goto(`${origin}/worker`);
    await soon(created, 'a worker');
    const [worker] = page.workers();
    // The worker is there before its script has run.
    const seen = (): Promise<unknown> => Promise.resolve(worker?.evaluate('self.here ?? null'));
    assert.is(await until(seen, WAIT_MS, 'its script to have run'), 42);
    assert.is(worker?.url(), `${origin}/worker.js`);
    await page.goto(origin);
    await soon(destroyed, 'its end');
  },
  async 'sees service workers'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/sw`);
    const target = await browser.waitForTarget((one) => one.type() === 'service_worker', { timeout: WAIT_MS });
    const worker = await target.worker();
    assert.is(await worker?.evaluate('self.registration.scope'), `${origin}/`);
    await page.close();
  },
  async 'measures which scripts ran'({ browser, origin }) {
    const page = await pageOf(browser);
    await page.coverage.startJSCoverage();
    await page.goto(`${origin}/covered`);
    const [entry] = await page.coverage.stopJSCoverage();
    assert.is(entry?.url, `${origin}/covered`);
    const ran = (entry?.ranges ?? []).map(({ start, end }) => entry?.text.slice(start, end)).join();
    assert.match(ran, 'f(){}');
    assert.not.match(ran, 'g(){}');
  },
  async 'measures which styles were used'({ browser, origin }) {
    const page = await pageOf(browser);
    await page.coverage.startCSSCoverage();
    await page.goto(`${origin}/covered`);
    const [entry] = await page.coverage.stopCSSCoverage();
    assert.equal(
      entry?.ranges.map(({ start, end }) => entry.text.slice(start, end)),
      ['.a{color:red}'],
    );
  },
  async 'reads what a page weighs'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const metrics = await page.metrics();
    assert.ok((metrics.JSHeapUsedSize ?? 0) > 0);
    assert.is(metrics.Documents !== undefined, true);
  },
  async 'takes heap snapshots'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const session = await page.createCDPSession();
    const chunks: string[] = [];
    session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
    await session.send('HeapProfiler.takeHeapSnapshot');
    assert.ok(JSON.parse(chunks.join('')).nodes.length > 0);
  },
  async 'reads the tree of accessibility'({ browser, origin }) {
    const page = await pageOf(browser, origin);
    const tree = await page.accessibility.snapshot();
    assert.equal([tree?.role, tree?.name], ['RootWebArea', 'Home']);
    assert.ok(tree?.children?.some(({ role, name }) => role === 'heading' && name === 'Hello'));
  },
  async 'records a trace'({ browser, origin }) {
    const page = await pageOf(browser);
    await page.tracing.start();
    await page.goto(origin);
    const trace = await page.tracing.stop();
    assert.ok(JSON.parse(Buffer.from(trace ?? []).toString()).traceEvents.length > 0);
  },
  async 'turns JavaScript off'({ browser, origin }) {
    const page = await pageOf(browser);
    await page.setJavaScriptEnabled(false);
    await page.goto(`${origin}/asks`, { waitUntil: 'networkidle0' });
    assert.is(await page.title(), '');
    await page.setJavaScriptEnabled(true);
    await page.reload({ waitUntil: 'networkidle0' });
    assert.is(await page.title(), 'from the server');
  },
};
