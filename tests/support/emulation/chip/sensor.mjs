// What models of I2C sensors have in common: set(values), start(reads) -> answers, write(byte) -> acknowledged, read(),
// stop(); `now` is a function that returns chip time in ms. Every one knows the value `absent`: it does not answer.

// CRC-8 of Sensirion and ASAIR: polynomial 0x31, start 0xff.
export function crc8(bytes) {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) {
      crc = crc & 0x80 ? ((crc << 1) ^ 0x31) & 255 : (crc << 1) & 255;
    }
  }
  return crc;
}

export const clamp = (value, low, high) => Math.max(low, Math.min(high, Math.round(value)));

export class Sensor {
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
