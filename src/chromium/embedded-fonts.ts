/**
 * The fontconfig file that goes with the embedded Chromium. The package's own names folders of a cloud function that
 * exist nowhere else: with it no font is found, and every text is 0 px wide. In: folders; out: the file's text. Pure.
 */

/** The one family in the package's fonts archive; a generic family must end at a font that is really there. */
const PACKAGED_FAMILY = 'Open Sans';

// The machine's own rules come first, so these decide only where it has none; the packaged family is the last resort.
const GENERIC_FAMILIES: Readonly<Record<string, readonly string[]>> = {
  'sans-serif': [],
  serif: ['DejaVu Serif', 'Liberation Serif', 'Noto Serif'],
  monospace: ['DejaVu Sans Mono', 'Liberation Mono', 'Noto Sans Mono'],
  'system-ui': [],
};

/**
 * `homeDir` is written out rather than left as `~`: a browser's HOME is its own private folder.
 * `cacheDir` is a folder that the browser may write, for fontconfig's index.
 */
export function fontsConf(options: {
  readonly packagedFontsDir: string;
  readonly cacheDir: string;
  readonly homeDir: string;
}): string {
  const folders = [
    options.packagedFontsDir,
    '/usr/share/fonts',
    '/usr/local/share/fonts',
    `${options.homeDir}/.fonts`,
    `${options.homeDir}/.local/share/fonts`,
  ];
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">',
    '<fontconfig>',
    ...folders.map((folder) => `  <dir>${escapeXml(folder)}</dir>`),
    `  <cachedir>${escapeXml(options.cacheDir)}</cachedir>`,
    // Below the browser's own home, for one that is another user and may not write there.
    '  <cachedir prefix="xdg">fontconfig</cachedir>',
    '  <include ignore_missing="yes">/etc/fonts/conf.d</include>',
    ...Object.entries(GENERIC_FAMILIES).map(([family, preferred]) => alias(family, [...preferred, PACKAGED_FAMILY])),
    '</fontconfig>',
    '',
  ].join('\n');
}

// <default> goes behind what the machine's rules prefer, where <prefer> would go in front of it.
function alias(family: string, fonts: readonly string[]): string {
  const families = fonts.map((font) => `<family>${font}</family>`).join('');
  return `  <alias><family>${family}</family><default>${families}</default></alias>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
