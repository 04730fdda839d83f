/**
 * The token: asked for once, kept in the tab's session storage and nowhere else, sent in a header by api.ts.
 */
import { find } from './elements.js';

const KEY = 'headcount-token';

interface TokenForm {
  token(): string | null;
  /** Whether the server that served the page wants one. */
  isNeeded(): boolean;
  /** Shows the form. A token that was kept is forgotten, because it was wrong. */
  ask(): void;
  hide(): void;
}

/** `onChange` is called when a token was entered or is to be forgotten. */
export function createTokenForm(onChange: () => void): TokenForm {
  const form = find('token-form', HTMLFormElement);
  const input = find('token', HTMLInputElement);
  const message = find('token-message', HTMLParagraphElement);
  const forget = find('forget', HTMLButtonElement);
  const main = find('main', HTMLElement);
  const token = (): string | null => sessionStorage.getItem(KEY);

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    message.textContent = '';
    sessionStorage.setItem(KEY, input.value);
    input.value = '';
    onChange();
  });
  forget.addEventListener('click', () => {
    sessionStorage.removeItem(KEY);
    onChange();
  });

  return {
    token,
    isNeeded: () => document.querySelector<HTMLMetaElement>('meta[name=headcount-token]')?.content === 'needed',
    ask() {
      message.textContent = token() === null ? '' : 'This token is wrong.';
      sessionStorage.removeItem(KEY);
      forget.hidden = true;
      main.hidden = true;
      form.hidden = false;
      input.focus();
    },
    hide() {
      forget.hidden = token() === null;
      main.hidden = false;
      form.hidden = true;
    },
  };
}
