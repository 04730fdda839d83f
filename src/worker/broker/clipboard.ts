/**
 * Chromium has one clipboard for all clients of a browser, and what was copied outlives its session. Copying takes
 * nothing from anybody, so only pasting is refused: by an editing command, by a key, or by leave to read the clipboard.
 * The middle button does not paste either (`browsers/flags.ts`). Pure.
 */

type Params = Readonly<Record<string, unknown>>;

export const NO_PASTE = 'is not allowed to paste: all clients of a browser share its clipboard';

const CTRL = 2;
const SHIFT = 8;
const KEY_V = 86;
const KEY_INSERT = 45;
/** Leave to write after a gesture takes nothing from others; with one of these it is leave to read as well. */
const WIDENING = ['allowWithoutSanitization', 'allowWithoutGesture'];

/** Whether `Input.dispatchKeyEvent` would paste. Chromium takes names of commands in any case. */
export function isPaste({ commands, modifiers, windowsVirtualKeyCode: code }: Params): boolean {
  if (Array.isArray(commands) && commands.some((command) => /paste/i.test(String(command)))) return true;
  const held = Number(modifiers ?? 0);
  return (code === KEY_V && (held & CTRL) !== 0) || (code === KEY_INSERT && (held & SHIFT) !== 0);
}

/** Whether `Browser.grantPermissions` or `setPermission` would let pages read the clipboard. */
export function letsRead({ permissions, permission, setting }: Params): boolean {
  if (Array.isArray(permissions)) return permissions.some((name) => String(name) === 'clipboardReadWrite');
  if (typeof permission !== 'object' || permission === null || setting !== 'granted') return false;
  const { name, ...others } = permission as Params;
  return (
    /clipboard/i.test(String(name)) && (name !== 'clipboard-write' || WIDENING.some((key) => others[key] === true))
  );
}
