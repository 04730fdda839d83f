/**
 * The viewport that a client asks for, as Chromium's metrics of a device. Pure; worker thread.
 */
import type { PageBody } from '../protocol/jobs/page-body.js';

type Viewport = NonNullable<PageBody['viewport']>;

/** What a page is told about how its device is held; the values are Puppeteer's. */
const ORIENTATIONS = {
  true: { type: 'landscapePrimary', angle: 90 },
  false: { type: 'portraitPrimary', angle: 0 },
} as const;

/** For `Emulation.setDeviceMetricsOverride`. */
export function metricsOf({ width, height, deviceScaleFactor = 1, isMobile = false, isLandscape }: Viewport) {
  const held = isLandscape === undefined ? {} : { screenOrientation: ORIENTATIONS[`${isLandscape}`] };
  return { width, height, deviceScaleFactor, mobile: isMobile, ...held };
}
