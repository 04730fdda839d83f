/**
 * A network of two machines. The server's is a namespace with one cable as its only way out. At the other end is this
 * process, which is all of the internet there: it answers questions for names, and writes down all that comes. Needs
 * root.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import dnsPacket from 'dns-packet';
import { deadline, until } from '../deadline.js';

/** What is needed to make one. */
export const ISLAND_TOOLS = ['ip', 'unshare', 'nsenter', 'python3'];
const WAIT_MS = 10_000;
/** By its path in the repository, because it is not compiled. */
const WITNESS = 'test/safety/witness.py';

export interface Island {
  /** The address of this process's end. */
  readonly far: string;
  /** The address of the server's end. */
  readonly near: string;
  /** The command that runs a program on the server's machine. The program's path and arguments come behind it. */
  readonly within: readonly string[];
  /** A name's addresses, by how often it was asked for before. A name that is missing does not exist. */
  readonly names: Map<string, (before: number) => readonly string[]>;
  /** Questions in the order in which they came, as in `A name`. */
  readonly questions: string[];
  /** Names whose answers are too large for a datagram. */
  readonly large: Set<string>;
  /** Packets from the server's machine, as `udp <destination> <port>`, each once. */
  packets(): string[];
  /** Puts `text` at `path` on the server's machine. */
  place(path: string, text: string): void;
  close(): Promise<void>;
}

/** `folder` is for its files. */
export async function createIsland(folder: string): Promise<Island> {
  // Several of these may exist at once, and none of the addresses is in the internet.
  const net = `198.18.${(process.pid >> 6) % 256}`;
  const [far, near] = [1, 2].map((end) => `${net}.${(process.pid % 64) * 4 + end}`) as [string, string];
  const cable = `far${process.pid}`;
  const holder = spawn('unshare', ['--net', '--mount', '--propagation', 'private', 'sh', '-ec', MACHINE, 'sh'], {
    env: { PATH: process.env['PATH'], CABLE: cable, FAR: far, NEAR: near, FAR_PID: String(process.pid) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await deadline(once(holder.stdout, 'data'), WAIT_MS, 'a network namespace');
  execFileSync('ip', ['address', 'add', `${far}/30`, 'dev', cable]);
  execFileSync('ip', ['link', 'set', cable, 'up']);
  const within = ['nsenter', '-t', String(holder.pid), '--net', '--mount', '--'];
  const witness = await startWitness(cable);
  const names = new Map<string, (before: number) => readonly string[]>();
  const large = new Set<string>();
  const questions: string[] = [];
  const server = await serveNames(far, { names, large, questions });
  let placed = 0;
  const place = (path: string, text: string): void => {
    const file = join(folder, `placed-${placed++}`);
    writeFileSync(file, text);
    const [program = '', ...args] = [...within, 'mount', '--bind', file, path];
    execFileSync(program, args);
  };
  return {
    far,
    near,
    within,
    names,
    questions,
    large,
    packets: () => [...new Set(witness.lines())].sort(),
    place,
    async close() {
      server.close();
      await end(witness.child);
      await end(holder);
    },
  };
}

/** Its network is there once it says so, for as long as nobody closes its input. */
const MACHINE = `
  ip link set lo up
  ip address add 169.254.169.254/32 dev lo
  ip link add near type veth peer name "$CABLE" netns "$FAR_PID"
  ip address add "$NEAR/30" dev near
  ip link set near up
  ip route add default via "$FAR"
  echo there
  exec cat`;

async function startWitness(cable: string) {
  const child = spawn('python3', [WITNESS, cable], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await until(() => output.startsWith('watching\n'), WAIT_MS, 'a witness');
  const seen = (): string[][] =>
    output
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(' '));
  return { child, lines: () => seen().map(([protocol, , , to, port]) => `${protocol} ${to} ${port}`) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await deadline(exit, WAIT_MS, 'the end of a program');
}

type Names = Pick<Island, 'names' | 'large' | 'questions'>;

/** By UDP and TCP, at port 53 of `far`. */
async function serveNames(far: string, all: Names): Promise<{ close(): void }> {
  const udp = createSocket('udp4', (packet, { address, port }) => {
    udp.send(dnsPacket.encode(answerTo(dnsPacket.decode(packet), all, true)), port, address);
  });
  udp.bind(53, far);
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes) => {
      socket.end(dnsPacket.streamEncode(answerTo(dnsPacket.streamDecode(bytes), all, false)));
    });
  }).listen(53, far);
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  return {
    close() {
      udp.close();
      tcp.close();
    },
  };
}

function answerTo(
  { id, questions: [question] = [] }: dnsPacket.Packet,
  { names, large, questions }: Names,
  isDatagram: boolean,
): dnsPacket.Packet {
  const { type, name } = question ?? { type: 'A', name: '' };
  const asked = `${type} ${name.toLowerCase()}`;
  const before = questions.filter((one) => one === asked).length;
  questions.push(asked);
  const found = names.get(name.toLowerCase());
  const isLarge = isDatagram && large.has(name.toLowerCase());
  const addresses = type === 'A' && !isLarge ? (found?.(before) ?? []) : [];
  const flags = (found ? 0 : NO_SUCH_NAME) | (isLarge ? dnsPacket.TRUNCATED_RESPONSE : 0);
  const answers = addresses.map((data) => ({ type: 'A', name, ttl: 0, data }) as const);
  return {
    type: 'response',
    ...(id === undefined ? {} : { id }),
    flags,
    questions: question ? [question] : [],
    answers,
  };
}

const NO_SUCH_NAME = 3;
