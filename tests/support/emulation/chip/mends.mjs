// What rp2040js 1.4.1 leaves out or does slowly.

// rp2040js looks for a peripheral before anything else at each write, and at each aligned read of RAM last.
export function speedUp(mcu) {
  const { sram, sramView } = mcu;
  const size = sram.length;
  const writeUint32 = mcu.writeUint32.bind(mcu);
  mcu.writeUint32 = (address, value) => {
    const offset = (address >>> 0) - 0x20000000;
    if (offset >= 0 && offset + 3 < size) {
      sramView.setUint32(offset, value, true);
    } else {
      writeUint32(address, value);
    }
  };
  const readUint32 = mcu.readUint32.bind(mcu);
  mcu.readUint32 = (address) => {
    const offset = (address >>> 0) - 0x20000000;
    return offset >= 0 && offset + 3 < size ? sramView.getUint32(offset, true) : readUint32(address);
  };
}

// With interrupts masked (PRIMASK), one that is pending ends WFI without being taken: ARMv6-M manual, B1.5.19.
export function mendInterrupts(core) {
  const check = core.checkForInterrupts.bind(core);
  core.checkForInterrupts = () => {
    if (!(core.waiting && core.PM)) {
      return check();
    }
    if (core.pendingInterrupts & core.enabledInterrupts || core.pendingPendSV || core.pendingSystick) {
      core.waiting = false;
    }
    return false;
  };
}

// An abort empties the transmit FIFO, which the firmware waits for (RP2040 data sheet, section 4.3.10.2).
export function mendI2c(block) {
  const TX_EMPTY = 1 << 4;
  const abort = block.abort.bind(block);
  block.abort = (reason) => {
    abort(reason);
    block.setInterrupts(TX_EMPTY);
  };
}

// rp2040js never takes the transmit interrupt back, so that machine.UART hangs.
export function mendUart(uart) {
  const TXINTR = 0x20;
  uart.checkInterrupts = function () {
    this.rp2040.setInterrupt(this.irq, !!(this.interruptStatus & this.interruptMask));
  };
  const write = uart.writeUint32.bind(uart);
  uart.writeUint32 = (offset, value) => {
    write(offset, value);
    if (offset === 0) {
      uart.interruptStatus |= TXINTR;
      uart.checkInterrupts();
    }
  };
}

/** The ring oscillator's random bit (RP2040 data sheet, section 2.17.5), or each boot would use the same ports and keys. */
export function mendRandom(oscillator) {
  const RANDOMBIT = 0x1c;
  const read = oscillator.readUint32.bind(oscillator);
  oscillator.readUint32 = (offset) => (offset === RANDOMBIT ? +(Math.random() < 0.5) : read(offset));
}
