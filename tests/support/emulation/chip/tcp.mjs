// TCP between the board and programs on this machine: each connection that the board opens is joined to one of ours to
// 127.0.0.1. The link loses nothing but what the board has no memory for, so what is sent again is sent again whole.
import net from 'node:net';
import { mqttPacket } from './mqtt.mjs';
import { checksum } from './services.mjs';

const [FIN, SYN, RST, PSH, ACK] = [1, 2, 4, 8, 16];
const WINDOW = 16384;
const MAX_BUFFER = 65536;
const RESEND_NANOS = 300e6;
const MAX_RESENDS = 12;

const plus = (a, b) => (a + b) >>> 0;
const distance = (a, b) => (a - b) | 0; // how far a is ahead of b

export class Tcp {
  constructor(wifi) {
    this.wifi = wifi;
    this.connections = new Map();
    this.counts = { segmentsOut: 0, segmentsIn: 0, payloadOut: 0, payloadIn: 0, connections: 0, resent: 0 };
    wifi.chip.bootListeners.push(() => this.connections.forEach((each) => each.rearm()));
  }

  receive(guest, host, segment) {
    const from = segment.readUInt16BE(0);
    const port = segment.readUInt16BE(2);
    const flags = segment[13];
    const key = `${guest.join('.')}:${from}>${host.join('.')}:${port}`;
    this.counts.segmentsOut += 1;
    let connection = this.connections.get(key);
    if (flags & SYN && !(connection && connection.connecting)) {
      connection?.drop();
      this.counts.connections += 1;
      connection = new Connection(this, key, { guest, host, from, port }, segment);
      this.connections.set(key, connection);
    } else if (connection) {
      connection.receive(segment);
    } else if (!(flags & RST)) {
      this.send({ guest, host, from, port }, segment.readUInt32BE(8), 0, RST, Buffer.alloc(0));
    }
  }

  send({ guest, host, from, port }, sequence, acknowledged, flags, payload, options = Buffer.alloc(0)) {
    const segment = Buffer.alloc(20 + options.length + payload.length);
    segment.writeUInt16BE(port, 0);
    segment.writeUInt16BE(from, 2);
    segment.writeUInt32BE(sequence, 4);
    segment.writeUInt32BE(acknowledged, 8);
    segment[12] = (20 + options.length) << 2;
    segment[13] = flags;
    segment.writeUInt16BE(WINDOW, 14);
    options.copy(segment, 20);
    payload.copy(segment, 20 + options.length);
    const pseudo = Buffer.from([...host, ...guest, 0, 6, segment.length >> 8, segment.length & 255]);
    segment.writeUInt16BE(checksum(Buffer.concat([pseudo, segment])), 16);
    this.counts.segmentsIn += 1;
    this.wifi.send(6, host, guest, segment);
  }

  /** Close all connections at this machine's end. */
  close() {
    this.connections.forEach((each) => each.drop());
  }
}

class Connection {
  constructor(tcp, key, ends, syn) {
    this.tcp = tcp;
    this.key = key;
    this.ends = ends;
    this.connecting = true;
    this.expected = plus(syn.readUInt32BE(4), 1);
    this.sent = 1000; // sequence number of what is sent next
    this.acknowledged = 1000;
    this.window = syn.readUInt16BE(14);
    this.mss = segmentSize(syn);
    this.outgoing = Buffer.alloc(0); // from `acknowledged` on
    this.ended = false; // this machine's program has closed its end
    this.finSent = false;
    this.guestEnded = false;
    this.resends = 0;
    this.alarm = null;
    this.mqtt = null;
    tcp.wifi.chip.busyHosts += 1;
    this.socket = net.connect({ host: '127.0.0.1', port: ends.port });
    this.socket.setNoDelay(true);
    this.socket.on('connect', () => this.#connected());
    this.socket.on('data', (data) => this.#fromHost(data));
    this.socket.on('end', () => this.#hostEnded());
    this.socket.on('error', () => this.#failed());
    this.socket.on('close', () => this.#hostEnded());
  }

  #done() {
    if (this.connecting) {
      this.connecting = false;
      this.tcp.wifi.chip.busyHosts -= 1;
      this.tcp.wifi.chip.wake();
    }
  }

  #connected() {
    this.#done();
    this.tcp.wifi.note({ what: 'connect', port: this.ends.port });
    this.#sendSyn();
  }

  #sendSyn() {
    const options = Buffer.from([2, 4, this.mss >> 8, this.mss & 255]);
    this.sent = plus(this.acknowledged, 1);
    this.tcp.send(this.ends, this.acknowledged, this.expected, SYN | ACK, Buffer.alloc(0), options);
    this.synSent = true;
    this.rearm();
  }

  #failed() {
    this.tcp.wifi.note({ what: 'refused', port: this.ends.port });
    this.tcp.send(this.ends, this.sent, this.expected, RST | ACK, Buffer.alloc(0));
    this.drop();
  }

  drop() {
    this.#done();
    this.socket.destroy();
    this.alarm?.cancel();
    this.alarm = null;
    this.tcp.connections.delete(this.key);
    this.gone = true;
  }

  receive(segment) {
    const flags = segment[13];
    if (this.connecting) {
      return;
    }
    if (flags & RST) {
      this.tcp.wifi.note({ what: 'reset', port: this.ends.port });
      this.drop();
      return;
    }
    this.window = segment.readUInt16BE(14);
    this.#take(segment.readUInt32BE(8));
    const payload = segment.subarray((segment[12] >> 4) * 4);
    const isNext = segment.readUInt32BE(4) === this.expected;
    if (payload.length && isNext && !this.guestEnded) {
      this.expected = plus(this.expected, payload.length);
      this.tcp.counts.payloadOut += payload.length;
      this.#look('out', payload);
      this.socket.write(Buffer.from(payload));
    }
    if (flags & FIN && isNext && !this.guestEnded) {
      this.expected = plus(this.expected, 1);
      this.guestEnded = true;
      this.tcp.wifi.note({ what: 'close', port: this.ends.port });
      this.socket.end();
    }
    if (this.gone) {
      return;
    }
    const before = this.tcp.counts.segmentsIn;
    this.#pump();
    if ((payload.length || flags & FIN) && this.tcp.counts.segmentsIn === before) {
      this.#sendAck();
    }
    if (this.guestEnded && this.finSent && this.acknowledged === this.sent) {
      this.drop();
    }
  }

  #sendAck() {
    this.tcp.send(this.ends, this.sent, this.expected, ACK, Buffer.alloc(0));
  }

