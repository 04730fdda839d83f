/**
 * Every spelling of the addresses that matter, under every policy, and with rules on top.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Address, parseAddress } from '../../src/egress/addresses.js';
import { parseHost } from '../../src/egress/host.js';
import { createPolicy, type PolicySettings } from '../../src/egress/policy.js';
import { parseRules } from '../../src/egress/rules.js';
import { NETWORK_POLICIES, type NetworkPolicy } from '../../src/protocol/egress.js';

const test = suite('egress/policy');

/** Why it is denied, with the host as a page spells it; null: it is allowed. */
function judge(settings: Partial<PolicySettings>, spelled: string, port = 80, addresses?: readonly string[]) {
  const host = parseHost(spelled);
  if (!host) throw new Error(`${spelled} is no host`);
  const own = host.kind === 'address' ? [host.address] : [];
  const policy = createPolicy({ policy: 'open', allow: '', deny: '', ...settings });
  return policy.judge(host, addresses ? addresses.map(address) : own, port);
}

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (!parsed) throw new Error(`${text} is no address`);
  return parsed;
}

function deniedBy(spelled: string): readonly NetworkPolicy[] {
  return NETWORK_POLICIES.filter((policy) => judge({ policy }, spelled) !== null);
}

const NONE: readonly NetworkPolicy[] = [];
const PUBLIC: readonly NetworkPolicy[] = ['public'];
const BOTH: readonly NetworkPolicy[] = ['no-metadata', 'public'];

