// Models of I2C sensors. Each has set(values), start(reads) -> answers, write(byte) -> acknowledged, read(), stop(); `now` is
// a function that returns chip time in ms. Every one knows the value `absent`: it does not answer.

// CRC-8 of Sensirion and ASAIR: polynomial 0x31, start 0xff.
function crc8(bytes) {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) {
      crc = crc & 0x80 ? ((crc << 1) ^ 0x31) & 255 : (crc << 1) & 255;
    }
  }
  return crc;
}

const clamp = (value, low, high) => Math.max(low, Math.min(high, Math.round(value)));

class Sensor {
  constructor(now) {
    this.now = now;
    this.temperature = 20;
    this.humidity = 50;
    this.absent = false;
    this.damaged = false; // checksums are wrong
    this.input = [];
    this.output = [];
  }

  set(values) {
    Object.assign(this, values);
  }

  start(reads) {
    if (!reads) {
      this.input = [];
    }
    return true;
  }

  write(byte) {
    this.input.push(byte);
    return true;
  }

  read() {
    return this.output.length ? this.output.shift() : 0xff;
  }

  stop() {}

  checksum(bytes) {
    return this.damaged ? crc8(bytes) ^ 0x55 : crc8(bytes);
  }
}

/** Sensirion SHT3x (data sheet version 7, sections 4.3, 4.9 to 4.13): single shots, status, soft reset. */
export class Sht3x extends Sensor {
  constructor(now) {
    super(now);
    this.ready = 0;
  }

  start(reads) {
    super.start(reads);
    return !reads || (this.now() >= this.ready && this.output.length > 0);
  }

  write(byte) {
    super.write(byte);
    if (this.input.length === 2) {
      this.#command((this.input[0] << 8) | this.input[1]);
    }
    return true;
  }

  #word(value) {
    const bytes = [value >> 8, value & 255];
    return [...bytes, this.checksum(bytes)];
  }

  #command(command) {
    // Longest durations, high to low repeatability; with clock stretching it answers at once here.
    const duration = { 0x2400: 15.5, 0x240b: 6.5, 0x2416: 4.5, 0x2c06: 0, 0x2c0d: 0, 0x2c10: 0 }[command];
    if (duration !== undefined) {
      const temperature = clamp(((this.temperature + 45) / 175) * 65535, 0, 65535);
      const humidity = clamp((this.humidity / 100) * 65535, 0, 65535);
      this.output = [...this.#word(temperature), ...this.#word(humidity)];
      this.ready = this.now() + duration;
    } else if (command === 0xf32d) {
      this.output = this.#word(0);
      this.ready = this.now();
    } else if (command === 0x30a2) {
      this.output = [];
      this.ready = this.now() + 1.5;
    }
  }
}

/** ASAIR AHT20 (data sheet version 1.1, section 5). */
export class Aht20 extends Sensor {
  constructor(now) {
    super(now);
    this.ready = 0;
    this.calibrated = true;
    this.measured = [0, 0, 0, 0, 0];
  }

  start(reads) {
    super.start(reads);
    if (reads) {
      const busy = this.now() < this.ready;
      const bytes = [(busy ? 0x80 : 0) | (this.calibrated ? 0x18 : 0x10), ...this.measured];
      this.output = [...bytes, this.checksum(bytes)];
    }
    return true;
  }

  write(byte) {
    super.write(byte);
    const [command] = this.input;
    if (command === 0xac && this.input.length === 3) {
      const humidity = clamp((this.humidity / 100) * 2 ** 20, 0, 2 ** 20 - 1);
      const temperature = clamp(((this.temperature + 50) / 200) * 2 ** 20, 0, 2 ** 20 - 1);
      this.measured = [humidity >> 12, (humidity >> 4) & 255, ((humidity & 15) << 4) | (temperature >> 16),
        (temperature >> 8) & 255, temperature & 255];
      this.ready = this.now() + 75;
    } else if (command === 0xbe && this.input.length === 3) {
      this.calibrated = true;
    }
    return true;
  }
}

// The example of the BMP280 data sheet (revision 1.14, section 3.12): raw 519888 is 25.08 °C, 415148 is 100653 Pa. Values
// for humidity are those of a real BME280, whose data sheet has no example.
const T = [27504, 26435, -1000];
const P = [36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000];
const H = [75, 370, 0, 313, 50, 30];

function fineTemperature(raw) {
  const a = (raw / 16384 - T[0] / 1024) * T[1];
  const b = (raw / 131072 - T[0] / 8192) ** 2 * T[2];
  return a + b;
}

function pressureOf(raw, fine) {
  let a = fine / 2 - 64000;
  let b = (a * a * P[5]) / 32768 + a * P[4] * 2;
  b = b / 4 + P[3] * 65536;
  a = ((P[2] * a * a) / 524288 + P[1] * a) / 524288;
  a = (1 + a / 32768) * P[0];
  let p = ((1048576 - raw - b / 4096) * 6250) / a;
  const c = (P[8] * p * p) / 2147483648;
  const d = (p * P[7]) / 32768;
  p += (c + d + P[6]) / 16;
  return p;
}

function humidityOf(raw, fine) {
  const a = fine - 76800;
  const h = (raw - (H[3] * 64 + (H[4] / 16384) * a)) *
    ((H[1] / 65536) * (1 + (H[5] / 67108864) * a * (1 + (H[2] / 67108864) * a)));
  return h * (1 - (H[0] * h) / 524288);
}

// The raw value for which a function that only rises or only falls comes nearest to what is wanted.
function invert(f, wanted, high) {
  let [low, top] = [0, high];
  const rises = f(high) > f(0);
  while (low < top) {
    const middle = (low + top) >> 1;
    if (f(middle) < wanted === rises) {
      low = middle + 1;
    } else {
      top = middle;
    }
  }
  return low;
}

