/**
 * Remarks on variables that are no settings: browserless's, and names that look like ours. In: an environment; out:
 * complaints and warnings, one line each. Pure.
 */
import { nearest } from '../nearest.js';
import { BROWSERLESS, type Foreign } from './browserless.js';
import { hint } from './flags.js';

const OURS = 'HEADCOUNT_';
/** Kubernetes makes these for the pods of a service that is called headcount. */
const OF_KUBERNETES = /^HEADCOUNT_(SERVICE_|PORT(_|$))/;

export interface Remarks {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** `settings`: the names of all variables that are settings. Values are not shown: they may be secret. */
export function remarksOn(
  environment: Readonly<Record<string, string | undefined>>,
  settings: readonly string[],
): Remarks {
  const errors: string[] = [];
  const warnings: string[] = [];
  for (const foreign of BROWSERLESS) {
    for (const name of foreign.names) {
      const value = (environment[name] ?? '').trim();
      if (foreign.fate === 'setting' || value === '' || foreign.same?.includes(value.toLowerCase())) continue;
      if (isRefused(foreign, value)) errors.push(`${name} is set, and would not restrict anything: ${foreign.why}`);
      else warnings.push(`${name} is set, but headcount does not support it: ${foreign.why}`);
    }
  }
  for (const [name, value = ''] of Object.entries(environment)) {
    if (!name.startsWith(OURS) || value === '' || settings.includes(name) || OF_KUBERNETES.test(name)) continue;
    // Most of our settings have no prefix, so the name without it is looked up.
    const meant = nearest(name.slice(OURS.length), settings) ?? name;
    warnings.push(`${name} is set, but is no setting; ${hint(meant, settings)}`);
  }
  return { errors, warnings };
}

function isRefused({ fate, restricting }: Foreign, value: string): boolean {
  return fate === 'refused' && (restricting?.test(value) ?? true);
}
