// The Wi-Fi of the emulated board: registers that ../firmware/cyw43-driver uses, an access point, and the network behind
// it: one machine, 10.0.0.1, which is this one (its 127.0.0.1), with DHCP and DNS.
import { checksum, dhcp, dns, GUEST, HOST } from './services.mjs';
import { Tcp } from './tcp.mjs';

const MAC = [2, 0, 0, 0, 0, 1];
const HOST_WAKE = 24; // the pin by which the Wi-Fi chip asks for attention
const LINK = { down: 0, joining: 1, up: 3, noNetwork: -2, badKey: -3 };
const MAX_QUEUE = 64;
const MAX_LOG = 20000;
const REGISTERS = ['power', 'status', 'join', 'leave', 'tx_length', 'tx', 'rx_length', 'rx', 'gpio', 'rssi'];

export class Wifi {
  constructor(chip, pins) {
    this.chip = chip;
    this.wires = pins;
    this.joinNanos = 300e6;
    this.ssid = null; // null: any
    this.key = null;
    this.air = true; // whether there is an access point
    this.internet = true; // whether what is sent arrives
    this.latency = 0; // ms that a frame to the board takes
    this.counts = { framesOut: 0, framesIn: 0, packetsOut: 0, packetsIn: 0, dropped: 0 };
    this.log = [];
    this.tcp = new Tcp(this);
    this.powered = 0; // ns, before it was switched off last
    this.pins = 0;
    this.rssi = -50;
    chip.bootListeners.push((mcu) => this.#attach(mcu));
    chip.resetListeners.push(() => this.#reset());
    this.#reset();
  }

  #reset() {
    this.link = LINK.down;
    this.#setPower(false);
    this.queue = [];
    this.joins = (this.joins ?? 0) + 1;
    this.pins = 0;
    this.guestMac = null;
  }

  #setPower(on) {
    if (this.power) {
      this.powered += this.chip.nanos - this.poweredAt;
    }
    this.power = on;
    this.poweredAt = this.chip.nanos;
  }

  /** For how many ms the radio has had power. */
  get radio() {
    return Math.round((this.powered + (this.power ? this.chip.nanos - this.poweredAt : 0)) / 1e6);
  }

