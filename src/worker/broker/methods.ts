/**
 * The methods that a client may use, and for some of them the arguments. Whatever is not in this table is refused. A
 * session with a page reaches the whole browser, so most of what is missing would reach other clients
 * (test/worker/broker/attacks.faults.ts). In: a method and its parameters; out: where it goes, and with what. Pure.
 */
import { isPaste, NO_PASTE } from './clipboard.js';
import { allowedUrl } from './urls.js';

export type Params = Readonly<Record<string, unknown>>;

/** `pass`: it goes to the session that it names. `ours`: the broker carries it out (`commands.ts`). */
export type Verdict =
  | { readonly kind: 'pass' | 'ours'; readonly params: Params }
  | { readonly kind: 'refused'; readonly why: string };

export interface Rights {
  readonly allowsInsecureCerts: boolean;
}

/** Methods of a page, a frame or a worker that reach only the session's own target and what is in it. */
const PASSED: Readonly<Record<string, string>> = {
  Accessibility:
    'disable enable getAXNodeAndAncestors getChildAXNodes getFullAXTree getPartialAXTree getRootAXNode queryAXTree',
  Animation:
    'disable enable getCurrentTime getPlaybackRate releaseAnimations resolveAnimation seekAnimations setPaused ' +
    'setPlaybackRate setTiming',
  Audits: 'checkFormsIssues disable enable getEncodedResponse',
  CSS:
    'addRule collectClassNames createStyleSheet disable enable forcePseudoState forceStartingStyle ' +
    'getAnimatedStylesForNode getBackgroundColors getComputedStyleForNode getEnvironmentVariables ' +
    'getInlineStylesForNode getLayersForNode getLocationForSelector getLonghandProperties getMatchedStylesForNode ' +
    'getMediaQueries getPlatformFontsForNode getStyleSheetText resolveValues setContainerQueryText ' +
    'setEffectivePropertyValueForNode setKeyframeKey setLocalFontsEnabled setMediaText setPropertyRulePropertyName ' +
    'setRuleSelector setScopeText setStyleSheetText setStyleTexts setSupportsText startRuleUsageTracking ' +
    'stopRuleUsageTracking takeComputedStyleUpdates takeCoverageDelta trackComputedStyleUpdates ' +
    'trackComputedStyleUpdatesForNode',
  CacheStorage: 'deleteCache deleteEntry requestCacheNames requestCachedResponse requestEntries',
  Console: 'clearMessages disable enable',
  DOM:
    'collectClassNamesFromSubtree copyTo describeNode disable discardSearchResults enable focus forceShowPopover ' +
    'getAnchorElement getAttributes getBoxModel getContainerForNode getContentQuads getDetachedDomNodes getDocument ' +
    'getElementByRelation getFlattenedDocument getFrameOwner getNodeForLocation getNodeStackTraces ' +
    'getNodesForSubtreeByStyle getOuterHTML getQueryingDescendantsForContainer getRelayoutBoundary getSearchResults ' +
    'getTopLayerElements hideHighlight highlightNode highlightRect markUndoableState moveTo performSearch ' +
    'pushNodeByPathToFrontend pushNodesByBackendIdsToFrontend querySelector querySelectorAll redo removeAttribute ' +
    'removeNode requestChildNodes requestNode resolveNode scrollIntoViewIfNeeded setAttributeValue ' +
    'setAttributesAsText setInspectedNode setNodeName setNodeStackTracesEnabled setNodeValue setOuterHTML undo',
  DOMDebugger:
    'getEventListeners removeDOMBreakpoint removeEventListenerBreakpoint removeInstrumentationBreakpoint ' +
    'removeXHRBreakpoint setBreakOnCSPViolation setDOMBreakpoint setEventListenerBreakpoint ' +
    'setInstrumentationBreakpoint setXHRBreakpoint',
  DOMSnapshot: 'captureSnapshot disable enable getSnapshot',
  DOMStorage: 'clear disable enable getDOMStorageItems removeDOMStorageItem setDOMStorageItem',
  Debugger:
    'continueToLocation disable disassembleWasmModule enable evaluateOnCallFrame getPossibleBreakpoints ' +
    'getScriptSource getStackTrace getWasmBytecode nextWasmDisassemblyChunk pause pauseOnAsyncCall removeBreakpoint ' +
    'restartFrame resume searchInContent setAsyncCallStackDepth setBlackboxExecutionContexts setBlackboxPatterns ' +
    'setBlackboxedRanges setBreakpoint setBreakpointByUrl setBreakpointOnFunctionCall setBreakpointsActive ' +
    'setInstrumentationBreakpoint setPauseOnExceptions setReturnValue setScriptSource setSkipAllPauses ' +
    'setVariableValue stepInto stepOut stepOver',
  DeviceOrientation: 'clearDeviceOrientationOverride setDeviceOrientationOverride',
  // Screens are left out, because they are the browser's.
  Emulation:
    'canEmulate clearDeviceMetricsOverride clearDevicePostureOverride clearDisplayFeaturesOverride ' +
    'clearGeolocationOverride clearIdleOverride getOverriddenSensorInformation resetPageScaleFactor ' +
    'setAutoDarkModeOverride setAutomationOverride setCPUThrottlingRate setDataSaverOverride ' +
    'setDefaultBackgroundColorOverride setDeviceMetricsOverride setDevicePostureOverride setDisabledImageTypes ' +
    'setDisplayFeaturesOverride setDocumentCookieDisabled setEmitTouchEventsForMouse setEmulatedMedia ' +
    'setEmulatedOSTextScale setEmulatedVisionDeficiency setFocusEmulationEnabled setGeolocationOverride ' +
    'setHardwareConcurrencyOverride setIdleOverride setLocaleOverride setNavigatorOverrides setPageScaleFactor ' +
    'setPressureDataOverride setPressureSourceOverrideEnabled setPressureStateOverride setSafeAreaInsetsOverride ' +
    'setScriptExecutionDisabled setScrollbarsHidden setSensorOverrideEnabled setSensorOverrideReadings ' +
    'setSmallViewportHeightDifferenceOverride setTimezoneOverride setTouchEmulationEnabled setUserAgentOverride ' +
    'setVirtualTimePolicy setVisibleSize',
  EventBreakpoints: 'disable removeInstrumentationBreakpoint setInstrumentationBreakpoint',
  FedCm: 'clickDialogButton disable dismissDialog enable openUrl resetCooldown selectAccount',
  Fetch:
    'continueResponse continueWithAuth disable enable failRequest fulfillRequest getResponseBody ' +
    'takeResponseBodyAsStream',
  HeapProfiler:
    'addInspectedHeapObject collectGarbage disable enable getHeapObjectId getObjectByHeapObjectId getSamplingProfile ' +
    'startSampling startTrackingHeapObjects stopSampling stopTrackingHeapObjects takeHeapSnapshot',
  IO: 'close read resolveBlob',
  IndexedDB:
    'clearObjectStore deleteDatabase deleteObjectStoreEntries disable enable getMetadata requestData ' +
    'requestDatabase requestDatabaseNames',
  Input:
    'cancelDragging dispatchMouseEvent dispatchTouchEvent emulateTouchFromMouseEvent ' +
    'imeSetComposition insertText setIgnoreInputEvents setInterceptDrags synthesizePinchGesture ' +
    'synthesizeScrollGesture synthesizeTapGesture',
  Inspector: 'disable enable',
  LayerTree:
    'compositingReasons disable enable loadSnapshot makeSnapshot profileSnapshot releaseSnapshot replaySnapshot ' +
    'snapshotCommandLog',
  Log: 'clear disable enable startViolationsReport stopViolationsReport',
  Media: 'disable enable',
  Memory: 'getDOMCounters',
  Network:
    'canClearBrowserCache canClearBrowserCookies canEmulateNetworkConditions clearAcceptedEncodingsOverride ' +
    'clearBrowserCache clearBrowserCookies deleteCookies disable emulateNetworkConditions ' +
    'emulateNetworkConditionsByRule enable enableReportingApi getAllCookies getCertificate getCookies ' +
    'getRequestPostData getResponseBody getSecurityIsolationStatus overrideNetworkState replayXHR ' +
    'searchInResponseBody setAcceptedEncodings setAttachDebugStack setBlockedURLs setBypassServiceWorker ' +
    'setCacheDisabled setCookie setCookies setExtraHTTPHeaders setUserAgentOverride streamResourceContent',
  Overlay:
    'disable enable getGridHighlightObjectsForTest getHighlightObjectForTest ' +
    'getSourceOrderHighlightObjectForTest hideHighlight highlightFrame highlightNode highlightQuad highlightRect ' +
    'highlightSourceOrder setInspectMode setPausedInDebuggerMessage setShowAdHighlights ' +
    'setShowContainerQueryOverlays setShowDebugBorders setShowFPSCounter setShowFlexOverlays setShowGridOverlays ' +
    'setShowHinge setShowHitTestBorders setShowIsolatedElements setShowLayoutShiftRegions setShowPaintRects ' +
    'setShowScrollBottleneckRects setShowScrollSnapOverlays setShowViewportSizeOnResize setShowWebVitals',
  Page:
    'addScriptToEvaluateOnLoad addScriptToEvaluateOnNewDocument bringToFront captureScreenshot captureSnapshot ' +
    'clearDeviceMetricsOverride clearDeviceOrientationOverride clearGeolocationOverride close crash ' +
    'createIsolatedWorld deleteCookie disable enable generateTestReport getAdScriptAncestry getAppId getAppManifest ' +
    'getFrameTree getInstallabilityErrors getLayoutMetrics getManifestIcons getNavigationHistory getOriginTrials ' +
    'getPermissionsPolicyState getResourceContent getResourceTree handleJavaScriptDialog navigateToHistoryEntry ' +
    'printToPDF reload removeScriptToEvaluateOnLoad removeScriptToEvaluateOnNewDocument resetNavigationHistory ' +
    'screencastFrameAck searchInResource setAdBlockingEnabled setBypassCSP setDeviceMetricsOverride ' +
    'setDeviceOrientationOverride setDocumentContent setFontFamilies setFontSizes setGeolocationOverride ' +
    'setInterceptFileChooserDialog setLifecycleEventsEnabled setPrerenderingAllowed setTouchEmulationEnabled ' +
    'setWebLifecycleState startScreencast stopLoading stopScreencast waitForDebugger',
  Performance: 'disable enable getMetrics setTimeDomain',
  PerformanceTimeline: 'enable',
  Preload: 'disable enable',
  Profiler:
    'disable enable getBestEffortCoverage setSamplingInterval start startPreciseCoverage stop stopPreciseCoverage ' +
    'takePreciseCoverage',
  Runtime:
    'addBinding awaitPromise callFunctionOn compileScript disable discardConsoleEntries enable evaluate ' +
    'getExceptionDetails getHeapUsage getIsolateId getProperties globalLexicalScopeNames queryObjects releaseObject ' +
    'releaseObjectGroup removeBinding runIfWaitingForDebugger runScript setAsyncCallStackDepth ' +
    'setCustomObjectFormatterEnabled setMaxCallStackSizeToCapture terminateExecution',
  Schema: 'getDomains',
  Security: 'disable enable',
  ServiceWorker:
    'deliverPushMessage disable dispatchPeriodicSyncEvent dispatchSyncEvent enable setForceUpdateOnPageLoad ' +
    'skipWaiting startWorker stopAllWorkers stopWorker unregister updateRegistration',
  Storage:
    'clearDataForOrigin clearDataForStorageKey getStorageKey getStorageKeyForFrame getUsageAndQuota ' +
    'overrideQuotaForOrigin trackCacheStorageForOrigin trackCacheStorageForStorageKey trackIndexedDBForOrigin ' +
    'trackIndexedDBForStorageKey untrackCacheStorageForOrigin untrackCacheStorageForStorageKey ' +
    'untrackIndexedDBForOrigin untrackIndexedDBForStorageKey',
  WebAudio: 'disable enable getRealtimeData',
  WebAuthn:
    'addCredential addVirtualAuthenticator clearCredentials disable enable getCredential getCredentials ' +
    'removeCredential removeVirtualAuthenticator setAutomaticPresenceSimulation setCredentialProperties ' +
    'setResponseOverrideBits setUserVerified',
};

