/**
 * Source files as the layout rules see them: the text, the text with comments and the insides of strings blanked, and
 * the imports. By a scanner of a hundred lines, because a compiler has no stable interface. It relies on formatted
 * code, and is right about strings, templates, comments and regular expressions.
 */

export interface Source {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly specifier: string;
  /** The import is erased before the code runs. */
  readonly isType: boolean;
}

const STATIC_IMPORT = /^(import|export)\b(?:([^'"`;]*?)\sfrom)?\s*'([^'\n]+)'/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*'([^'\n]+)'/g;
/** After these, a `/` begins a regular expression. */
const BEFORE_REGEX = /(?:^|[=(,:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|await|yield|throw))\s*$/;

/** Every import and re-export in `text`: static ones at the start of a line, then dynamic ones anywhere in code. */
export function importsOf(text: string): Import[] {
  const code = blank(text, { strings: false });
  const outside = blank(text);
  // The same words within a string are no import.
  const isCode = ({ index, 0: words }: RegExpExecArray): boolean => outside.startsWith(words.slice(0, 6), index);
  const found: Import[] = [];
  for (const match of [...code.matchAll(STATIC_IMPORT)].filter(isCode)) {
    found.push({ specifier: match[3] ?? '', isType: isTypeOnly((match[2] ?? '').trim()) });
  }
  for (const match of [...code.matchAll(DYNAMIC_IMPORT)].filter(isCode)) {
    found.push({ specifier: match[1] ?? '', isType: false });
  }
  return found;
}

/** `text` with comments, and usually the insides of strings, as spaces. Every position stays. */
export function blank(text: string, { strings = true }: { strings?: boolean } = {}): string {
  const out: string[] = [];
  /** The depth of braces at which each open `${` of a template ends. */
  const templates: number[] = [];
  let depth = 0;
  let index = 0;
  const take = (end: number, isBlanked: boolean): void => {
    const part = text.slice(index, end);
    out.push(isBlanked ? part.replace(/[^\n]/g, ' ') : part);
    index = end;
  };
  const takeString = (end: number): void => {
    take(index + 1, false);
    take(Math.max(end - 1, index), strings);
    take(end, false);
  };

  while (index < text.length) {
    const char = text[index];
    const pair = text.slice(index, index + 2);
    if (pair === '//') take(endOf(text, '\n', index), true);
    else if (pair === '/*') take(endOf(text, '*/', index + 2) + 2, true);
    else if (char === "'" || char === '"') takeString(endOfString(text, index, char));
    else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      const end = endOfTemplate(text, index);
      if (text[end - 1] === '{') templates.push(depth);
      takeString(end);
    } else if (char === '/' && BEFORE_REGEX.test(text.slice(Math.max(index - 20, 0), index).trimEnd())) {
      takeString(endOfRegex(text, index));
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      take(index + 1, false);
    }
  }
  return out.join('');
}

function isTypeOnly(names: string): boolean {
  if (/^type\s+[^\s,]/.test(names)) return true;
  const list = /^\{([^}]*)\}$/.exec(names)?.[1];
  if (list === undefined) return false;
  const parts = list.split(',').filter((part) => part.trim() !== '');
  return parts.length > 0 && parts.every((part) => /^\s*type\s/.test(part));
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end;
}

function endOfString(text: string, start: number, quote: string): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === quote || text[index] === '\n') return index + 1;
  }
  return text.length;
}

/** The position after the closing backtick, or after the next `${`. */
function endOfTemplate(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === '`') return index + 1;
    else if (text.startsWith('${', index)) return index + 2;
  }
  return text.length;
}

function endOfRegex(text: string, start: number): number {
  let isInClass = false;
  for (let index = start + 1; index < text.length; index++) {
    const char = text[index];
    if (char === '\\') index++;
    else if (char === '[') isInClass = true;
    else if (char === ']') isInClass = false;
    else if (char === '\n' || (char === '/' && !isInClass)) return index + 1;
  }
  return text.length;
}
