// The RP2040 itself: npm's rp2040js with what a running MicroPython needs besides, and a clock that skips idle time.
import { ConsoleLogger, LogLevel, RP2040, USBCDC } from 'rp2040js';
import { executor } from './execute.mjs';
import { mendI2c, mendInterrupts, mendRandom, mendUart, speedUp } from './mends.mjs';
import { clockPio } from './pio.mjs';

const FLASH_START = 0x10000000;
// MicroPython's lightsleep and deepsleep run the processor from the crystal, everything else from a PLL.
const SLEEP_HZ = 12e6;
const CYCLES_PER_BURST = 4000;
const SLICE_MS = 4;
// How long after traffic idle time is not skipped, so that an answer comes in the chip's "at once".
const HOLD_MS = 30;
// The boot ROM's routines (version B1) that write flash; rp2040js has no flash chip behind them.
const ROM_ERASE = 0x237c;
const ROM_PROGRAM = 0x23c4;
const BREAK_ERASE = 0xa0;
const BREAK_PROGRAM = 0xa1;
// Typical times of the W25Q16JV of a Pico W (its data sheet, section 9.6): a sector of 4096 bytes, a page of 256.
const ERASE_NANOS = 45e6;
const PROGRAM_NANOS = 0.4e6;

export class Chip {
  constructor(rom, flash) {
    this.rom = rom;
    this.flash = flash;
    this.speed = 1; // how many times faster than real idle time passes; 0: all of it is skipped
    this.powered = false;
    this.mcu = null;
    this.usbTap = () => {};
    this.bootListeners = [];
    this.resetListeners = [];
    this.busyHosts = 0; // what waits for this machine, such as a connection being made
    this.resets = { power: 0, watchdog: 0 };
    this.nanosBefore = 0; // of all boots before this one
    this.busyNanos = 0; // in which instructions were executed, of all boots
    this.asleepNanos = 0; // in lightsleep or deepsleep, of all boots
    this.timer = null;
    this.usbIn = [];
    this.alarms = new Map();
    this.waits = [];
    this.holdUntil = 0;
    this.idleSince = null;
    this.idleFrom = 0;
    this.pendingReset = null;
  }

  /** Chip time since the first power-on, in ns; power-off takes none. */
  get nanos() {
    return this.nanosBefore + (this.mcu ? this.mcu.clock.nanosCounter : 0);
  }

  /** Call back after some chip time; forgotten when the chip is reset. */
  after(nanos, callback) {
    const alarm = this.mcu.clock.createAlarm(callback);
    alarm.schedule(nanos);
    return alarm;
  }

  /** Call back at a chip time, across resets. */
  at(nanos, callback) {
    const wait = { nanos, callback };
    this.waits.push(wait);
    this.#arm(wait);
    this.wake();
  }