/** Methods that the broker carries out, because it knows who owns what; and their keys. From a root or a page alike. */
const OURS: Readonly<Record<string, string>> = {
  'Browser.cancelDownload': 'guid browserContextId',
  'Browser.close': '',
  'Browser.getVersion': '',
  'Browser.getWindowBounds': 'windowId',
  'Browser.getWindowForTarget': 'targetId',
  'Browser.grantPermissions': 'permissions origin browserContextId',
  'Browser.resetPermissions': 'browserContextId',
  'Browser.setContentsSize': 'windowId width height',
  'Browser.setDownloadBehavior': 'behavior browserContextId eventsEnabled',
  'Browser.setPermission': 'permission setting origin embeddedOrigin browserContextId',
  'Browser.setWindowBounds': 'windowId bounds',
  'Storage.clearCookies': 'browserContextId',
  'Storage.getCookies': 'browserContextId',
  'Storage.setCookies': 'cookies browserContextId',
  'Target.activateTarget': 'targetId',
  'Target.attachToBrowserTarget': '',
  'Target.attachToTarget': 'targetId flatten',
  'Target.closeTarget': 'targetId',
  // `disposeOnDetach` is left out: contexts go with their client anyway.
  'Target.createBrowserContext': 'proxyServer proxyBypassList',
  'Target.createTarget': 'url left top width height windowState browserContextId newWindow background forTab focus',
  'Target.detachFromTarget': 'sessionId targetId',
  'Target.disposeBrowserContext': 'browserContextId',
  'Target.getBrowserContexts': '',
  'Target.getTargetInfo': 'targetId',
  'Target.getTargets': 'filter',
  'Target.setAutoAttach': 'autoAttach waitForDebuggerOnStart flatten filter',
  'Target.setDiscoverTargets': 'discover filter',
};