const SPELLINGS: readonly (readonly [readonly NetworkPolicy[], readonly string[]])[] = [
  [NONE, ['8.8.8.8', '1.1.1.1.', '192.88.98.1', '2606:4700::1111', '[2a00:1450:4001::200e]']],
  // Through a gateway to a public address.
  [NONE, ['64:ff9b::8.8.8.8', '2002:808:808::1', '::ffff:8.8.8.8']],
  [
    PUBLIC,
    ['127.0.0.1', '0x7f.1', '2130706433', '017700000001', '127.1', '１２７.0.0.1', '127。0。0。1', '127.0.0.1.'],
  ],
  [PUBLIC, ['0.0.0.0', '0', '::', '::1', '[::1]', '::ffff:127.0.0.1', '::127.0.0.1', '64:ff9b::7f00:1']],
  [PUBLIC, ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '::ffff:10.0.0.1', '::10.0.0.1']],
  [PUBLIC, ['192.0.0.8', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1']],
  [PUBLIC, ['255.255.255.255', '192.88.99.1', '192.175.48.1', '192.31.196.1', '192.52.193.1', '0.1.2.3']],
  [PUBLIC, ['fc00::1', 'fd12::1', 'fec0::1', 'ff02::1', '100::1', '2001:db8::1', '3fff::1', '5f00::1', '2001:2::1']],
  [PUBLIC, ['2001:10::1', '2001:20::1', '2001:30::1', '2620:4f:8000::1', '4000::1', '::ffff:0:8.8.8.8', '::8.8.8.8']],
  [
    PUBLIC,
    ['64:ff9b::10.0.0.1', '2002:a00:1::1', '64:ff9b:1::8.8.8.8', '2002:7f00:1::', '2001:0:808:808:0:0:f5ff:fffe'],
  ],
  // ISATAP below a public prefix, leading to 10.0.0.1.
  [PUBLIC, ['2606:4700::5efe:a00:1', '2606:4700::200:5efe:a00:1']],
  [BOTH, ['169.254.169.254', '169.254.0.1', '0xa9.254.169.254', '2852039166', '0251.0376.0251.0376', '169.254.43518']],
  [BOTH, ['１６９.254.169.254', '①⑥⑨.254.169.254', '169.254.169.254.', '169。254。169。254', '0xA9FEA9FE']],
  [BOTH, ['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '::a9fe:a9fe', '::ffff:0:a9fe:a9fe', '2002:a9fe:a9fe::1']],
  [BOTH, ['64:ff9b::a9fe:a9fe', '64:ff9b:1::a9fe:a9fe', '64:ff9b:1:a9fe:a9:fe00::', '64:ff9b:1:a9:fe:a9fe::']],
  [
    BOTH,
    ['64:ff9b:1:0:a9:fea9:fe00:0', '2001:0:a9fe:a9fe::1', '2001::5601:5601', 'fe80::1', 'fe80::a9fe:a9fe', 'febf::1'],
  ],
  [BOTH, ['2606:4700::5efe:a9fe:a9fe', 'fe80::5efe:a9fe:a9fe']],
  [BOTH, ['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:42::42']],
  [
    BOTH,
    [
      'fd00:a9fe:a9fe::1',
      '64:ff9b::100.100.100.200',
      '::ffff:168.63.129.16',
      'metadata.google.internal',
      'METADATA.goog.',
    ],
  ],
];

test('denies addresses by what they are, however they are spelled', () => {
  for (const [denied, spellings] of SPELLINGS) {
    for (const spelled of spellings) assert.equal(deniedBy(spelled), denied, spelled);
  }
});

test('takes nothing for a host that would be more, or less, in a URL', () => {
  for (const raw of [
    '',
    ' ',
    'a b',
    'a/b',
    'a@b',
    'a:80',
    'a#b',
    'a?b',
    'a\\b',
    '%31',
    'fe80::1%eth0',
    '[::1',
    '1.2.3.4.5',
  ]) {
    assert.is(parseHost(raw), null, raw);
  }
  for (const raw of ['a\tb', 'a\0', '256.256.256.256', '[::1]x', '.', `${'a.'.repeat(127)}b`]) {
    assert.is(parseHost(raw), null, raw);
  }
});

test('makes names plain', () => {
  for (const raw of ['Example.COM', 'example.com.', 'ｅxample.com']) assert.is(parseHost(raw)?.text, 'example.com');
  assert.is(parseHost('bücher.example')?.text, 'xn--bcher-kva.example');
  assert.is(parseHost('_a.b-.example')?.text, '_a.b-.example');
});

test('says who denies what, and why', () => {
  assert.is(
    judge({ policy: 'no-metadata' }, '169.254.169.254'),
    'policy no-metadata denies 169.254.169.254 (link-local)',
  );
  assert.is(
    judge({ policy: 'public' }, 'a.example', 80, ['8.8.8.8', '::ffff:10.0.0.1']),
    'policy public denies 10.0.0.1 of a.example (private)',
  );
  assert.is(judge({ policy: 'public' }, '64:ff9b::10.0.0.1'), 'policy public denies 64:ff9b::a00:1 (private)');
  assert.is(judge({ deny: '10.0.0.0/8' }, '10.0.0.1'), '10.0.0.1 is denied by NETWORK_DENY 10.0.0.0/8');
  assert.is(judge({ deny: '*.example' }, 'b.a.example'), 'b.a.example is denied by NETWORK_DENY *.example');
});

test('denies a name by any of its addresses', () => {
  const settings = { policy: 'public' } as const;
  assert.is(judge(settings, 'a.example', 80, ['8.8.8.8', '2606:4700::1']), null);
  assert.ok(judge(settings, 'a.example', 80, ['8.8.8.8', '10.0.0.1']));
  assert.ok(judge(settings, 'a.example', 80, ['2606:4700::1', '::1']));
});

test('denies before it allows, and allows before the policy', () => {
  const settings = { policy: 'public', allow: '10.0.0.0/8, host.example', deny: '10.1.0.0/16' } as const;
  assert.is(judge(settings, '10.0.0.1'), null);
  assert.ok(judge(settings, '10.1.0.1'));
  assert.ok(judge(settings, '192.168.0.1'));
  assert.is(judge(settings, 'a.example', 80, ['10.0.0.1', '8.8.8.8']), null, 'each is allowed, one by a rule');
  assert.ok(judge(settings, 'a.example', 80, ['10.0.0.1', '192.168.0.1']));
  assert.is(judge(settings, 'host.example', 80, ['192.168.0.1']), null, 'whatever it has');
  assert.ok(judge(settings, 'host.example', 80, ['10.1.0.1']), 'but what is denied');
});

test('denies what an address carries, and allows only the address', () => {
  assert.ok(judge({ deny: '10.0.0.0/8' }, '64:ff9b::10.0.0.1'));
  assert.ok(judge({ policy: 'public', allow: '10.0.0.0/8' }, '64:ff9b::10.0.0.1'));
  assert.is(judge({ policy: 'public', allow: '10.0.0.0/8' }, '::ffff:10.0.0.1'), null, 'mapped is IPv4');
});

const RULES: readonly (readonly [rule: string, meant: readonly string[], others: readonly string[]])[] = [
  ['a.example', ['a.example:1', 'A.example.:1'], ['b.a.example:1', 'a.example.org:1', 'ba.example:1']],
  ['*.a.example', ['b.a.example:1', 'c.b.a.example:1'], ['a.example:1', 'ba.example:1']],
  ['.a.example', ['b.a.example:1'], ['a.example:1']],
  ['a.example:443', ['a.example:443'], ['a.example:80']],
  ['a.example:80-90', ['a.example:80', 'a.example:90'], ['a.example:79', 'a.example:91']],
  [':25', ['a.example:25', '8.8.8.8:25', '[2606:4700::2]:25'], ['a.example:26']],
  [':6000-6063', ['a.example:6000', '1.2.3.4:6063'], ['a.example:5999']],
  ['*', ['a.example:1', '1.2.3.4:1', '[2606:4700::2]:1'], []],
  ['*:22', ['a.example:22'], ['a.example:23']],
  ['<local>', ['intranet:1'], ['a.example:1', '1.2.3.4:1']],
  ['10.0.0.0/8', ['10.255.0.1:1'], ['11.0.0.1:1', 'a.example:1']],
  ['10.0.0.1', ['10.0.0.1:1', '[::ffff:10.0.0.1]:1'], ['10.0.0.2:1']],
  ['0x7f.1', ['127.0.0.1:1'], ['127.0.0.2:1']],
  ['10.0.0.0/8:80', ['10.1.1.1:80'], ['10.1.1.1:81']],
  ['2001:db8::/32', ['[2001:db8:1::1]:1'], ['[2001:db9::1]:1']],
  ['2001:db8::1', ['[2001:db8::1]:1'], ['[2001:db8::2]:1']],
  ['[2001:db8::1]', ['[2001:db8::1]:1'], ['[2001:db8::2]:1']],
  ['[2001:db8::1]:443', ['[2001:db8::1]:443'], ['[2001:db8::1]:444']],
  ['[2001:db8::]/32:1-9', ['[2001:db8::7]:9'], ['[2001:db8::7]:10']],
  ['[2001:db8::/32]:1-9', ['[2001:db8::7]:9'], ['[2001:db8::7]:10']],
  ['0.0.0.0/0', ['1.2.3.4:1'], ['[2606:4700::2]:1', 'a.example:1']],
];

test('reads rules', () => {
  const isDenied = (deny: string, at: string): boolean => {
    const [, host = '', port] = /^(.*):(\d+)$/.exec(at) ?? [];
    return judge({ deny }, host, Number(port)) !== null;
  };
  for (const [deny, meant, others] of RULES) {
    for (const at of meant) assert.ok(isDenied(deny, at), `${deny} means ${at}`);
    for (const at of others) assert.not(isDenied(deny, at), `${deny} does not mean ${at}`);
    for (const at of meant)
      assert.ok(isDenied(`x.invalid,, ${deny}\ny.invalid`, at), `among others ${deny} means ${at}`);
  }
});

test('names the entry that is no rule', () => {
  for (const entry of [
    '10.0.0.0/33',
    '::/129',
    'a.example/8',
    'a.*.example',
    '*a',
    'a.example:0x1',
    ':70000',
    ':9-1',
    ':',
  ]) {
    const parsed = parseRules(`fine.example ${entry}`);
    assert.is(parsed.kind === 'error' && parsed.message.startsWith(`'${entry}' is no `), true, entry);
  }
  for (const entry of [
    'http://a.example',
    '10.0.0.0/8/8',
    '1.2.3.4.5',
    '[::1',
    'fe80::1%eth0',
    '*.10.0.0.1',
    'a@b',
    '<loopback>',
  ]) {
    assert.is(parseRules(entry).kind, 'error', entry);
  }
  assert.equal(parseRules(' '), { kind: 'rules', rules: [] });
});

test.run();
