/**
 * The image, the compose file and Grafana's provisioning, as far as they can be checked without a container engine.
 * They parse, and all that one of them names is in the repository or made by another.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/settings.js';
import { pathsOf, ROUTES } from '../../src/http/interface.js';
import { FONT_PACKAGES } from '../../src/server/fonts.js';

const Text = Type.Record(Type.String(), Type.String());
const Compose = Compile(
  Type.Object({
    services: Type.Record(
      Type.String(),
      Type.Object({
        image: Type.Optional(Type.String()),
        build: Type.Optional(Type.String()),
        command: Type.Optional(Type.Array(Type.String())),
        environment: Type.Optional(Text),
        ports: Type.Array(Type.String()),
        volumes: Type.Optional(Type.Array(Type.String())),
        secrets: Type.Optional(Type.Array(Type.String())),
        depends_on: Type.Optional(Type.Array(Type.String())),
      }),
    ),
    secrets: Type.Record(Type.String(), Type.Object({ environment: Type.String() })),
    volumes: Type.Record(Type.String(), Type.Unknown()),
  }),
);
const Scraping = Compile(
  Type.Object({
    global: Type.Object({ scrape_interval: Type.String() }),
    rule_files: Type.Array(Type.String()),
    scrape_configs: Type.Array(
      Type.Object({
        job_name: Type.String(),
        metrics_path: Type.String(),
        authorization: Type.Optional(Type.Object({ credentials_file: Type.String() })),
        static_configs: Type.Array(Type.Object({ targets: Type.Array(Type.String()) })),
      }),
    ),
  }),
);
const Datasources = Compile(
  Type.Object({
    datasources: Type.Array(
      Type.Object({ type: Type.String(), url: Type.String(), jsonData: Type.Object({ timeInterval: Type.String() }) }),
    ),
  }),
);
const Providers = Compile(
  Type.Object({ providers: Type.Array(Type.Object({ options: Type.Object({ path: Type.String() }) })) }),
);

const compose = read('compose.yaml', Compose);
const dockerfile = readFileSync('Dockerfile', 'utf8').replaceAll('\\\n', ' ');
const settings = Object.values(SETTINGS).flatMap(({ names }): readonly string[] => names);

const PATHS = pathsOf(ROUTES, { apiGet: false, testSessions: false });
const test = suite('grafana/containers');

test('what the services mount, need and wait for is there', () => {
  const { services, volumes, secrets } = compose;
  for (const [name, service] of Object.entries(services)) {
    for (const [from = ''] of mountsOf(service)) {
      const isThere = from.startsWith('./') ? existsSync(from) : from in volumes;
      assert.ok(isThere, `${name} mounts ${from}`);
    }
    for (const secret of service.secrets ?? []) assert.ok(secret in secrets, `${name} needs ${secret}`);
    for (const other of service.depends_on ?? []) assert.ok(other in services, `${name} waits for ${other}`);
    assert.ok(
      service.build === '.' || /^[\w/]+:v?\d+\.\d+\.\d+$/.test(service.image ?? ''),
      `${name}: a fixed version`,
    );
  }
});

test('nothing is reachable from beyond this machine', () => {
  for (const [name, { ports }] of Object.entries(compose.services)) {
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name);
  }
});

test('Prometheus finds its configuration, its rules, the server and the token', () => {
  const { prometheus } = compose.services;
  assert.ok(prometheus);
  const flag = prometheus.command?.find((argument) => argument.startsWith('--config.file=')) ?? '';
  const file = onHost(flag.replace('--config.file=', ''), mountsOf(prometheus));
  const scraping = read(file, Scraping);
  const [job] = scraping.scrape_configs;
  assert.ok(job && scraping.scrape_configs.length === 1);
  const [host, port] = job.static_configs[0]?.targets[0]?.split(':') ?? [];
  assert.ok(host !== undefined && host in compose.services);
  assert.match(dockerfile, new RegExp(`^EXPOSE ${port}$`, 'm'));
  const [secret = ''] = prometheus.secrets ?? [];
  assert.is(job.authorization?.credentials_file, `/run/secrets/${secret}`);
  assert.is(compose.secrets[secret]?.environment, 'TOKEN');
  assert.match(compose.services['headcount']?.environment?.['TOKEN'] ?? '', /^\$\{TOKEN:\?/);
});

for (const file of ['prometheus.yml', 'prometheus.token.yml']) {
  test(`${file} has the rules, and a job that the alerts know`, () => {
    const { rule_files: patterns, scrape_configs: jobs } = read(`grafana/prometheus/${file}`, Scraping);
    assert.equal(patterns, ['rules/*.yml']);
    for (const { job_name: name, metrics_path: path } of jobs) {
      assert.match(name, /^headcount/);
      assert.ok(PATHS.includes(path));
    }
  });
}

test('Grafana finds its data source, which scrapes as often as it thinks, and the dashboards', () => {
  const { grafana } = compose.services;
  assert.ok(grafana);
  const mounts = mountsOf(grafana);
  const [source] = read('grafana/provisioning/datasources/prometheus.yaml', Datasources).datasources;
  assert.ok(source);
  assert.is(source.type, 'prometheus');
  const { hostname, port } = new URL(source.url);
  assert.ok(compose.services[hostname]?.ports[0]?.endsWith(`:${port}`), source.url);
  const { global } = read('grafana/prometheus/prometheus.token.yml', Scraping);
  assert.is(source.jsonData.timeInterval, global.scrape_interval);
  const [provider] = read('grafana/provisioning/dashboards/headcount.yaml', Providers).providers;
  assert.is(onHost(provider?.options.path ?? '', mounts), 'grafana/dashboards');
  assert.is(onHost('/etc/grafana/provisioning', mounts), 'grafana/provisioning');
  const home = grafana.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
  assert.ok(existsSync(onHost(home, mounts)), home);
});

test('the image is built from files that are there, and that reach the builder', () => {
  const ignored = readFileSync('.dockerignore', 'utf8');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) => list.split(' '));
  assert.ok(copied.length > 3);
  for (const path of copied) {
    assert.ok(existsSync(path), path);
    assert.match(ignored, new RegExp(`^!${path.replaceAll('.', '\\.')}$`, 'm'));
  }
  const main = /^CMD \["node", "(?:dist\/)(.+)\.js"\]$/m.exec(dockerfile)?.[1] ?? '';
  assert.ok(existsSync(`${main}.ts`), main);
});

test('the image has each font that a server would miss, and users are told of each', () => {
  const page = readFileSync('src/browsers/README.md', 'utf8');
  for (const name of Object.values(FONT_PACKAGES)) {
    assert.match(dockerfile, new RegExp(` ${name}\\s`));
    assert.ok(page.includes(`\`${name}\``), name);
  }
});

test('the image runs as somebody, checks its health on a route that needs no token, sets what there is', () => {
  assert.match(dockerfile, /^USER (?!root)\w+$/m);
  assert.match(dockerfile, /^ENTRYPOINT \["tini", "--"\]$/m);
  const probe = /^HEALTHCHECK .*\$\{process\.env\.PORT\}(\/[\w/]+)`/m.exec(dockerfile)?.[1] ?? '';
  assert.is(probe, '/health/live');
  assert.ok(PATHS.includes(probe));
  const environment = /^ENV (.+)$/m.exec(dockerfile)?.[1]?.split(' ') ?? [];
  const names = environment.map((pair) => pair.split('=')[0] ?? '').filter((name) => name !== 'NODE_ENV');
  assert.ok(names.includes('HOST'));
  const all = [...names, ...Object.keys(compose.services['headcount']?.environment ?? {})];
  for (const name of all) assert.ok(settings.includes(name), `${name} is no setting`);
});

test.run();

interface Model<T> {
  Check(value: unknown): value is T;
  Errors(value: unknown): readonly { readonly instancePath: string; readonly message: string }[];
}

function read<T>(path: string, model: Model<T>): T {
  const content: unknown = parse(readFileSync(path, 'utf8'));
  if (model.Check(content)) return content;
  const wrong = model.Errors(content).map((error) => `${error.instancePath} ${error.message}`);
  throw new Error(`${path}: ${wrong.join('; ')}`);
}

/** `[source, place]` of each. */
function mountsOf({ volumes = [] }: { readonly volumes?: readonly string[] }): string[][] {
  return volumes.map((volume) => volume.split(':'));
}

/** The file of the repository that a container sees at `path`. */
function onHost(path: string, mounts: readonly string[][]): string {
  const found = mounts.find(([, place = '']) => path === place || path.startsWith(`${place}/`));
  assert.ok(found, `${path} is not mounted`);
  const [from = '', place = ''] = found;
  return posix.normalize(join(from, path.slice(place.length)));
}
