// rp2040js runs PIO programs whenever this machine has time. Here each instruction has its moment in chip time.

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
