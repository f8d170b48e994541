// Runs one emulated Pico W: `node main.mjs ROM FIRMWARE.uf2`. Requests come in on standard input, one JSON object a line,
// answers and events go out on standard output; ../pico.py is the other end. It ends when standard input does.
import fs from 'node:fs';
import readline from 'node:readline';
import { Chip, loadUf2 } from './chip.mjs';
import { I2cBus } from './i2c.mjs';
import { Dht, PixelDecoder, Pins } from './pins.mjs';
import { Wifi } from './wifi.mjs';

const [rom, firmware] = process.argv.slice(2);
const flash = new Uint8Array(16 * 1024 * 1024).fill(0xff);
loadUf2(flash, fs.readFileSync(firmware));
const romBytes = fs.readFileSync(rom);
const chip = new Chip(new Uint32Array(romBytes.buffer, romBytes.byteOffset, romBytes.length / 4), flash);
const pins = new Pins(chip);
const wifi = new Wifi(chip, pins);
const buses = [0, 1].map((number) => new I2cBus(chip, pins, number));

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
chip.usbTap = (bytes) => {
  chip.hold();
  tell({ event: 'usb', data: Buffer.from(bytes).toString('latin1') });
};
chip.bootListeners.push((_, cause) => tell({ event: 'boot', cause, time: chip.nanos / 1e9 }));

const level = (value) => (value === null ? null : value ? 1 : 0);

// A request's `do` names one of these; what is returned (or promised) is the answer.
const REQUESTS = {
  power: ({ on }) => (on ? chip.powerOn() : chip.powerOff()),
  hard_reset: () => chip.hardReset(),
  speed: ({ value }) => {
    chip.speed = value;
    chip.idleSince = null;
    chip.wake();
  },
  state: () => ({
    time: chip.nanos / 1e9,
    busy: chip.busyNanos / 1e9,
    asleep: chip.asleepNanos / 1e9,
    powered: chip.powered,
    resets: chip.resets,
    idle: !!chip.mcu?.core.waiting,
    pc: chip.mcu?.core.PC,
  }),
  wait: ({ until }) => new Promise((done) => chip.at(until * 1e9, done)),
  usb: ({ data }) => chip.usb(Buffer.from(data, 'latin1')),
  drive: ({ pin, value }) => pins.drive(pin, level(value)),
  pull: ({ pin, value }) => pins.pull(pin, level(value)),
  play: ({ pin, steps }) => new Promise((done) => pins.play(pin, steps, done)),
  pin: ({ pin }) => ({ level: pins.level(pin), state: pins.state(pin), pwm: pins.pwm(pin) }),
  led: () => wifi.pins & 1,
  adc: ({ channel, value }) => setAdc(channel, value),
  capture: ({ pin, on }) => {
    const edges = pins.captures.get(pin) ?? [];
    if (on) {
      pins.captures.set(pin, []);
    } else {
      pins.captures.delete(pin);
    }
    return edges;
  },
  edges: ({ pin }) => pins.captures.get(pin) ?? [],
  pixels: ({ pin }) => {
    if (!pins.pixels.has(pin)) {
      pins.pixels.set(pin, new PixelDecoder());
    }
    return pins.pixels.get(pin).read(chip.nanos);
  },
  dht: ({ pin, model, values }) => {
    const sensor = pins.sensors.get(pin);
    if (sensor) {
      sensor.set(values);
    } else {
      pins.sensors.set(pin, new Dht(pins, pin, model, values));
    }
  },
  i2c: ({ bus, address, model, values }) => buses[bus].set(address, model, values),
  i2c_remove: ({ bus, address }) => buses[bus].devices.delete(address),
  i2c_log: ({ bus }) => buses[bus].log,
  wifi: ({ values }) => {
    const { air, join, ...rest } = values;
    Object.assign(wifi, rest);
    if (join !== undefined) {
      wifi.joinNanos = join * 1e9;
    }
    if (air !== undefined) {
      wifi.setAir(air);
    }
  },
  traffic: () => ({ ...wifi.counts, ...wifi.tcp.counts, link: wifi.link, radio: wifi.radio }),
  traffic_log: () => wifi.log,
};

const adc = [0, 0, 0, 0, 876]; // the last is the chip's own temperature, 27 °C
function setAdc(channel, value) {
  adc[channel] = value;
  if (chip.mcu) {
    chip.mcu.adc.channelValues = adc;
  }
}
chip.bootListeners.push((mcu) => {
  mcu.adc.channelValues = adc;
});

const input = readline.createInterface({ input: process.stdin });
input.on('line', async (line) => {
  const { id, do: name, ...rest } = JSON.parse(line);
  try {
    const result = await REQUESTS[name](rest);
    if (id !== undefined) {
      tell({ id, result: result ?? null });
    }
  } catch (error) {
    tell({ id, error: `${name}: ${error.stack ?? error}` });
  }
});
input.on('close', () => process.exit(0));