/** Returns the parameters to pass on, or the reason why not. */
type Judge = (params: Params, rights: Rights) => Params | string;

const NO_URL = 'is not allowed with this URL';
const NO_FILES =
  'is not allowed with files: those of your machine are out of reach from here, and those of the server are not ' +
  'yours; make them in the page, as DataTransfer with File objects';

/** Methods that are passed on only with some arguments. */
const JUDGED: Readonly<Record<string, Judge>> = {
  'DOM.setFileInputFiles': (params) => (isEmptyArray(params['files']) ? params : NO_FILES),
  'Fetch.continueRequest': withUrl,
  'Input.dispatchDragEvent': (params) => {
    const files = isObject(params['data']) ? params['data']['files'] : undefined;
    return files === undefined || isEmptyArray(files) ? params : NO_FILES;
  },
  'Input.dispatchKeyEvent': (params) => (isPaste(params) ? NO_PASTE : params),
  'Network.loadNetworkResource': withUrl,
  'Page.navigate': withUrl,
  'Security.handleCertificateError': ifInsecure,
  'Security.setIgnoreCertificateErrors': ifInsecure,
  'Security.setOverrideCertificateErrors': ifInsecure,
};

const PASSED_METHODS: ReadonlySet<string> = new Set(
  Object.entries(PASSED).flatMap(([domain, names]) => names.split(' ').map((name) => `${domain}.${name}`)),
);
const OURS_KEYS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(OURS).map(([method, keys]) => [method, keys.split(' ')]),
);
const JUDGES: ReadonlyMap<string, Judge> = new Map(Object.entries(JUDGED));

