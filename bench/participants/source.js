// The sending participant with msgflo-nodejs. Usage: source.js BROKER; source.py says what it does (here on edges only).
const { Participant } = require('msgflo-nodejs').participant;

const REPEATS = 4;
const [COUNT, GROUPED] = [20000, 10000];
const SIZE = 200;
const [TIMED, TIMED_RATE] = [1000, 500];
const [FANNED, FANS, FAN_BURSTS] = [2000, 10, 10];
const [STALL, LIMIT] = [10, 30]; // seconds
const HUNDRED = Array.from({ length: 100 }, (_, i) => `o${i}`);
const TEXT = 'x'.repeat(62);

const outports = ['out', 'timed', 'fan', ...HUNDRED].map((id) => ({ id, type: 'any' }));
const definition = { component: 'bench/Source', label: '', icon: 'cog', inports: [], outports };
const source = new Participant(process.argv[2], definition, (port, data, send) => send(port, null, data), 'source');
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const now = () => Number(process.hrtime.bigint()) / 1e9;
let arrived = 0;
let wake = () => {};

process.stdin.on('data', (dots) => {
  arrived += dots.length;
  wake();
});

// Resolves with false when no dot comes in time.
function wait(seconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), seconds * 1000);
    wake = () => { clearTimeout(timer); resolve(true); };
  });
}

async function waitUntilBound() {
  while (arrived !== 1 + FANS + HUNDRED.length) {
    arrived = 0;
    ['out', 'fan', ...HUNDRED].forEach((port) => source.send(port, 0));
    while (await wait(0.3));
  }
}

async function measure(name, count, allowed, ports = ['out'], copies = 1) {
  await pause(0.1);
  arrived = 0;
  const started = now();
  for (let sent = 0; arrived < count * copies && now() - started < LIMIT;) {
    const limit = Math.min(count, allowed(sent));
    for (; sent < limit; sent += 1) source.send(ports[sent % ports.length], TEXT);
    if (!await wait(STALL)) break;
  }
  report(name, count * copies, now() - started);
}

async function sendEvenly() {
  arrived = 0;
  const started = now();
  for (let sent = 0; sent < TIMED; await pause(0.001)) {
    for (; sent < Math.min(TIMED, (now() - started) * TIMED_RATE); sent += 1) {
      source.send('timed', process.hrtime.bigint().toString().padStart(62, '0'));
    }
  }
  while (arrived < TIMED && await wait(STALL));
  source.send('timed', null);
  report('latency', TIMED, now() - started);
}

function report(name, count, seconds) {
  console.log(JSON.stringify({ edge: 'npm msgflo', name, count, seconds, lost: count - arrived }));
}

source.start(async (error) => {
  if (error) throw error;
  await waitUntilBound();
  console.log('{}');
  for (let i = 0; i < REPEATS; i += 1) {
    await measure('burst', COUNT, () => COUNT);
    await measure('window', COUNT, () => arrived + SIZE);
    await measure('groups', GROUPED, (sent) => (arrived === sent ? sent + SIZE : sent));
    await measure('100 edges', COUNT, () => COUNT, HUNDRED);
  }
  await sendEvenly();
  for (let i = 0; i < FAN_BURSTS; i += 1) await measure('fan-out', FANNED, () => FANNED, ['fan'], FANS);
  console.log('{"name": "end"}');
});
