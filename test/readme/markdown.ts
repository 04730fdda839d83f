/**
 * What tests read in a Markdown page: its links, the anchors of its headings, its blocks of code. Pure; right about the
 * Markdown of this repository, which is plain.
 */

export interface Block {
  readonly language: string;
  readonly text: string;
}

const FENCED = /^```(\w*)\n([\s\S]*?)^```$/gm;

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(FENCED)].map(([, language = '', text = '']) => ({ language, text }));
}

/** Targets of links and pictures, as they are written. */
export function linksOf(markdown: string): string[] {
  const prose = markdown.replace(FENCED, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\[[^\][]*\]\(([^)\s]*)\)/g)].map(([, target = '']) => target);
}

/** As GitHub and npm make them, a number behind those that are there already. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  return [...markdown.replace(FENCED, '').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => {
    const anchor = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** Commands of a block for a shell: a line each, those that end in a backslash with the next. */
export function commandsOf(text: string): string[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
}