  // What the board has acknowledged needs not be kept.
  #take(number) {
    const news = distance(number, this.acknowledged);
    if (news <= 0 || distance(number, this.sent) > 0) {
      return;
    }
    if (this.synSent) {
      this.synSent = false;
      this.acknowledged = plus(this.acknowledged, 1);
    }
    const data = Math.min(distance(number, this.acknowledged), this.outgoing.length);
    this.outgoing = this.outgoing.subarray(data);
    this.acknowledged = number;
    this.resends = 0;
    if (this.outgoing.length < MAX_BUFFER) {
      this.socket.resume();
    }
    this.rearm();
  }

  #fromHost(data) {
    this.outgoing = Buffer.concat([this.outgoing, data]);
    this.tcp.counts.payloadIn += data.length;
    this.#look('in', data);
    if (this.outgoing.length > MAX_BUFFER) {
      this.socket.pause();
    }
    this.#pump();
  }

  #hostEnded() {
    if (!this.gone && !this.ended) {
      this.ended = true;
      this.#pump();
    }
  }

  #pump() {
    if (this.synSent || this.gone || this.connecting) {
      return;
    }
    for (;;) {
      const inFlight = distance(this.sent, this.acknowledged);
      const rest = this.outgoing.length - inFlight;
      const size = Math.min(rest, this.mss, this.window - inFlight);
      if (size <= 0) {
        if (rest === 0 && this.ended && !this.finSent) {
          this.finSent = true;
          this.tcp.send(this.ends, this.sent, this.expected, FIN | ACK, Buffer.alloc(0));
          this.sent = plus(this.sent, 1);
          this.rearm();
        }
        return;
      }
      const payload = this.outgoing.subarray(inFlight, inFlight + size);
      this.tcp.send(this.ends, this.sent, this.expected, PSH | ACK, payload);
      this.sent = plus(this.sent, size);
      this.rearm();
    }
  }

  /** Watch over what has not been acknowledged; after a reset of the chip its clock is another. */
  rearm() {
    this.alarm?.cancel();
    this.alarm = null;
    const waits = this.outgoing.length > 0 || this.sent !== this.acknowledged;
    if (!waits || this.gone || this.connecting || !this.tcp.wifi.chip.mcu) {
      return;
    }
    this.alarm = this.tcp.wifi.chip.after(RESEND_NANOS * 2 ** Math.min(this.resends, 5), () => this.#resend());
  }

  #resend() {
    this.resends += 1;
    this.tcp.counts.resent += 1;
    if (this.resends > MAX_RESENDS) {
      this.drop();
    } else if (this.synSent) {
      this.#sendSyn();
    } else {
      this.sent = this.acknowledged;
      this.finSent = false;
      this.window = Math.max(this.window, 1);
      this.#pump();
      this.rearm();
    }
  }

  // Notes the MQTT packets of a connection that begins with CONNECT; TLS hides them.
  #look(direction, data) {
    if (this.mqtt === null) {
      this.mqtt = direction === 'out' && data[0] === 0x10 ? { out: Buffer.alloc(0), in: Buffer.alloc(0) } : false;
    }
    if (!this.mqtt) {
      return;
    }
    let rest = Buffer.concat([this.mqtt[direction], data]);
    for (let packet = mqttPacket(rest); packet; packet = mqttPacket(rest)) {
      this.tcp.wifi.note({ what: 'mqtt', direction, port: this.ends.port, ...packet });
      rest = rest.subarray(packet.bytes);
    }
    this.mqtt[direction] = rest;
  }
}

function segmentSize(syn) {
  const end = (syn[12] >> 4) * 4;
  for (let i = 20; i < end && syn[i] !== 0; i += syn[i] === 1 ? 1 : syn[i + 1]) {
    if (syn[i] === 2) {
      return syn.readUInt16BE(i + 2);
    }
  }
  return 536;
}
