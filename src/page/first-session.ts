/**
 * What a server that has had no session yet shows: a first request to copy, at the page's own address.
 */
import { find, say } from './elements.js';

interface FirstSession {
  show(isFresh: boolean): void;
}

export function createFirstSession(isTokenNeeded: boolean): FirstSession {
  const card = find('first', HTMLElement);
  const command = find('first-command', HTMLPreElement);
  const said = find('first-said', HTMLParagraphElement);
  const here = new URL('.', location.href).href;
  command.textContent = commandFor(here, isTokenNeeded);
  find('first-socket', HTMLElement).textContent = socketFor(here, isTokenNeeded);
  find('first-copy', HTMLButtonElement).addEventListener('click', async () => {
    const isCopied = await copy(command);
    say(said, isCopied ? 'Copied.' : 'It is selected now: copy it with Ctrl+C, or ⌘C.');
  });
  return {
    show(isFresh) {
      card.hidden = !isFresh;
    },
  };
}

/** HTML of its own, so that it works where the server may reach no other. */
function commandFor(here: string, isTokenNeeded: boolean): string {
  const token = isTokenNeeded ? "-H 'Authorization: Bearer <token>' " : '';
  // The one character of an address that a shell would take for the end of it.
  const address = `${here}screenshot`.replaceAll("'", '%27');
  return `curl -X POST '${address}' ${token}\\\n  -H 'content-type: text/html' -d '<h1>It works</h1>' -o first.png`;
}

function socketFor(here: string, isTokenNeeded: boolean): string {
  return `${here.replace(/^http/, 'ws')}${isTokenNeeded ? '?token=<token>' : ''}`;
}

/** A page that was not loaded over TLS has no clipboard to write to, and elsewhere it may be forbidden. */
async function copy(element: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return document.execCommand('copy');
  }
}
