/**
 * The fontconfig file for the embedded Chromium. In: folders; out: the file's text. Pure. The package's own file names
 * folders that exist only in a cloud function. With that file no font is found, and every text is 0 px wide.
 */

/** The one family in the package's fonts archive; a generic family must end at a font that is really there. */
const PACKAGED_FAMILY = 'Open Sans';

// The machine's own rules come first, so these decide only where it has none. The packaged family is the last resort.
const GENERIC_FAMILIES: Readonly<Record<string, readonly string[]>> = {
  'sans-serif': [],
  serif: ['DejaVu Serif', 'Liberation Serif', 'Noto Serif'],
  monospace: ['DejaVu Sans Mono', 'Liberation Mono', 'Noto Sans Mono'],
  'system-ui': [],
};

/**
 * `homeDir` is written out, because `~` would be the browser's HOME, which is a private folder of its own. `cacheDir`
 * is a folder that the browser may write, for fontconfig's index.
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
    // Below the browser's own home: it may run as another user, who cannot write into `cacheDir`.
    '  <cachedir prefix="xdg">fontconfig</cachedir>',
    '  <include ignore_missing="yes">/etc/fonts/conf.d</include>',
    ...Object.entries(GENERIC_FAMILIES).map(([family, preferred]) => alias(family, [...preferred, PACKAGED_FAMILY])),
    '</fontconfig>',
    '',
  ].join('\n');
}

// <default> goes behind what the machine's rules prefer; <prefer> would go in front.
function alias(family: string, fonts: readonly string[]): string {
  const families = fonts.map((font) => `<family>${font}</family>`).join('');
  return `  <alias><family>${family}</family><default>${families}</default></alias>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