  #attach(mcu) {
    mcu.peripherals[0x50400] = {
      readUint32: (offset) => this.#read(REGISTERS[offset >> 2]) >>> 0,
      writeUint32Atomic: (offset, value) => this.#write(REGISTERS[offset >> 2], value >>> 0),
    };
  }

  #read(register) {
    switch (register) {
      case 'power':
        return this.power ? 1 : 0;
      case 'status':
        this.attention = false;
        this.#wake();
        return this.link;
      case 'rx_length':
        return this.queue.length ? this.queue[0].length : 0;
      case 'gpio':
        return this.pins;
      case 'rssi':
        return this.rssi;
      default:
        return 0;
    }
  }

  #write(register, value) {
    switch (register) {
      case 'power':
        this.#setPower(!!(value & 1));
        this.pins = 0;
        this.joins += 1;
        this.#setLink(LINK.down);
        break;
      case 'join':
        this.#join(value);
        break;
      case 'leave':
        this.joins += 1;
        this.#setLink(LINK.down);
        break;
      case 'tx_length':
        this.txLength = value;
        break;
      case 'tx':
        this.#transmit(this.#memory(value, this.txLength));
        break;
      case 'rx':
        this.#receive(value);
        break;
      case 'gpio':
        this.pins = value & 7;
        break;
      default:
    }
  }

  #memory(address, length) {
    const { mcu } = this.chip;
    const start = address - 0x20000000;
    if (start >= 0) {
      return Buffer.from(mcu.sram.subarray(start, start + length));
    }
    return Buffer.from(Array.from({ length }, (_, i) => mcu.readUint8(address + i)));
  }

  #text(address, max) {
    const length = this.#memory(address, 4).readUInt32LE();
    return this.#memory(address + 4, Math.min(length, max)).toString();
  }

  #join(address) {
    const ssid = this.#text(address, 32);
    const key = this.#text(address + 36, 64);
    this.joins += 1;
    const attempt = this.joins;
    this.#setLink(LINK.joining);
    this.chip.after(this.joinNanos, () => {
      if (attempt !== this.joins) {
        return;
      }
      if (!this.air || (this.ssid !== null && ssid !== this.ssid)) {
        this.#setLink(LINK.noNetwork);
      } else {
        this.#setLink(this.key !== null && key !== this.key ? LINK.badKey : LINK.up);
      }
    });
  }

  /** Take the access point away, or bring it back; the board has to join anew. */
  setAir(there) {
    this.air = there;
    if (!there && this.link === LINK.up) {
      this.#setLink(LINK.noNetwork);
    }
  }

  #setLink(link) {
    if (link !== LINK.up) {
      this.queue = [];
    }
    if (link !== this.link) {
      this.link = link;
      this.attention = true;
    }
    this.#wake();
  }

  // The line is high while there is something to see.
  #wake() {
    if (this.chip.mcu) {
      this.wires.drive(HOST_WAKE, this.attention || this.queue.length > 0);
      this.chip.wake();
    }
  }

  #receive(address) {
    const frame = this.queue.shift();
    if (address && frame) {
      this.chip.mcu.sram.set(frame, address - 0x20000000);
    }
    this.#wake();
  }

  #transmit(frame) {
    this.chip.hold();
    if (this.link !== LINK.up) {
      return;
    }
    this.counts.framesOut += 1;
    this.guestMac = frame.subarray(6, 12);
    const type = frame.readUInt16BE(12);
    if (type === 0x800) {
      this.counts.packetsOut += 1;
    }
    if (!this.internet) {
      this.counts.dropped += 1;
      return;
    }
    if (type === 0x806) {
      this.#arp(frame.subarray(14));
    } else if (type === 0x800) {
      this.#ip(frame.subarray(14));
    }
  }

  #deliver(type, payload) {
    if (this.link !== LINK.up || !this.internet || !this.guestMac || this.queue.length >= MAX_QUEUE) {
      this.counts.dropped += 1;
      return;
    }
    this.chip.hold();
    this.counts.framesIn += 1;
    if (type === 0x800) {
      this.counts.packetsIn += 1;
    }
    const frame = Buffer.concat([this.guestMac, Buffer.from([...MAC, type >> 8, type & 255]), payload]);
    if (this.latency) {
      this.chip.after(this.latency * 1e6, () => this.#arrive(frame));
    } else {
      this.#arrive(frame);
    }
  }

  #arrive(frame) {
    this.queue.push(frame);
    this.#wake();
  }

  #arp(packet) {
    const asks = packet.readUInt16BE(6) === 1;
    const sender = packet.subarray(14, 18);
    const target = packet.subarray(24, 28);
    if (!asks || sender.equals(target) || target.equals(Buffer.from(GUEST)) || !sender.readUInt32BE()) {
      return; // an announcement, or it looks for itself
    }
    const head = Buffer.from([0, 1, 8, 0, 6, 4, 0, 2, ...MAC]);
    this.#deliver(0x806, Buffer.concat([head, target, packet.subarray(8, 18)]));
  }

  #ip(packet) {
    const head = (packet[0] & 15) * 4;
    const length = packet.readUInt16BE(2);
    const protocol = packet[9];
    const from = packet.subarray(12, 16);
    const to = packet.subarray(16, 20);
    const payload = packet.subarray(head, length);
    if (protocol === 6) {
      this.tcp.receive(Buffer.from(from), Buffer.from(to), payload);
    } else if (protocol === 17) {
      this.#udp(from, to, payload);
    }
  }

  /** Send a packet to the board. */
  send(protocol, from, to, payload) {
    const head = Buffer.alloc(20);
    head[0] = 0x45;
    head.writeUInt16BE(20 + payload.length, 2);
    head[8] = 64;
    head[9] = protocol;
    head.set(from, 12);
    head.set(to, 16);
    head.writeUInt16BE(checksum(head), 10);
    this.#deliver(0x800, Buffer.concat([head, payload]));
  }

  #udp(from, to, datagram) {
    const source = datagram.readUInt16BE(0);
    const port = datagram.readUInt16BE(2);
    const data = datagram.subarray(8);
    let answer = null;
    if (port === 67) {
      answer = dhcp(data);
      from = Buffer.from([255, 255, 255, 255]);
      to = Buffer.from(HOST);
    } else if (port === 53) {
      answer = dns(data);
    }
    if (answer) {
      const head = Buffer.alloc(8); // no checksum: allowed for UDP over IPv4
      head.writeUInt16BE(port, 0);
      head.writeUInt16BE(source, 2);
      head.writeUInt16BE(8 + answer.length, 4);
      this.send(17, to, from, Buffer.concat([head, answer]));
    }
  }

  /** Note what happened on a connection. */
  note(entry) {
    if (this.log.length < MAX_LOG) {
      this.log.push({ time: this.chip.nanos / 1e9, ...entry });
    }
  }
}
