// What is wired to the pins: levels from outside, waveforms, captures, pixels, DHT sensors.
import { GPIOPinState } from 'rp2040js';

const MAX_EDGES = 200000;
// WS2812B data sheet: a 0 is high for 0.4 µs, a 1 for 0.8 µs; 50 µs of low latch (newer ones want 280).
const BIT_THRESHOLD = 600;
const LATCH_NANOS = 50e3;

export class Pins {
  constructor(chip) {
    this.chip = chip;
    this.outside = new Map(); // pin: level that something outside drives
    this.resistors = new Map(); // pin: level that something outside pulls it to
    this.captures = new Map(); // pin: [[µs, level], ...]
    this.pixels = new Map(); // pin: decoder
    this.sensors = new Map(); // pin: DHT
    this.dependents = new Set(); // called with (pin, level) when a level has changed
    chip.bootListeners.push((mcu) => this.#attach(mcu));
  }

  #attach(mcu) {
    this.levels = new Array(30).fill(null);
    mcu.gpio.forEach((pin, number) => {
      pin.addListener(() => this.#update(number));
      this.#update(number);
    });
    for (const sensor of this.sensors.values()) {
      sensor.reset();
    }
  }

  /** The level of a wire: what the chip drives wins over what is outside, that over the pull resistors. */
  level(number) {
    const state = this.chip.mcu.gpio[number].value;
    if (state === GPIOPinState.Low || state === GPIOPinState.High) {
      return state === GPIOPinState.High ? 1 : 0;
    }
    return this.outside.get(number) ?? this.resistors.get(number) ?? (state === GPIOPinState.InputPullUp ? 1 : 0);
  }

  /** How the chip has set a pin: low, high, in, up, down. */
  state(number) {
    return ['low', 'high', 'in', 'up', 'down', 'keep'][this.chip.mcu.gpio[number].value];
  }

  /** Drive a pin from outside; null lets go of it. */
  drive(number, level) {
    this.#wire(this.outside, number, level);
  }

  /** Pull a pin up or down by a resistor outside; null takes it off. */
  pull(number, level) {
    this.#wire(this.resistors, number, level);
  }

  #wire(wires, number, level) {
    if (level === null) {
      wires.delete(number);
    } else {
      wires.set(number, level ? 1 : 0);
    }
    if (this.chip.mcu) {
      this.#update(number);
    }
  }

  /** Drive a pin through [delay in µs, level] steps; calls back at the end. */
  play(number, steps, done = () => {}) {
    let i = 0;
    const next = () => {
      if (i === steps.length) {
        done();
        return;
      }
      const [delay, level] = steps[i++];
      this.chip.after(delay * 1000, () => {
        this.drive(number, level);
        next();
      });
    };
    next();
  }

  #update(number) {
    const pin = this.chip.mcu.gpio[number];
    const level = this.level(number);
    if (level !== this.levels[number] || pin.rawInputValue !== !!level) {
      this.levels[number] = level;
      pin.setInputValue(!!level);
      this.#changed(number, level);
    }
    const sensor = this.sensors.get(number);
    if (sensor) {
      sensor.changed(pin.value);
    }
  }

  #changed(number, level) {
    const { nanos } = this.chip;
    const capture = this.captures.get(number);
    if (capture && capture.length < MAX_EDGES) {
      capture.push([nanos / 1000, level]);
    }
    const pixels = this.pixels.get(number);
    if (pixels) {
      pixels.changed(nanos, level);
    }
    for (const each of this.dependents) {
      each(number, level);
    }
  }

  /** Frequency and duty of a PWM pin, from its registers; null where it is none. */
  pwm(number) {
    const PWM = 4;
    const pin = this.chip.mcu.gpio[number];
    const channel = this.chip.mcu.pwm.channels[(number >> 1) & 7];
    if (pin.functionSelect !== PWM || !(channel.csr & 1)) {
      return null;
    }
    const top = channel.top + 1;
    const level = number & 1 ? channel.cc >>> 16 : channel.cc & 0xffff;
    const frequency = this.chip.mcu.clkSys / channel.timer.prescaler / top / (channel.csr & 2 ? 2 : 1);
    const inverted = channel.csr & (number & 1 ? 8 : 4);
    const duty = Math.min(1, level / top);
    return { frequency, duty: inverted ? 1 - duty : duty };
  }
}

export class PixelDecoder {
  constructor() {
    this.frames = 0;
    this.last = [];
    this.bits = [];
    this.rise = null;
    this.fall = -Infinity;
  }

  changed(nanos, level) {
    if (level) {
      this.#latch(nanos);
      this.rise = nanos;
    } else if (this.rise !== null) {
      this.bits.push(nanos - this.rise > BIT_THRESHOLD ? 1 : 0);
      this.fall = nanos;
    }
  }

  #latch(nanos) {
    if (this.bits.length && nanos - this.fall > LATCH_NANOS) {
      if (this.bits.length >= 8) {
        this.last = this.#bytes();
        this.frames += 1;
      }
      this.bits = [];
    }
  }

  #bytes() {
    const bytes = [];
    for (let i = 0; i + 8 <= this.bits.length; i += 8) {
      bytes.push(parseInt(this.bits.slice(i, i + 8).join(''), 2));
    }
    return bytes;
  }

  /** The last whole frame: number of frames, bytes as sent (green, red, blue). */
  read(nanos) {
    this.#latch(nanos);
    return { frames: this.frames, bytes: this.last };
  }
}

/** A DHT11 or DHT22 (its data sheet's single bus): answers when it was pulled low for a while and let go. */
export class Dht {
  constructor(pins, number, model, values) {
    this.pins = pins;
    this.number = number;
    this.model = model;
    this.set(values);
    this.reset();
  }

  /** temperature °C, humidity %; fail: '' | 'silent' | 'checksum'. */
  set({ temperature = 20, humidity = 50, fail = '' }) {
    Object.assign(this, { temperature, humidity, fail });
  }

  reset() {
    this.lowSince = null;
    this.answering = false;
    this.pins.drive(this.number, 1);
  }

  changed(state) {
    const { nanos } = this.pins.chip;
    const enough = (this.model === 'dht11' ? 10e6 : 0.8e6);
    if (state === GPIOPinState.Low) {
      this.lowSince ??= nanos;
    } else if (this.lowSince !== null) {
      const low = nanos - this.lowSince;
      this.lowSince = null;
      if (low >= enough && !this.answering && this.fail !== 'silent') {
        this.#answer();
      }
    }
  }

  #bytes() {
    let bytes;
    if (this.model === 'dht11') {
      bytes = [Math.round(this.humidity), 0, Math.round(this.temperature), 0];
    } else {
      const humidity = Math.round(this.humidity * 10);
      const tenths = Math.round(Math.abs(this.temperature) * 10) | (this.temperature < 0 ? 0x8000 : 0);
      bytes = [humidity >> 8, humidity & 255, tenths >> 8, tenths & 255];
    }
    const sum = bytes.reduce((a, b) => a + b) & 255;
    return [...bytes, this.fail === 'checksum' ? sum ^ 0x55 : sum];
  }

  #answer() {
    const steps = [[30, 0], [80, 1], [80, 0]];
    for (const byte of this.#bytes()) {
      for (let bit = 7; bit >= 0; bit--) {
        steps.push([50, 1], [(byte >> bit) & 1 ? 70 : 26, 0]);
      }
    }
    steps.push([50, 1]);
    this.answering = true;
    this.pins.play(this.number, steps, () => {
      this.answering = false;
    });
  }
}
