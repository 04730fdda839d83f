/**
 * The command line of a Chromium: flags that are the same for each, and flags made from options. Pure. The fixed ones
 * are those of Playwright's own launch, read from a process that playwright-core 1.65 had launched. Playwright relies
 * on what they switch, and a shorter list was slower. Read them again when playwright-core is upgraded.
 */

/** All in one flag, because Chromium heeds only the last one of a name. */
const DISABLED_FEATURES = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'TcpPortRandomizationWin',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  'msForceBrowserSignIn',
  'msEdgeUpdateLaunchServicesPreferredVersion',
];

/**
 * WebRTC hides the machine's addresses behind mDNS names, and for that Chromium joins a multicast group: a packet
 * leaves the machine. The policy in `wayOut` tells pages no address at all, so there is nothing to hide.
 */
const DISABLED_BY_US = ['WebRtcHideLocalIpsWithMdns'];

const PLAYWRIGHT_FLAGS = [
  '--disable-field-trial-config',
  '--disable-background-networking',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-back-forward-cache',
  '--disable-breakpad',
  '--disable-component-extensions-with-background-pages',
  '--disable-component-update',
  '--no-default-browser-check',
  '--disable-default-apps',
  '--disable-dev-shm-usage',
  '--disable-edgeupdater',
  '--disable-extensions',
  '--enable-features=CDPScreenshotNewSurface,SkipListAccountsWithoutGaiaCookies',
  '--allow-pre-commit-input',
  '--disable-hang-monitor',
  '--disable-popup-blocking',
  '--disable-prompt-on-repost',
  '--disable-renderer-backgrounding',
  '--disable-updater-scheduler',
  '--force-color-profile=srgb',
  '--metrics-recording-only',
  '--no-first-run',
  '--password-store=basic',
  '--use-mock-keychain',
  '--no-service-autorun',
  '--disable-search-engine-choice-screen',
  '--unsafely-disable-devtools-self-xss-warnings',
  '--enable-unsafe-swiftshader',
  '--edge-skip-compat-layer-relaunch',
  '--disable-stack-profiler',
  '--disable-infobars',
  '--disable-sync',
  '--do-not-de-elevate',
  '--headless',
  '--hide-scrollbars',
  '--mute-audio',
  // The last is not Playwright's: a middle click pastes what was selected anywhere in the browser, by anybody.
  '--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4' +
    ',middleClickPasteAllowed=false',
] as const;

/** What may differ from browser to browser. */
export interface FlagOptions {
  readonly profileDir: string;
  readonly isSandboxed: boolean;
  /** A port where nobody answers: the way out for all that has no exit of its own. */
  readonly deadEndPort: number;
}

export function browserFlags({ profileDir, isSandboxed, deadEndPort }: FlagOptions): string[] {
  return [
    ...PLAYWRIGHT_FLAGS,
    `--disable-features=${[...DISABLED_FEATURES, ...DISABLED_BY_US].join()}`,
    ...(isSandboxed ? [] : ['--no-sandbox']),
    ...wayOut(deadEndPort),
    `--user-data-dir=${profileDir}`,
    '--remote-debugging-pipe',
    '--no-startup-window',
  ];
}

/**
 * Nothing leaves a browser except by the proxy that each context is given. A context without a proxy reaches nobody.
 * WebRTC must not send its packets past the proxy, and only the proxy may ask name servers.
 */
function wayOut(deadEndPort: number): string[] {
  return [
    `--proxy-server=socks5://127.0.0.1:${deadEndPort}`,
    '--proxy-bypass-list=<-loopback>',
    '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  ];
}
