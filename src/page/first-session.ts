/**
 * On a server that has had no session yet: a first request to copy, with the page's own address.
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

/** The request brings its own HTML, so it works where the server reaches no other site. */
function commandFor(here: string, isTokenNeeded: boolean): string {
  const token = isTokenNeeded ? "-H 'Authorization: Bearer <token>' " : '';
  // The one character in an address that would end the shell's quotes.
  const address = `${here}screenshot`.replaceAll("'", '%27');
  return `curl -X POST '${address}' ${token}\\\n  -H 'content-type: text/html' -d '<h1>It works</h1>' -o first.png`;
}

function socketFor(here: string, isTokenNeeded: boolean): string {
  return `${here.replace(/^http/, 'ws')}${isTokenNeeded ? '?token=<token>' : ''}`;
}

/** A page without TLS has no clipboard, and elsewhere it may be forbidden. Then the text is copied as by hand. */
async function copy(element: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return document.execCommand('copy');
  }
}
