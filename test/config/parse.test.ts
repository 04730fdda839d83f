/**
 * What an administrator may write, and what is said when it is wrong.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { flagOf, helpText, parseConfig, shownConfig } from '../../src/config/parse.js';
import { SETTINGS } from '../../src/config/settings.js';

const test = suite('config/parse');

test('nothing said: the defaults, no complaint, nothing beyond loopback', () => {
  const { config, errors, warnings } = parseConfig({});
  assert.equal([errors, warnings], [[], []]);
  assert.equal([config.port, config.host, config.token, config.workers], [3000, '127.0.0.1', null, null]);
  assert.equal(
    [config.concurrent, config.queueLength, config.timeoutMs, config.maxTimeoutMs],
    [10, 10, 30_000, 900_000],
  );
  assert.equal([config.maxPayloadBytes, config.periodMs, config.periods], [5 * 2 ** 20, 300_000, 2016]);
});

test('every name of a setting works, ours before the others, and an empty one is not set', () => {
  for (const [, { names }] of Object.entries(SETTINGS)) {
    for (const name of names) {
      const { errors } = parseConfig({ [name]: '\u0000not a value\u0000' });
      // A text or a path takes everything. All other complaints name the variable as it was written.
      assert.ok(errors.length === 0 || errors[0]?.startsWith(`${name} is `), `${name}: ${errors}`);
    }
  }
  const { config } = parseConfig({ CONCURRENT: '3', MAX_CONCURRENT_SESSIONS: '4', QUEUED: '5', MAX_QUEUE_LENGTH: '' });
  assert.equal([config.concurrent, config.queueLength], [4, 5]);
  assert.is(parseConfig({ TIMEOUT: '-1' }).config.timeoutMs, null);
});

test('all that is wrong is said at once, with the name that was used and what was expected', () => {
  const { errors } = parseConfig(
    {
      PORT: '70000',
      CONCURRENT: '1.5',
      TIMEOUT: '0',
      MAX_PAYLOAD_SIZE: '5 apples',
      ENABLE_CORS: 'yes',
      LOG_LEVEL: 'loud',
    },
    ['--workers', '0', '--nonsense', '--queue-timeout=x', '--token'],
  );
  const expected = ['PORT is "70000"', 'CONCURRENT is "1.5"', 'TIMEOUT is "0"', 'MAX_PAYLOAD_SIZE is "5 apples"'];
  expected.push('ENABLE_CORS is "yes"', 'LOG_LEVEL is "loud"', '--workers is "0"', '--nonsense is not a flag');
  expected.push('--queue-timeout is "x"', '--token wants a value');
  for (const one of expected)
    assert.ok(
      errors.some((error) => error.startsWith(one)),
      `${one}: ${errors.join('; ')}`,
    );
  assert.is(errors.length, expected.length, errors.join('; '));
  assert.match(errors.join(), 'a whole number from 0 to 65535');
});

test('booleans, sizes, numbers, limits: both sides of each edge', () => {
  const good: [string, string, keyof ReturnType<typeof parseConfig>['config'], unknown][] = [
    ['ENABLE_CORS', 'TRUE', 'enableCors', true],
    ['ENABLE_CORS', '0', 'enableCors', false],
    ['MAX_PAYLOAD_SIZE', '1', 'maxPayloadBytes', 1],
    ['MAX_PAYLOAD_SIZE', '1.5kb', 'maxPayloadBytes', 1536],
    ['MAX_PAYLOAD_SIZE', ' 2 GB ', 'maxPayloadBytes', 2 ** 31],
    ['PORT', '0', 'port', 0],
    ['PORT', '65535', 'port', 65_535],
    ['MAX_TIMEOUT', '-1', 'maxTimeoutMs', null],
    ['LOG_LEVEL', 'Silent', 'logLevel', 'silent'],
  ];
  for (const [name, value, key, expected] of good) {
    const { config, errors } = parseConfig({ [name]: value });
    assert.equal([errors, config[key]], [[], expected], `${name}=${value}`);
  }
  const bad: [string, string][] = [
    ['ENABLE_CORS', '2'],
    ['MAX_PAYLOAD_SIZE', '0'],
    ['MAX_PAYLOAD_SIZE', '3gb'],
    ['MAX_PAYLOAD_SIZE', '-1'],
    ['MAX_PAYLOAD_SIZE', 'mb'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '0x10'],
    ['PORT', '1e3'],
    ['PORT', 'Infinity'],
    ['TIMEOUT', '-2'],
    ['QUEUED', '-1'],
    ['PROXY_URL', 'ftp://a.test'],
    ['PROXY_URL', 'example.com'],
    ['METRICS_PERIOD_MS', '999'],
  ];
  for (const [name, value] of bad) assert.is(parseConfig({ [name]: value }).errors.length, 1, `${name}=${value}`);
});

test('files of authorities are paths with commas between, seen from where the server was started', () => {
  const { config } = parseConfig({ EXTRA_CA_CERTS: '/etc/ssl/a.pem, b.pem' });
  assert.equal(config.extraCaCerts, ['/etc/ssl/a.pem', `${process.cwd()}/b.pem`]);
  assert.is(shownConfig(config)['EXTRA_CA_CERTS'], `/etc/ssl/a.pem, ${process.cwd()}/b.pem`);
  assert.is(parseConfig({}).config.extraCaCerts, null);
  assert.match(parseConfig({ EXTRA_CA_CERTS: 'a.pem,' }).errors.join(), 'EXTRA_CA_CERTS');
});

test('who may call by CORS: lists as a header has them, and nothing that could end a header', () => {
  const { config, errors } = parseConfig({
    CORS_ALLOW_ORIGIN: 'https://A.test, http://b.test:8080/,http://c.test:80',
    CORS_ALLOW_METHODS: 'POST',
    CORS_ALLOW_HEADERS: 'X-One,x_two',
    CORS_MAX_AGE: '0',
  });
  assert.equal(errors, []);
  assert.equal(config.corsAllowOrigin, ['https://a.test', 'http://b.test:8080', 'http://c.test']);
  assert.equal(
    [config.corsAllowMethods, config.corsAllowHeaders, config.corsMaxAge],
    [['POST'], ['X-One', 'x_two'], 0],
  );
  assert.is(shownConfig(config)['CORS_ALLOW_HEADERS'], 'X-One, x_two');
  assert.equal(parseConfig({}).config.corsAllowOrigin, ['*']);
  const bad = {
    CORS_ALLOW_ORIGIN: ['a.test', 'https://a.test/b', 'https://u@a.test', 'https://a.test,', 'ftp://a.test', 'null'],
    CORS_ALLOW_METHODS: ['GET POST', 'GET,,POST', 'GET\r\nX: y'],
    CORS_ALLOW_HEADERS: ['a:b', ',', 'a\nb'],
    CORS_MAX_AGE: ['-1', '1.5', '2147483648'],
  };
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) assert.is(parseConfig({ [name]: value }).errors.length, 1, `${name}=${value}`);
  }
});

test('where no session may run, none waits', () => {
  const of = (slots: string) => parseConfig({ CONCURRENT: slots, QUEUED: '5' }).config;
  assert.equal([of('0').concurrent, of('0').queueLength], [0, 0]);
  assert.equal([of('1').concurrent, of('1').queueLength], [1, 5]);
});

test('to wait without limit is not the same as not to say how long', () => {
  const waits = (environment: Record<string, string>) => {
    const { config, errors } = parseConfig(environment);
    assert.equal(errors, []);
    return [config.timeoutMs, config.queueTimeoutMs];
  };
  assert.equal(waits({}), [30_000, 30_000]);
  assert.equal(waits({ QUEUE_TIMEOUT: '-1' }), [30_000, null]);
  assert.equal(waits({ QUEUE_TIMEOUT: '' }), [30_000, 30_000]);
  assert.equal(waits({ QUEUE_TIMEOUT: '500' }), [30_000, 500]);
  assert.equal(waits({ TIMEOUT: '9000' }), [9_000, 9_000], 'as the time to run');
  assert.equal(waits({ TIMEOUT: '-1' }), [null, null]);
  assert.equal(waits({ TIMEOUT: '-1', QUEUE_TIMEOUT: '500' }), [null, 500]);
  assert.is(parseConfig({ TIMEOUT: 'x' }).errors.length, 1, 'said of the one that is wrong');
});

test('what has no limit is shown as it is set, and what is not set as null', () => {
  const shown = shownConfig(parseConfig({ QUEUE_TIMEOUT: '-1', MAX_TIMEOUT: '-1' }).config);
  assert.equal([shown['QUEUE_TIMEOUT'], shown['MAX_TIMEOUT'], shown['CONNECTION_TIMEOUT']], [-1, -1, 30_000]);
  const unset = Object.keys(shown).filter((name) => shown[name] === null);
  assert.equal(unset, [
    'TOKEN',
    'TOKEN_FILE',
    'WORKERS',
    'CHROMIUM_PATH',
    'METRICS_FILE',
    'STATE_DIR',
    'EXTRA_CA_CERTS',
    'NETWORK_ALLOW',
    'NETWORK_DENY',
    'HTTPS_PROXY',
    'HTTP_PROXY',
    'ALL_PROXY',
    'NO_PROXY',
    'MAX_SESSION_BYTES',
    'PROXY_URL',
  ]);
});

test('flags win over variables, in both spellings; a boolean may stand alone', () => {
  const { config, errors } = parseConfig({ PORT: '1', CORS: 'false' }, ['--port', '2', '--enable-cors', '--host=::1']);
  assert.equal(errors, []);
  assert.equal([config.port, config.enableCors, config.host], [2, true, '::1']);
  assert.is(parseConfig({}, ['--enable-cors', 'false']).config.enableCors, false);
  assert.is(parseConfig({}, ['--token=a=b']).config.token, 'a=b');
  assert.is(parseConfig({}, ['stray']).errors.length, 1);
});

test('beyond loopback it takes a token, or the word that none is meant', () => {
  for (const host of ['0.0.0.0', '::', '192.168.0.1', 'example.com', '127.0.0.1.example.com', '128.0.0.1']) {
    assert.is(parseConfig({ HOST: host }).errors.length, 1, host);
    assert.is(parseConfig({ HOST: host, TOKEN: 'x' }).errors.length, 0, host);
    assert.is(parseConfig({ HOST: host, ALLOW_ANONYMOUS: 'true' }).errors.length, 0, host);
  }
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1']) {
    assert.is(parseConfig({ HOST: host }).errors.length, 0, host);
  }
});

test('a secret is never shown, in /config or in a complaint', () => {
  const { config } = parseConfig({ TOKEN: 'hunter2', PROXY_URL: 'https://a.test' });
  const shown = shownConfig(config);
  assert.is(shown['TOKEN'], '***');
  assert.is(shown['PROXY_URL'], 'https://a.test/');
  assert.not.match(JSON.stringify(shown), 'hunter2');
  assert.is(shownConfig(parseConfig({}).config)['TOKEN'], null);
  assert.equal(
    Object.keys(shown),
    Object.values(SETTINGS).map(({ names }) => names[0]),
  );
});

test('a token in a file is what is in its one line', () => {
  const of = (text: string, more: Record<string, string> = {}) => {
    const { config, errors } = parseConfig({ TOKEN_FILE: '/run/t', ...more }, [], { readFile: () => text });
    return errors.length === 0 ? config.token : errors.join('; ');
  };
  assert.is(of('hunter2\n'), 'hunter2');
  assert.is(of('hunter2\r\n'), 'hunter2');
  assert.is(of(' hunter2 '), ' hunter2 ');
  assert.is(of('hunter2', { HOST: '0.0.0.0' }), 'hunter2', 'others may reach it then');
  assert.is(of('\ufeffhunter2\r\n'), 'hunter2', 'as some editors write it');
  assert.is(of(''), 'TOKEN_FILE is "/run/t", which is empty');
  assert.is(of('\n', { HOST: '0.0.0.0' }), 'TOKEN_FILE is "/run/t", which is empty');
  assert.is(of('hunter2\n\n'), 'TOKEN_FILE is "/run/t", which has more than one line');
  assert.is(of('x', { TOKEN: 'hunter2' }), 'TOKEN and TOKEN_FILE are both set: one of them is enough');
  const failed = parseConfig({ TOKEN_FILE: '/run/t' }, [], {
    readFile() {
      throw new Error('ENOENT');
    },
  });
  assert.equal(failed.errors, ['TOKEN_FILE is "/run/t", which cannot be read: ENOENT']);
  const { config } = parseConfig({ TOKEN_FILE: '/run/t' }, [], { readFile: () => 'hunter2' });
  assert.equal([shownConfig(config)['TOKEN'], shownConfig(config)['TOKEN_FILE']], ['***', '/run/t']);
});

test('a token as a flag is warned about, since others see it', () => {
  assert.match(parseConfig({}, ['--token', 'hunter2']).warnings.join(), /^a --token shows .* \(ps\)/);
  assert.not.match(parseConfig({}, ['--token', 'hunter2']).warnings.join(), 'hunter2');
  assert.equal(parseConfig({ TOKEN: 'hunter2' }).warnings, []);
});

test("browserless's variables without a meaning here are named once each", () => {
  const { warnings, errors } = parseConfig({ WORKSPACE_DIR: '/a', DEBUGGER: 'true', DEFAULT_STEALTH: '', PORT: '1' });
  assert.equal(errors, []);
  assert.is(warnings.length, 2);
  assert.match(warnings.join(), 'WORKSPACE_DIR');
  assert.match(warnings.join(), 'DEBUGGER');
});

test('the help has every setting with its flag', () => {
  const help = helpText();
  for (const one of Object.values(SETTINGS)) {
    assert.match(help, `${flagOf(one)}, ${one.names.join(', ')}`);
    assert.match(help, one.help);
  }
});

test('whom pages may reach, and by which proxy, is checked at the start', () => {
  const errorsOf = (environment: Record<string, string>): string => parseConfig(environment).errors.join('; ');
  assert.is(errorsOf({ NETWORK_ALLOW: 'a.test:443, *.b.test 10.0.0.0/8 [::1]:80-90 :25' }), '');
  for (const wrong of ['10.0.0.0/33', 'a.test:99999', 'http://a.test', 'a b/8', '*.']) {
    assert.match(errorsOf({ NETWORK_DENY: wrong }), /^NETWORK_DENY is "/, wrong);
  }
  assert.match(errorsOf({ NETWORK_POLICY: 'private' }), 'NETWORK_POLICY is "private", expected one of open');
  assert.match(errorsOf({ NETWORK_POLICY: 'public', ALLOW_CLIENT_PROXY: 'true' }), 'where a proxy of a client leads');
  assert.is(errorsOf({ NETWORK_POLICY: 'no-metadata', ALLOW_CLIENT_PROXY: 'true' }), '');

  const { config, errors } = parseConfig({ https_proxy: 'user:pass@proxy.test:3128', no_proxy: 'a.test' });
  assert.equal([errors, config.httpsProxy, config.noProxy], [[], 'user:pass@proxy.test:3128', 'a.test']);
  assert.is(
    parseConfig({ https_proxy: 'http://b.test', HTTPS_PROXY: 'http://a.test' }).config.httpsProxy,
    'http://a.test',
  );
  assert.is(shownConfig(config)['HTTPS_PROXY'], '***');
  const refused = errorsOf({ ALL_PROXY: 'ftp://user:pass@proxy.test' });
  assert.match(refused, /^ALL_PROXY is "\*\*\*", expected a proxy such as/);
  assert.not.match(refused, 'user:pass@proxy.test"');
});

test.run();
