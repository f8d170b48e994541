// A model of the BME280.
import { Sensor } from './sensor.mjs';

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
