/**
 * What a client over WebSocket asks for, in its query or in `launch=`, which are two ways to write the same. In: the
 * query; out: options of a context. What needs a browser of its own is refused. Pure.
 */
import { nearest } from '../nearest.js';
import type { ClientOptions } from '../protocol/cdp.js';
import { FOREIGN_TO_CLIENTS } from '../protocol/jobs/foreign-flags.js';
import { checkProxy } from '../protocol/jobs/page-checks.js';
import { complaint } from '../protocol/jobs/row.js';
import { OF_CONTEXTS, OF_SESSIONS } from './client-parameters.js';

export interface ClientOptionsOptions {
  /** The same for all clients. */
  readonly bounds: Pick<ClientOptions, 'maxPayloadBytes' | 'maxBufferedBytes' | 'idleMs'>;
  readonly allowsInsecureCerts: boolean;
  readonly allowsClientProxy: boolean;
  /** Told of a name that has no effect here. */
  readonly onIgnored: (name: string) => void;
}

const FOREIGN = new Map(FOREIGN_TO_CLIENTS.map((one) => [one.name, one]));
const ANY_FLAG = FOREIGN.get('--…');
const LAUNCH_BYTES_MAX = 8_192;

/** @throws {ServiceError} BAD_REQUEST, with the name and what was expected. */
export function readClientOptions(query: URLSearchParams, options: ClientOptionsOptions): ClientOptions {
  const inQuery = [...query].filter(([name]) => !Object.hasOwn(OF_SESSIONS, name) && name !== 'token');
  const values = new Map<keyof typeof OF_CONTEXTS, unknown>();
  // The query itself comes last, so it wins over `launch=`.
  for (const [name, value] of [...launched(query.get('launch')), ...inQuery]) {
    const parameter = Object.hasOwn(OF_CONTEXTS, name) ? OF_CONTEXTS[name as keyof typeof OF_CONTEXTS] : undefined;
    if (!parameter) {
      meetForeign(name, options);
      continue;
    }
    const meant = parameter.read(value);
    if (meant === undefined) throw complaint(name, `must be ${parameter.expected}`);
    values.set(name as keyof typeof OF_CONTEXTS, meant);
  }
  return optionsOf(values, options);
}

type Values = ReadonlyMap<keyof typeof OF_CONTEXTS, unknown>;

function optionsOf(values: Values, options: ClientOptionsOptions): ClientOptions {
  const { bounds, allowsClientProxy, allowsInsecureCerts } = options;
  const said = <K extends keyof typeof OF_CONTEXTS>(...names: readonly K[]) => {
    const name = names.find((one) => values.has(one));
    // The type is that of the parameter, which has read the value.
    return (name === undefined ? null : values.get(name)) as ReturnType<(typeof OF_CONTEXTS)[K]['read']> | null;
  };
  const ignoresCertificates = said('acceptInsecureCerts', 'ignoreHTTPSErrors', '--ignore-certificate-errors') ?? false;
  if (ignoresCertificates && !allowsInsecureCerts)
    throw complaint('ignoreHTTPSErrors', 'must be false, since only ALLOW_INSECURE_CERTS=true allows it');
  const server = said('externalProxyServer', '--proxy-server') ?? null;
  if (server !== null) {
    if (!allowsClientProxy)
      throw complaint('externalProxyServer', 'must not be there, since only ALLOW_CLIENT_PROXY=true allows it');
    checkProxy({ server }, 'externalProxyServer');
  }
  return {
    ...bounds,
    allowsClientProxy,
    allowsInsecureCerts,
    proxy: server === null ? null : { server },
    emulation: {
      windowSize: said('--window-size') ?? null,
      userAgent: said('--user-agent') ?? null,
      language: said('--accept-lang', '--lang') ?? null,
      timezone: said('timezone') ?? null,
      ignoresCertificates,
    },
  };
}

function meetForeign(name: string, { onIgnored }: ClientOptionsOptions): void {
  const foreign = FOREIGN.get(name) ?? (name.startsWith('--') ? ANY_FLAG : undefined);
  if (foreign?.fate === 'ignored') {
    onIgnored(name);
    return;
  }
  if (foreign) throw complaint(name, foreign.why);
  const meant = nearest(name, [...Object.keys(OF_SESSIONS), ...Object.keys(OF_CONTEXTS), ...FOREIGN.keys()]);
  throw complaint(name, `unknown to sessions over WebSocket${meant === undefined ? '' : `; did you mean ${meant}?`}`);
}

/** What `launch` says, as if it were in the query. */
function launched(launch: string | null): (readonly [name: string, value: string])[] {
  if (launch === null || launch === '') return [];
  const { args = [], defaultViewport, ...others } = parseLaunch(launch);
  if (!Array.isArray(args) || !args.every((one) => typeof one === 'string')) {
    throw complaint('launch.args', 'must be a list of texts');
  }
  const flags = args.map((flag: string): [string, string] => {
    const [name = '', ...value] = flag.split('=');
    return [name.startsWith('--') ? name : `--${name}`, value.join('=')];
  });
  const named = Object.entries(others).map(([name, value]): [string, string] => [name, String(value)]);
  return [...named, ...sizeOf(defaultViewport), ...flags];
}

/** The size of a page, as Puppeteer writes it. null means: as large as the window. */
function sizeOf(viewport: unknown): [string, string][] {
  if (viewport === undefined || viewport === null) return [];
  const { width, height }: { readonly width?: unknown; readonly height?: unknown } = Object(viewport);
  return [['--window-size', `${width},${height}`]];
}

/** `launch` is JSON, or JSON in base64. */
function parseLaunch(launch: string): Readonly<Record<string, unknown>> {
  const text = launch.trimStart().startsWith('{') ? launch : Buffer.from(launch, 'base64').toString();
  try {
    if (text.length > LAUNCH_BYTES_MAX) throw new RangeError('too long');
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // The error below covers this too.
  }
  throw complaint('launch', 'must be a JSON object, or one in base64');
}
