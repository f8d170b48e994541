// The receiving participants with msgflo-nodejs. Usage: sink.js BROKER; sink.py says what they do (here on edges only).
const { Participant } = require('msgflo-nodejs').participant;

const broker = process.argv[2];
const port = (id) => ({ id, type: 'any' });
const hundred = Array.from({ length: 100 }, (_, i) => `i${i}`);
const delays = [];
let packets = 0;

function add() {
  packets += 1;
  if (packets === 1) setImmediate(write);
}

function write() {
  process.stdout.write('.'.repeat(packets));
  packets = 0;
}

function timed(data) {
  if (data === null) console.error(JSON.stringify(delays));
  else delays.push(Number(process.hrtime.bigint() - BigInt(data)) / 1e6);
  return data !== null;
}

function start(role, component, inports, handler) {
  const definition = { component, label: '', icon: 'cog', inports: inports.map(port), outports: [] };
  new Participant(broker, definition, handler, role).start((error) => { if (error) throw error; });
}

start('sink', 'bench/Sink', ['in', 'timed', ...hundred], (inport, data) => {
  if (inport !== 'timed' || timed(data)) add();
});
for (let i = 0; i < 10; i += 1) start(`fan${i}`, 'bench/Fan', ['in'], add);