/** Bosch BME280 (data sheet revision 1.6, sections 4.2.2, 5): forced and normal mode; `raw: [t, p, h]` instead of values. */
export class Bme280 extends Sensor {
  constructor(now) {
    super(now);
    this.pressure = 1013.25; // hPa
    this.raw = null;
    this.registers = new Uint8Array(256);
    this.pointer = 0;
    this.ready = 0;
    this.#reset();
  }

  #reset() {
    const r = this.registers.fill(0);
    const view = new DataView(r.buffer);
    r[0xd0] = 0x60;
    [...T, ...P].forEach((value, i) => view.setInt16(0x88 + 2 * i, value, true));
    r[0xa1] = H[0];
    view.setInt16(0xe1, H[1], true);
    r[0xe3] = H[2];
    r[0xe4] = H[3] >> 4;
    r[0xe5] = (H[3] & 15) | ((H[4] & 15) << 4);
    r[0xe6] = H[4] >> 4;
    r[0xe7] = H[5];
    r.set([0x80, 0, 0, 0x80, 0, 0, 0x80, 0], 0xf7);
  }

  write(byte) {
    super.write(byte);
    // Pairs of register and value; a register alone is the one that is read from.
    if (this.input.length % 2) {
      this.pointer = byte;
    } else {
      this.#set(this.pointer, byte);
    }
    return true;
  }

  #set(register, value) {
    if (register === 0xe0 && value === 0xb6) {
      this.#reset();
    } else if (register === 0xf2 || register === 0xf4 || register === 0xf5) {
      this.registers[register] = value;
      if (register === 0xf4 && value & 3) {
        this.#measure(value);
      }
    }
  }

  // Section 9.1: 1.25 ms, and 2.3 ms for each sample, 0.575 ms more for pressure and humidity.
  #measure(control) {
    const samples = (bits) => (bits ? 2 ** (Math.min(bits, 5) - 1) : 0);
    const humidity = samples(this.registers[0xf2] & 7);
    const pressure = samples((control >> 2) & 7);
    const temperature = samples(control >> 5);
    const duration = 1.25 + 2.3 * (temperature + pressure + humidity) + (pressure ? 0.575 : 0) + (humidity ? 0.575 : 0);
    this.ready = this.now() + duration;
    const [t, p, h] = this.raw ?? this.#raws();
    const skipped = 0x80000;
    const [pressureRaw, temperatureRaw] = [pressure ? p : skipped, temperature ? t : skipped];
    const data = [pressureRaw >> 12, (pressureRaw >> 4) & 255, (pressureRaw & 15) << 4];
    data.push(temperatureRaw >> 12, (temperatureRaw >> 4) & 255, (temperatureRaw & 15) << 4);
    data.push((humidity ? h : 0x8000) >> 8, (humidity ? h : 0x8000) & 255);
    this.pending = data;
  }

  #raws() {
    const t = invert((raw) => fineTemperature(raw) / 5120, this.temperature, 0xfffff);
    const fine = fineTemperature(t);
    const p = invert((raw) => pressureOf(raw, fine), this.pressure * 100, 0xfffff);
    const h = invert((raw) => humidityOf(raw, fine), this.humidity, 0xffff);
    return [t, p, h];
  }

  read() {
    if (this.pending && this.now() >= this.ready) {
      this.registers.set(this.pending, 0xf7);
      this.pending = null;
      if ((this.registers[0xf4] & 3) !== 3) {
        this.registers[0xf4] &= ~3; // forced mode ends in sleep
      }
    }
    const normal = (this.registers[0xf4] & 3) === 3;
    if (normal && !this.pending && this.pointer === 0xf7) {
      this.#measure(this.registers[0xf4]);
    }
    this.registers[0xf3] = this.pending && this.now() < this.ready ? 8 : 0;
    const value = this.registers[this.pointer];
    this.pointer = (this.pointer + 1) & 255;
    return value;
  }
}

/** ROHM BH1750FVI (data sheet, "Instruction Set Architecture" and "Measurement mode"). */
export class Bh1750 extends Sensor {
  constructor(now) {
    super(now);
    this.lux = 100;
    this.on = false;
    this.time = 69; // MTreg
    this.mode = null;
    this.ready = 0;
    this.measured = 0;
  }

  write(byte) {
    if (byte === 0x00 || byte === 0x01) {
      this.on = byte === 0x01;
    } else if (byte === 0x07) {
      this.measured = 0;
    } else if ((byte & 0xf8) === 0x40) {
      this.time = (this.time & 0x1f) | ((byte & 7) << 5);
    } else if ((byte & 0xe0) === 0x60) {
      this.time = (this.time & 0xe0) | (byte & 0x1f);
    } else if ([0x10, 0x11, 0x13, 0x20, 0x21, 0x23].includes(byte)) {
      this.mode = byte;
      this.on = true;
      this.ready = this.now() + ((byte & 3) === 3 ? 16 : 120) * (this.time / 69);
    }
    return true;
  }

  start(reads) {
    if (reads) {
      if (this.mode !== null && this.now() >= this.ready) {
        const fine = (this.mode & 3) === 1 ? 2 : 1;
        const coarse = (this.mode & 3) === 3 ? ~3 : ~0;
        this.measured = clamp(this.lux * 1.2 * (this.time / 69) * fine, 0, 65535) & coarse;
        if (this.mode & 0x20) {
          this.on = false;
          this.mode = null;
        }
      }
      this.output = [this.measured >> 8, this.measured & 255];
    }
    return true;
  }
}
