/**
 * What becomes of browserless's variables, and of names that look like ours.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BROWSERLESS, disabledRoutes, FEATURES } from '../../src/config/browserless.js';
import { parseConfig } from '../../src/config/parse.js';
import { SETTINGS } from '../../src/config/settings.js';
import { ROUTES } from '../../src/http/interface.js';

const test = suite('config/environment');

const said = (environment: Record<string, string>) => {
  const { errors, warnings } = parseConfig(environment);
  return { errors, warnings };
};
const NOTHING = { errors: [], warnings: [] };

test('each variable of browserless is once in the table, and a setting exactly when it says so', () => {
  const names = BROWSERLESS.flatMap((row) => row.names);
  assert.is(new Set(names).size, names.length);
  const settings = Object.values(SETTINGS).flatMap((one): readonly string[] => one.names);
  for (const { names, fate } of BROWSERLESS) {
    for (const name of names) assert.is(settings.includes(name), fate === 'setting', name);
  }
  for (const { names } of Object.values(SETTINGS)) {
    for (const alias of names.slice(1))
      assert.ok(
        BROWSERLESS.some((row) => row.names.includes(alias)),
        alias,
      );
  }
});

test('one that restricts stops the start, one that does not is warned about, both by name and with the reason', () => {
  for (const { names, fate, why } of BROWSERLESS.filter((row) => row.fate !== 'setting')) {
    for (const name of names) {
      const { errors, warnings } = said({ [name]: '--proxy-server=secret' });
      const [one = '', ...more] = fate === 'refused' ? errors : warnings;
      assert.equal([more, errors.length + warnings.length], [[], 1], name);
      assert.ok(one.startsWith(`${name} is set, `) && one.endsWith(why), one);
      assert.not.match(one, 'secret');
    }
  }
});

test('a value that asks for what is so here anyway passes in silence', () => {
  for (const { names, same = [] } of BROWSERLESS) {
    for (const name of names) {
      for (const value of [...same, ...same.map((one) => ` ${one.toUpperCase()} `), '']) {
        assert.equal(said({ [name]: value }), NOTHING, `${name}=${value}`);
      }
    }
  }
  assert.equal(said({ ALLOW_FILE_PROTOCOL: 'false', SINGLE_RUN: 'false', ENABLE_DEBUG_VIEWER: 'true' }), NOTHING);
  assert.is(said({ ALLOW_FILE_PROTOCOL: 'true' }).warnings.length, 1);
  assert.is(said({ SINGLE_RUN: 'true' }).errors.length, 1);
  assert.is(said({ ENABLE_DEBUG_VIEWER: 'false' }).errors.length, 1);
});

test('launch arguments stop the start when they keep pages from something, and only then', () => {
  for (const value of ['["--window-size=1,1","--lang=de"]', '--no-sandbox']) {
    assert.equal(
      [said({ DEFAULT_LAUNCH_ARGS: value }).errors.length, said({ DEFAULT_LAUNCH_ARGS: value }).warnings.length],
      [0, 1],
    );
  }
  for (const value of ['["--lang=de",\n"--proxy-server=a:1"]', '["--host-resolver-rules=MAP * 127.0.0.1"]']) {
    assert.equal(
      [said({ DEFAULT_LAUNCH_ARGS: value }).errors.length, said({ DEFAULT_LAUNCH_ARGS: value }).warnings.length],
      [1, 0],
    );
  }
});

test('features are listed as JSON or with commas; an unknown one stops the start', () => {
  const featuresOf = (value: string) => parseConfig({ DISABLED_FEATURES: value }).config.disabledFeatures;
  assert.equal(featuresOf('["killEndpoint", "prometheus"]'), ['killEndpoint', 'prometheus']);
  assert.equal(featuresOf('killEndpoint,prometheus'), ['killEndpoint', 'prometheus']);
  assert.equal(featuresOf('[]'), []);
  assert.match(
    said({ DISABLED_FEATURES: '["killEndpoint","kill"]' }).errors.join(),
    /^DISABLED_FEATURES is .* expected /,
  );
});

test('every route that a feature of browserless has here can be taken away', () => {
  const disabled = disabledRoutes(FEATURES);
  const mine = Object.keys(ROUTES).filter((name) => disabled.has(name));
  const left = Object.keys(ROUTES).filter((name) => !disabled.has(name));
  assert.equal(left, ['page', 'pageFile', 'live', 'ready', 'active', 'meta', 'test']);
  assert.ok(mine.length > 10);
  assert.equal([...disabledRoutes(['killEndpoint'])], ['kill', 'killAll']);
  assert.equal([...disabledRoutes([])], []);
});

test('an unknown name of ours is warned about, with the one that was meant; those of Kubernetes are not', () => {
  const of = (name: string) => said({ [name]: 'secret' }).warnings;
  assert.equal(of('HEADCOUNT_TOKEN'), ['HEADCOUNT_TOKEN is set, but is no setting; did you mean TOKEN?']);
  assert.equal(of('HEADCOUNT_TOKN'), ['HEADCOUNT_TOKN is set, but is no setting; did you mean TOKEN?']);
  assert.equal(of('HEADCOUNT_TEST_SESSION'), [
    'HEADCOUNT_TEST_SESSION is set, but is no setting; did you mean HEADCOUNT_TEST_SESSIONS?',
  ]);
  assert.equal(of('HEADCOUNT_FROBNICATE'), ['HEADCOUNT_FROBNICATE is set, but is no setting; see --help']);
  assert.is(of('HEADCOUNT_PORTS').length, 1);
  const kubernetes = [
    'SERVICE_HOST',
    'SERVICE_PORT',
    'SERVICE_PORT_HTTP',
    'PORT',
    'PORT_3000_TCP',
    'PORT_3000_TCP_ADDR',
  ];
  for (const name of kubernetes) assert.equal(of(`HEADCOUNT_${name}`), [], name);
  assert.equal(said({ HEADCOUNT_TOKEN: '', HEADCOUNTER: '1' }), NOTHING);
});

test.run();
