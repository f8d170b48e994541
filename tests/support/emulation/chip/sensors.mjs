// Models of small I2C sensors.
import { clamp, Sensor } from './sensor.mjs';

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
