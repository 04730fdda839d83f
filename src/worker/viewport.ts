/**
 * The viewport as a client asks for it, as Chromium's metrics of a device. Pure; worker thread.
 */
import type { PageBody } from '../protocol/jobs/page-body.js';

type Viewport = NonNullable<PageBody['viewport']>;

/** What a page is told of the way its device is held, as Puppeteer has it. */
const ORIENTATIONS = {
  true: { type: 'landscapePrimary', angle: 90 },
  false: { type: 'portraitPrimary', angle: 0 },
} as const;

/** For `Emulation.setDeviceMetricsOverride`. */
export function metricsOf({ width, height, deviceScaleFactor = 1, isMobile = false, isLandscape }: Viewport) {
  const held = isLandscape === undefined ? {} : { screenOrientation: ORIENTATIONS[`${isLandscape}`] };
  return { width, height, deviceScaleFactor, mobile: isMobile, ...held };
}