  #arm(wait) {
    if (!this.mcu) {
      return;
    }
    this.after(Math.max(0, wait.nanos - this.nanos), () => {
      this.waits = this.waits.filter((each) => each !== wait);
      wait.callback();
    });
  }

  powerOn() {
    if (!this.powered) {
      this.powered = true;
      this.#boot('power', null);
      this.wake();
    }
  }

  powerOff() {
    this.powered = false;
    if (this.mcu) {
      this.nanosBefore = this.nanos;
      this.mcu = null;
      this.resetListeners.forEach((each) => each('off'));
    }
  }

  /** As the RUN pin would. */
  hardReset() {
    this.powerOff();
    this.powerOn();
  }

  #boot(cause, watchdog) {
    const mcu = new RP2040();
    mcu.logger = new ConsoleLogger(LogLevel.Error);
    this.mcu = mcu;
    this.resets[cause] += 1;
    const rom = new Uint32Array(this.rom);
    const view = new DataView(rom.buffer);
    for (const [address, number] of [[ROM_ERASE, BREAK_ERASE], [ROM_PROGRAM, BREAK_PROGRAM]]) {
      view.setUint16(address, 0xbe00 | number, true); // BKPT
      view.setUint16(address + 2, 0x4770, true); // BX LR
    }
    mcu.loadBootrom(rom);
    mcu.flash = this.flash;
    mcu.flash16 = new Uint16Array(this.flash.buffer);
    mcu.flashView = new DataView(this.flash.buffer);
    mcu.onBreak = (code) => this.#onBreak(code);
    speedUp(mcu);
    mendInterrupts(mcu.core);
    mcu.uart.forEach(mendUart);
    mcu.pio.forEach((each) => clockPio(each, mcu));
    mcu.i2c.forEach(mendI2c);
    mendRandom(mcu.peripherals[0x40060]);
    this.#attachWatchdog(mcu.peripherals[0x40058], watchdog);
    this.#attachUsb(mcu);
    this.cycleNanos = 1e9 / mcu.clkSys;
    mcu.addClockListener((now) => {
      this.cycleNanos = 1e9 / now;
    });
    this.execute = executor(mcu);
    mcu.core.PC = FLASH_START;
    this.idleSince = null;
    this.usbIn = [];
    this.bootListeners.forEach((each) => each(mcu, cause));
    this.waits.forEach((each) => this.#arm(each));
  }

  #attachWatchdog(watchdog, before) {
    if (before) {
      watchdog.scratchData.set(before.scratchData);
      watchdog.reason = before.reason;
    }
    watchdog.onWatchdogTrigger = () => {
      watchdog.timer.enable = false; // or it would fire again, and again
      this.pendingReset = watchdog;
    };
  }

  #attachUsb(mcu) {
    const cdc = new USBCDC(mcu.usbCtrl);
    let connected = false;
    let armed = 0;
    cdc.onDeviceConnected = () => {
      connected = true;
    };
    cdc.onSerialData = (bytes) => this.usbTap(bytes);
    const deliver = () => {
      if (armed && this.usbIn.length) {
        const bytes = Uint8Array.from(this.usbIn.splice(0, armed));
        armed = 0;
        mcu.usbCtrl.endpointReadDone(cdc.outEndpoint, bytes);
      }
    };
    // rp2040js would answer with nothing, again and again, and the chip would never sleep.
    mcu.usbCtrl.onEndpointRead = (endpoint, size) => {
      if (endpoint === cdc.outEndpoint && size > 0) {
        armed = size;
        deliver();
      }
    };
    this.deliverUsb = deliver;
    this.usbReady = () => connected;
  }

  /** Give the chip what a computer sends over USB. */
  usb(bytes) {
    for (const each of bytes) {
      this.usbIn.push(each);
    }
    this.hold();
    if (this.mcu) {
      this.deliverUsb();
    }
    this.wake();
  }

  #onBreak(code) {
    const { mcu } = this;
    const [offset, second, count] = mcu.core.registers;
    if (code === BREAK_ERASE) {
      this.flash.fill(0xff, offset, offset + second);
      mcu.clock.tick((second / 4096) * ERASE_NANOS);
    } else if (code === BREAK_PROGRAM) {
      for (let i = 0; i < count; i++) {
        this.flash[offset + i] &= mcu.readUint8(second + i);
      }
      mcu.clock.tick((count / 256) * PROGRAM_NANOS);
    } else {
      process.stderr.write(`chip: breakpoint ${code} at 0x${mcu.core.PC.toString(16)}: the firmware gave up\n`);
      this.powerOff();
    }
  }

  /** For a while, idle time passes as in reality. */
  hold() {
    this.holdUntil = performance.now() + HOLD_MS;
    this.idleSince = null;
  }

  /** Something has happened outside that may end the chip's idling. */
  wake() {
    if (this.timer) {
      clearTimeout(this.timer);
      this.timer = null;
    }
    if (!this.scheduled && this.powered) {
      this.scheduled = true;
      setImmediate(() => {
        this.scheduled = false;
        this.#slice();
      });
    }
  }

  #slice() {
    const until = performance.now() + SLICE_MS;
    while (this.powered) {
      if (this.pendingReset) {
        const watchdog = this.pendingReset;
        this.pendingReset = null;
        this.nanosBefore = this.nanos;
        this.resetListeners.forEach((each) => each('watchdog'));
        this.#boot('watchdog', watchdog);
      }
      const now = performance.now();
      if (this.mcu.core.waiting) {
        if (!this.#idle(now)) {
          return;
        }
      } else {
        this.idleSince = null;
        this.#burst();
      }
      if (now > until) {
        this.wake();
        return;
      }
    }
  }

  #burst() {
    const { mcu, execute } = this;
    const { core, clock } = mcu;
    const began = clock.nanosCounter;
    for (let n = CYCLES_PER_BURST; n > 0 && !core.waiting && this.mcu === mcu; n--) {
      clock.nanosCounter += execute() * this.cycleNanos;
      const alarm = clock.nextAlarm;
      if (alarm !== null && alarm.nanos <= clock.nanosCounter) {
        clock.tick(0);
        if (this.pendingReset) {
          break;
        }
      }
    }
    this.busyNanos += clock.nanosCounter - began;
  }

  // Let idle time pass; false when nothing is to be done before the timer that was set.
  #idle(now) {
    const { clkSys, clock } = this.mcu;
    const before = clock.nanosCounter;
    const goesOn = this.#pass(now);
    if (clkSys <= SLEEP_HZ) {
      this.asleepNanos += clock.nanosCounter - before;
    }
    return goesOn;
  }

  #pass(now) {
    const { clock, core } = this.mcu;
    const skip = this.speed === 0 && now > this.holdUntil && this.busyHosts === 0;
    const next = clock.nextAlarm ? clock.nextAlarm.nanos : Infinity;
    if (skip && next < Infinity) {
      clock.tick(next - clock.nanosCounter);
      return true;
    }
    const speed = this.speed || 1;
    if (this.idleSince === null) {
      this.idleSince = now;
      this.idleFrom = clock.nanosCounter;
    }
    const limit = this.idleFrom + (now - this.idleSince) * 1e6 * speed;
    if (next <= limit) {
      clock.tick(next - clock.nanosCounter);
      if (!core.waiting) {
        this.idleSince = null;
      }
      return true;
    }
    clock.nanosCounter = Math.max(clock.nanosCounter, limit);
    let pause = Math.min((next - limit) / 1e6 / speed, 50);
    if (this.speed === 0) {
      pause = Math.min(pause, Math.max(1, this.holdUntil - now));
    }
    this.timer = setTimeout(() => {
      this.timer = null;
      this.#slice();
    }, pause);
    return false;
  }
}

/** Put the blocks of a .uf2 file into flash. */
export function loadUf2(flash, file) {
  for (let block = 0; block + 512 <= file.length; block += 512) {
    const address = file.readUInt32LE(block + 12) - FLASH_START;
    const length = file.readUInt32LE(block + 16);
    flash.set(file.subarray(block + 32, block + 32 + length), address);
  }
}
