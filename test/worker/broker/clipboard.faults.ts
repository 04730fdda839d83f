/**
 * The one clipboard of a browser, and what is selected in it: what one client has copied, no other can paste.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deadline } from '../../deadline.js';
import { openRawClient, type RawClient } from './raw-client.js';
import { type BrokerScene, openScene, WAIT_MS } from './scene.js';

const test = suite<{ broker: BrokerScene }>('worker/broker/clipboard');

test.before(async (scene) => {
  scene.broker = await openScene();
});

test.after(async ({ broker }) => {
  await broker.atRest();
  await broker.close();
});

const CLIP = 'what-the-other-has-copied';

/** As key events. */
const PASTES = [
  { commands: ['paste'] },
  { commands: ['selectAll', 'PASTE'] },
  { commands: ['pasteAndMatchStyle'] },
  { commands: ['pasteGlobalSelection'] },
  { windowsVirtualKeyCode: 86, modifiers: 2 },
  { windowsVirtualKeyCode: 86, modifiers: 10, key: 'V', code: 'KeyV' },
  { windowsVirtualKeyCode: 45, modifiers: 8, key: 'Insert', code: 'Insert' },
] as const;

const LEAVE_TO_READ = [
  ['Browser.grantPermissions', { permissions: ['geolocation', 'clipboardReadWrite'] }],
  ['Browser.setPermission', { permission: { name: 'clipboard-read' }, setting: 'granted' }],
  ['Browser.setPermission', { permission: { name: 'clipboard-write', allowWithoutGesture: true }, setting: 'granted' }],
] as const;

test('what others have copied or selected cannot be pasted', async ({ broker }) => {
  const sessions = [await broker.session(), await broker.session()] as const;
  const [other, attacker] = [await openRawClient(sessions[0].url), await openRawClient(sessions[1].url)];
  const [victim, page] = [await other.openPage(), await attacker.openPage()];
  const type = (of: RawClient, sessionId: string, event: object) =>
    of.ask('Input.dispatchKeyEvent', { type: 'keyDown', ...event }, sessionId);
  const fill = `document.body.insertAdjacentHTML('beforeend', '<textarea id=clip>${CLIP}</textarea>'); clip.focus()`;
  await other.get('Runtime.evaluate', { expression: fill }, victim.sessionId);
  for (const command of ['selectAll', 'copy']) await type(other, victim.sessionId, { commands: [command] });
  const field = '<textarea id=clip style="position:fixed;inset:0"></textarea>';
  const empty = `document.body.innerHTML = '${field}'; clip.focus()`;
  await attacker.get('Runtime.evaluate', { expression: empty }, page.sessionId);
  for (const event of PASTES) {
    const { error } = await type(attacker, page.sessionId, event);
    assert.match(
      error?.message ?? '',
      /^headcount: Input.dispatchKeyEvent is not allowed to paste/,
      JSON.stringify(event),
    );
  }
  for (const [method, params] of LEAVE_TO_READ) {
    for (const sessionId of [undefined, page.sessionId]) {
      const { error } = await attacker.ask(method, params, sessionId);
      assert.match(error?.message ?? '', /is not allowed to paste/, JSON.stringify(params));
    }
  }
  for (const kind of ['mousePressed', 'mouseReleased']) {
    const click = { type: kind, x: 50, y: 50, button: 'middle', clickCount: 1 };
    await attacker.get('Input.dispatchMouseEvent', click, page.sessionId);
  }
  // Keys that paste nothing are there as before.
  await type(attacker, page.sessionId, { key: 'v', code: 'KeyV', windowsVirtualKeyCode: 86, text: 'v' });
  const { result } = await attacker.get('Runtime.evaluate', { expression: 'clip.value' }, page.sessionId);
  assert.is(result.value, 'v');
  assert.not.ok(attacker.frames.join().includes(CLIP));
  for (const client of [other, attacker]) client.socket.close();
  for (const { released } of sessions) await deadline(released, WAIT_MS, 'a session to be released');
});

test.run();
