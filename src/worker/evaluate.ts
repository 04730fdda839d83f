/**
 * Code in a page: in the page's own world, or in a world apart that the page cannot reach. In the latter, all but
 * timers also runs with JavaScript off. Worker thread.
 */
import type { Cdp } from './cdp/cdp.js';

/** What the code has thrown, as Chromium writes it. */
export class ThrownInPage extends Error {}

/** Whether the result is truthy; of a promise, its value. @throws {ThrownInPage} */
export async function isTrue(cdp: Cdp, expression: string): Promise<boolean> {
  const { type, value, unserializableValue } = await evaluate(cdp, { expression });
  if (unserializableValue !== undefined) return /Infinity|[1-9]/.test(unserializableValue);
  return Boolean(value) || (['object', 'function', 'symbol'].includes(type) && value !== null);
}

/** The value as it is in JSON. @throws {ThrownInPage} */
export async function valueApart(cdp: Cdp, expression: string): Promise<unknown> {
  const { frameTree } = await cdp.send('Page.getFrameTree');
  const world = { frameId: frameTree.frame.id, worldName: 'headcount', grantUniveralAccess: true };
  const { executionContextId: contextId } = await cdp.send('Page.createIsolatedWorld', world);
  return (await evaluate(cdp, { expression, contextId, returnByValue: true })).value;
}

/** Why statements cannot be parsed; null when they can be. They are not run. */
export async function syntaxErrorOf(cdp: Cdp, statements: string): Promise<string | null> {
  const { exceptionDetails } = await cdp.send('Runtime.evaluate', { expression: `void (() => {${statements}\n})` });
  return exceptionDetails ? textOf(exceptionDetails) : null;
}

interface Evaluated {
  readonly expression: string;
  readonly contextId?: number;
  readonly returnByValue?: boolean;
}

async function evaluate(cdp: Cdp, given: Evaluated) {
  const { result, exceptionDetails } = await cdp.send('Runtime.evaluate', { ...given, awaitPromise: true });
  if (exceptionDetails) throw new ThrownInPage(textOf(exceptionDetails));
  return result;
}

interface Exception {
  readonly text: string;
  readonly exception?: { readonly description?: string; readonly value?: unknown };
}

function textOf({ text, exception }: Exception): string {
  return exception?.description ?? (exception?.value === undefined ? text : String(exception.value));
}