/** All that there is, for whoever looks through it. */
export const ALLOWED_METHODS: readonly string[] = [...PASSED_METHODS, ...OURS_KEYS.keys(), ...JUDGES.keys()].sort();

/** `isRoot`: the command is for the browser, which a client shares; otherwise it is for a target of its own. */
export function judge(method: string, params: Params, { isRoot, rights }: Asking): Verdict {
  const keys = OURS_KEYS.get(method);
  if (keys) return ours(params, keys);
  if (isRoot) return refused(method);
  if (PASSED_METHODS.has(method)) return { kind: 'pass', params };
  const judged = JUDGES.get(method)?.(params, rights);
  if (judged === undefined) return refused(method);
  return typeof judged === 'string' ? refused(method, judged) : { kind: 'pass', params: judged };
}

interface Asking {
  readonly isRoot: boolean;
  readonly rights: Rights;
}

/** Drops keys that are not in the table, because a later Chromium may give them a meaning. */
function ours(params: Params, keys: readonly string[]): Verdict {
  const known = Object.entries(params).filter(([key]) => keys.includes(key));
  return { kind: 'ours', params: Object.fromEntries(known) };
}

function refused(method: string, why = 'is not allowed'): Verdict {
  return { kind: 'refused', why: `headcount: ${method} ${why}` };
}

function withUrl(params: Params): Params | string {
  if (params['url'] === undefined) return params;
  const url = typeof params['url'] === 'string' ? allowedUrl(params['url']) : undefined;
  return url === undefined ? NO_URL : { ...params, url };
}

function ifInsecure(params: Params, { allowsInsecureCerts }: Rights): Params | string {
  return allowsInsecureCerts ? params : 'is not allowed: the server does not take certificates that are not trusted';
}

function isObject(value: unknown): value is Params {
  return typeof value === 'object' && value !== null;
}

function isEmptyArray(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
