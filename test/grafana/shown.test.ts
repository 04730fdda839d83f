import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Panel } from './dashboards.js';
import { isSaid, textsFor } from './shown.js';

type Defaults = NonNullable<Panel['fieldConfig']>['defaults'];
type Mapping = NonNullable<Defaults['mappings']>[number];

const special = (match: string): Mapping => ({ type: 'special', options: { match, result: { text: '–' } } });
const states: Mapping = { type: 'value', options: { '0': { text: 'failing' }, '1': { text: 'good' } } };

const test = suite('grafana/shown');

test('a number is shown, and so is the text that stands for it', () => {
  assert.equal(textsFor(panel({}), 0.5), ['0.5']);
  assert.equal(textsFor(panel({ mappings: [states] }), 1), ['good']);
  assert.ok(isSaid(['0']));
});

test('without a number, a panel says something only when it has a text for each way of having none', () => {
  for (const value of [null, Number.NaN]) {
    assert.not.ok(isSaid(textsFor(panel({}), value)));
    assert.not.ok(isSaid(textsFor(panel({ mappings: [states] }), value)));
    assert.not.ok(isSaid(textsFor(panel({ mappings: [special('null+nan')] }), null)), 'no series');
    assert.not.ok(isSaid(textsFor(panel({ noValue: '–' }), Number.NaN)), 'NaN as it is');
    assert.not.ok(isSaid(textsFor(panel({ noValue: '0', mappings: [special('null+nan')] }), null)), 'two texts');
    const both = panel({ noValue: '–', mappings: [states, special('null+nan')] });
    assert.equal([...new Set(textsFor(both, value))], ['–']);
    assert.ok(isSaid(textsFor(both, value)));
  }
});

test('infinity is nothing that anybody meant', () => {
  const both = panel({ noValue: '–', mappings: [special('null+nan')] });
  assert.not.ok(isSaid(textsFor(both, Number.POSITIVE_INFINITY)));
});

test.run();

function panel(defaults: Defaults): Panel {
  return {
    id: 1,
    type: 'stat',
    title: 'One',
    gridPos: { x: 0, y: 0, w: 4, h: 4 },
    fieldConfig: { defaults, overrides: [] },
  };
}
