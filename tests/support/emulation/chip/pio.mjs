// rp2040js runs PIO programs whenever this machine has time. Here each instruction has its moment in chip time. And there
// each FIFO has four places, whatever is said in SHIFTCTRL; here they can be joined.

const SHIFTCTRL = 0x08; // from a state machine's first register on
const FJOIN_TX = 1 << 30;
const FJOIN_RX = 1 << 31;

/** One FIFO takes the places of the other, which then is both full and empty (RP2040 data sheet, section 3.7, SHIFTCTRL). */
function joinFifos(machine) {
  const Fifo = machine.rxFIFO.constructor;
  const write = machine.writeUint32.bind(machine);
  machine.writeUint32 = (offset, value) => {
    const changed = machine.shiftCtrl ^ value;
    write(offset, value);
    if (offset === SHIFTCTRL && changed & (FJOIN_TX | FJOIN_RX)) {
      const [tx, rx] = [value & FJOIN_TX, value & FJOIN_RX];
      machine.txFIFO = new Fifo(rx ? 0 : tx ? 8 : 4); // what was in them is lost
      machine.rxFIFO = new Fifo(tx ? 0 : rx ? 8 : 4);
      machine.updateDMATx();
      machine.updateDMARx();
    }
  };
}

/** Give the state machines of a PIO block the chip's clock. */
export function clockPio(pio, mcu) {
  const { clock } = mcu;
  const never = Infinity;
  let busy = false;

  const period = (machine) => {
    const divider = (machine.clockDivInt || 65536) + machine.clockDivFrac / 256;
    return (divider * 1e9) / mcu.clkSys;
  };

  const arrange = () => {
    if (!busy) {
      const next = Math.min(...pio.machines.map((each) => (each.enabled ? each.due : never)));
      if (next === never) {
        alarm.cancel();
      } else {
        alarm.schedule(Math.max(0, next - clock.nanosCounter));
      }
    }
  };

  const advance = (machine) => {
    while (machine.enabled && machine.due <= clock.nanosCounter) {
      const before = machine.cycles;
      machine.step();
      pio.checkChangedPins();
      machine.due = machine.waiting ? never : machine.due + Math.max(1, machine.cycles - before) * period(machine);
    }
  };

  const alarm = clock.createAlarm(() => {
    busy = true;
    pio.machines.forEach(advance);
    busy = false;
    arrange();
  });

  for (const machine of pio.machines) {
    machine.due = never;
    joinFifos(machine);
    const check = machine.checkWait.bind(machine);
    machine.checkWait = () => {
      const stalled = machine.waiting && machine.due === never;
      check();
      if (stalled && !machine.waiting) {
        machine.due = clock.nanosCounter + (1 + Math.max(0, machine.waitDelay)) * period(machine);
        arrange();
      }
    };
  }

  pio.run = () => {};
  const write = pio.writeUint32.bind(pio);
  pio.writeUint32 = (offset, value) => {
    const enabled = pio.machines.map((each) => each.enabled);
    write(offset, value);
    pio.checkChangedPins();
    pio.machines.forEach((machine, i) => {
      if (machine.enabled && !enabled[i]) {
        machine.due = machine.waiting ? never : clock.nanosCounter;
      }
    });
    arrange();
  };
}
