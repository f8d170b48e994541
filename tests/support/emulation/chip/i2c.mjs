// I2C sensors, each on either of the chip's two buses; also for software I2C on the pins of `SoftSlave`.
import { Bme280 } from './bme280.mjs';
import { Aht20, Bh1750, Sht3x } from './sensors.mjs';

const MODELS = { sht3x: Sht3x, aht20: Aht20, bme280: Bme280, bh1750: Bh1750 };
const I2C_FUNCTION = 3; // of a pin: it belongs to the chip's I2C
const ENABLE = 0x6c; // a register: IC_ENABLE (RP2040 data sheet, 4.3.17)
const MAX_LOG = 5000;

export class I2cBus {
  constructor(chip, pins, number) {
    this.chip = chip;
    this.pins = pins;
    this.number = number;
    this.devices = new Map();
    this.log = []; // [address, 'w' | 'r', bytes]
    this.current = null;
    this.soft = new SoftSlave(this, pins);
    chip.bootListeners.push((mcu) => this.#attach(mcu.i2c[number]));
    pins.dependents.add((pin, level) => this.soft.changed(pin, level));
  }

  /** Add a device, or change the values of the one there. */
  set(address, model, values) {
    const device = this.devices.get(address);
    if (device && device.model === model) {
      device.set(values);
    } else {
      const added = new MODELS[model](() => this.chip.nanos / 1e6);
      added.model = model;
      added.set(values);
      this.devices.set(address, added);
    }
  }

  /** Begin to talk to an address; false when nobody answers. */
  select(address, reads) {
    const device = this.devices.get(address);
    this.current = device && !device.absent && device.start(reads) ? device : null;
    if (this.current && this.log.length < MAX_LOG) {
      this.entry = [address, reads ? 'r' : 'w', []];
      this.log.push(this.entry);
    }
    return this.current !== null;
  }

  write(byte) {
    this.entry[2].push(byte);
    return this.current.write(byte) !== false;
  }

  read() {
    const byte = this.current.read() & 255;
    this.entry[2].push(byte);
    return byte;
  }

  stop() {
    this.current?.stop();
    this.current = null;
  }

  // Whether a part holds SDA low, an even pin.
  #held() {
    const first = this.number === 0 ? 0 : 2;
    return this.chip.mcu.gpio.some(
      (pin, i) => i % 4 === first && pin.functionSelect === I2C_FUNCTION && this.pins.outside.get(i) === 0,
    );
  }

  // Each byte takes nine clocks.
  #attach(block) {
    const later = (action) => this.chip.after(block.speed === 1 ? 90e3 : 22.5e3, action);
    // The block begins when nobody holds SDA low. Switched off meanwhile, it forgets what it was to do.
    const begin = (turn) => {
      if (turn !== this.turn) {
        return;
      }
      if (this.#held()) {
        this.chip.after(100e3, () => begin(turn));
      } else {
        this.turn = null;
        block.completeStart();
      }
    };
    block.onStart = () => begin((this.turn = {}));
    const write = block.writeUint32.bind(block);
    block.writeUint32 = (offset, value) => {
      if (offset === ENABLE && !(value & 1) && this.turn) {
        this.turn = null;
        [block.state, block.busy] = [0, false];
      }
      write(offset, value);
    };
    block.onConnect = (address, mode) => later(() => block.completeConnect(this.select(address, mode === 1)));
    block.onWriteByte = (byte) => later(() => block.completeWrite(this.current ? this.write(byte) : false));
    block.onReadByte = () => later(() => block.completeRead(this.current ? this.read() : 0xff));
    block.onStop = () => {
      this.stop();
      block.completeStop();
    };
  }
}

// A slave that watches two pins as software I2C drives them; MicroPython's scan() does so even with machine.I2C. The pins
// are those that belonged to the bus's hardware block last: SDA is an even pin, SCL the next one (RP2040 data sheet, 1.4.3).
class SoftSlave {
  constructor(bus, pins) {
    this.bus = bus;
    this.pins = pins;
    this.sda = null;
    this.state = 'idle';
    this.bits = [];
  }

  #isPair(sda) {
    return sda % 4 === (this.bus.number === 0 ? 0 : 2) && sda + 1 < 29;
  }

  changed(pin, level) {
    if (!this.bus.devices.size || !this.#isPair(pin & ~1)) {
      return;
    }
    const sda = pin & ~1;
    const { gpio } = this.bus.chip.mcu;
    if (gpio[sda].functionSelect === I2C_FUNCTION || gpio[sda + 1].functionSelect === I2C_FUNCTION) {
      return;
    }
    if (this.sda !== sda) {
      this.sda = sda;
      this.state = 'idle';
    }
    if (pin === sda) {
      this.#data(level);
    } else {
      this.#clock(level);
    }
  }

  // SDA that changes while SCL is high: start or stop.
  #data(level) {
    if (this.releasing || !this.pins.level(this.sda + 1)) {
      return;
    }
    if (!level) {
      this.state = 'address';
      this.bits = [];
    } else if (this.state !== 'idle') {
      this.bus.stop();
      this.state = 'idle';
    }
  }

  #clock(level) {
    if (this.state === 'idle') {
      return;
    }
    if (level) {
      this.#rise();
    } else {
      this.#fall();
    }
  }

  #rise() {
    if (this.bits.length < 8 && this.state !== 'read') {
      this.bits.push(this.pins.level(this.sda));
    } else if (this.bits.length < 8) {
      this.bits.push(0);
    } else {
      this.bits.push(this.pins.level(this.sda)); // the ninth clock
      this.acknowledged = !this.bits[8];
    }
  }

  #fall() {
    const byte = parseInt(this.bits.slice(0, 8).join('') || '0', 2);
    if (this.bits.length === 8) {
      if (this.state === 'address') {
        this.answers = this.bus.select(byte >> 1, !!(byte & 1));
        this.reads = !!(byte & 1);
        this.#pull(this.answers ? 0 : 1);
      } else if (this.state === 'write') {
        this.#pull(this.bus.write(byte) ? 0 : 1);
      } else {
        this.#pull(1); // the master acknowledges
      }
    } else if (this.bits.length === 9) {
      this.#next();
    } else if (this.state === 'read') {
      this.#pull((this.byte >> (7 - this.bits.length)) & 1);
    }
  }

  #next() {
    this.bits = [];
    this.#pull(1);
    if (this.state === 'address') {
      this.state = !this.answers ? 'ignore' : this.reads ? 'read' : 'write';
    } else if (this.state === 'read' && !this.acknowledged) {
      this.state = 'ignore';
    }
    if (this.state === 'read') {
      this.byte = this.bus.read();
      this.#pull(this.byte >> 7);
    }
  }

  // A bus is open drain: one is to let go.
  #pull(level) {
    this.releasing = true;
    this.pins.drive(this.sda, level ? null : 0);
    this.releasing = false;
  }
}
