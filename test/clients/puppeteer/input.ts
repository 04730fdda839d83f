/**
 * Keys, mouse, touch, and forms.
 */

import * as assert from 'uvu/assert';
import { type Checks, pageOf } from './check.js';

export const INPUT: Checks = {
  async 'types and clicks'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/form`);
    await page.type('#i', 'typed ✓');
    await page.click('#b');
    assert.is(await page.$eval('#b', (b) => b.textContent), 'typed ✓');
    await page.locator('#i').fill('filled');
    await page.locator('#b').click();
    assert.is(await page.$eval('#b', (b) => b.textContent), 'filled');
  },
  async 'presses keys, with others held'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/keys`);
    await page.focus('#t');
    await page.keyboard.type('ab');
    await page.keyboard.down('Shift');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.up('Shift');
    await page.keyboard.press('Backspace');
    await page.keyboard.sendCharacter('ß');
    assert.is(await page.evaluate('t.value'), 'aß');
    assert.equal(await page.evaluate('seen'), ['a', 'b', 'Shift', 'ArrowLeft', 'Backspace']);
  },
  async 'pastes what it has copied'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/`);
    await page.setContent('<textarea id=one>copied</textarea><textarea id=two></textarea>');
    const withControl = async (key: 'A' | 'C' | 'V'): Promise<void> => {
      await page.keyboard.down('Control');
      await page.keyboard.press(key);
      await page.keyboard.up('Control');
    };
    await page.focus('#one');
    await withControl('A');
    await withControl('C');
    await page.focus('#two');
    await withControl('V');
    assert.is(await page.evaluate('two.value'), 'copied');
  },
  async 'moves the mouse, and presses its buttons'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/mouse`);
    await page.mouse.move(10, 10);
    await page.mouse.click(20, 20, { count: 2 });
    await page.mouse.click(20, 20, { button: 'right' });
    const seen = await page.evaluate<[], () => string[]>('[...new Set(seen)].sort()' as never);
    assert.equal(seen, ['contextmenu', 'dblclick', 'mousedown', 'mousemove', 'mouseup']);
  },
  async 'turns the wheel'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/mouse`);
    await page.mouse.move(10, 10);
    await page.mouse.wheel({ deltaY: 200 });
    await page.waitForFunction('scrollY > 0');
  },
  async taps({ browser, origin }) {
    const page = await pageOf(browser);
    await page.setViewport({ width: 300, height: 300, hasTouch: true });
    await page.goto(`${origin}/mouse`);
    await page.touchscreen.tap(20, 20);
    const seen = await page.evaluate("seen.filter((one) => one.startsWith('touch'))");
    assert.equal(seen, ['touchstart', 'touchend']);
  },
  async 'drags and drops'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/drag`);
    await page.mouse.move(20, 20);
    await page.mouse.down();
    await page.mouse.move(20, 75, { steps: 5 });
    await page.mouse.up();
    await page.waitForFunction("z.textContent === 'dragged'");
  },
  async 'selects options, and hovers'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/form`);
    assert.equal(await page.select('#s', 'b'), ['b']);
    await page.evaluate('b.onmouseover = () => { window.over = true }; 1');
    await page.hover('#b');
    await page.waitForFunction('window.over');
    const box = await (await page.$('#b'))?.boundingBox();
    assert.ok((box?.width ?? 0) > 0);
  },
  async 'uploads files of its machine'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/form`);
    const input = await page.$('input[type=file]');
    await input?.uploadFile(import.meta.filename);
    assert.match(String(await page.evaluate('f.files[0].text()')), 'uploads files of its machine');
  },
  async 'uploads files that it makes in the page'({ browser, origin }) {
    const page = await pageOf(browser, `${origin}/form`);
    await page.evaluate("d = new DataTransfer(); d.items.add(new File(['made'], 'made.txt')); f.files = d.files; 1");
    assert.equal(await page.evaluate('f.files[0].text().then((t) => [f.files[0].name, t])'), ['made.txt', 'made']);
  },
};
