// The frequent Thumb instructions, decoded by a table instead of one after the other: about twice as fast as rp2040js, to
// which the rest is left. Cycles are counted as there. Encodings: ARMv6-M manual (DDI 0419), section A5.2.
import { memory } from './memory.mjs';

/** Return a function that executes one instruction of a chip's core and returns its cycles. */
export function executor(mcu) {
  const { core } = mcu;
  const r = core.registers;
  const { fetch, load, load16, load8, store, store16, store8 } = memory(mcu);
  const SP = 13;
  const LR = 14;
  const PC = 15;

  const cyclesOf = (address, isWrite) => (address >= 0xd0000000 ? (address < 0xe0000000 ? 0 : 1)
    : address >= 0x40000000 && address < 0x50000000 ? (isWrite ? 4 : 3) : 1);

  const flags = (result) => {
    core.N = result < 0;
    core.Z = result === 0;
    return result;
  };
  const add = (a, b) => {
    const sum = a + b;
    const result = sum | 0;
    core.N = result < 0;
    core.Z = result === 0;
    core.C = sum > 0xffffffff;
    core.V = ((a ^ result) & (b ^ result)) < 0;
    return result;
  };
  const subtract = (a, b) => {
    const result = (a - b) | 0;
    core.N = result < 0;
    core.Z = result === 0;
    core.C = a >= b;
    core.V = ((a ^ b) & (a ^ result)) < 0;
    return result;
  };

  // A load or store by a register offset: STR STRH STRB LDRSB LDR LDRH LDRB LDRSH.
  const byRegister = (opcode) => {
    const t = opcode & 7;
    const address = (r[(opcode >> 3) & 7] + r[(opcode >> 6) & 7]) >>> 0;
    const kind = (opcode >> 9) & 7;
    switch (kind) {
      case 0:
        store(address, r[t]);
        break;
      case 1:
        store16(address, r[t]);
        break;
      case 2:
        store8(address, r[t]);
        break;
      case 3:
        r[t] = (load8(address) << 24) >> 24;
        break;
      case 4:
        r[t] = load(address);
        break;
      case 5:
        r[t] = load16(address);
        break;
      case 6:
        r[t] = load8(address);
        break;
      default:
        r[t] = (load16(address) << 16) >> 16;
    }
    return 1 + cyclesOf(address, kind < 3);
  };

  // Data processing and special data; 0 when it is left to rp2040js. The program counter is already behind it.
  const dataProcessing = (opcode) => {
    const m = (opcode >> 3) & 7;
    const d = opcode & 7;
    switch ((opcode >> 6) & 31) {
      case 0:
        r[d] = flags(r[d] & r[m]);
        return 1;
      case 1:
        r[d] = flags(r[d] ^ r[m]);
        return 1;
      case 8:
        flags(r[d] & r[m]);
        return 1;
      case 10:
        subtract(r[d], r[m]);
        return 1;
      case 12:
        r[d] = flags(r[d] | r[m]);
        return 1;
      case 13:
        r[d] = flags(Math.imul(r[d], r[m]));
        return 1;
      case 14:
        r[d] = flags(r[d] & ~r[m]);
        return 1;
      case 15:
        r[d] = flags(~r[m]);
        return 1;
      default:
    }
    if (opcode >> 8 === 0x46) {
      const from = (opcode >> 3) & 15;
      const to = ((opcode >> 4) & 8) | d;
      if (from < PC && to < SP) {
        r[to] = r[from];
        return 1;
      }
    } else if (opcode === 0x4770) {
      core.BXWritePC(r[LR]);
      return 2;
    } else if ((opcode & 0xff87) === 0x4780) {
      r[LR] = r[PC] | 1;
      r[PC] = r[(opcode >> 3) & 15] & ~1;
      return 2;
    }
    return 0;
  };

  const push = (opcode) => {
    let cycles = 1;
    let address = r[SP];
    if (opcode & 0x100) {
      address -= 4;
      store(address, r[LR]);
    }
    for (let i = 7; i >= 0; i--) {
      if (opcode & (1 << i)) {
        address -= 4;
        store(address, r[i]);
        cycles += 1;
      }
    }
    r[SP] = address;
    return cycles;
  };

  const pop = (opcode) => {
    let cycles = 1;
    let address = r[SP];
    for (let i = 0; i < 8; i++) {
      if (opcode & (1 << i)) {
        r[i] = load(address);
        address += 4;
        cycles += 1;
      }
    }
    if (opcode & 0x100) {
      r[SP] = address + 4;
      core.BXWritePC(load(address));
      return cycles + 2;
    }
    r[SP] = address;
    return cycles;
  };

  const miscellaneous = (opcode) => {
    switch ((opcode >> 9) & 7) {
      case 0:
        if (opcode & 0x100) {
          return 0;
        }
        r[SP] += (opcode & 0x80 ? -4 : 4) * (opcode & 0x7f);
        return 1;
      case 1:
        if ((opcode >> 6 & 7) === 3) {
          r[opcode & 7] = r[(opcode >> 3) & 7] & 0xff;
          return 1;
        }
        return 0;
      case 2:
        return push(opcode);
      default:
        return 0;
    }
  };

  const holds = (condition) => {
    switch (condition >> 1) {
      case 0:
        return core.Z;
      case 1:
        return core.C;
      case 2:
        return core.N;
      case 3:
        return core.V;
      case 4:
        return core.C && !core.Z;
      case 5:
        return core.N === core.V;
      default:
        return core.N === core.V && !core.Z;
    }
  };

  // BL; other instructions of 32 bits are left to rp2040js.
  const call = (first, second, pc) => {
    if ((second & 0xd000) !== 0xd000) {
      return 0;
    }
    const sign = (first >> 10) & 1;
    const i1 = ((second >> 13) & 1) ^ sign ^ 1;
    const i2 = ((second >> 11) & 1) ^ sign ^ 1;
    const offset = (sign ? -1 << 24 : 0) | (i1 << 23) | (i2 << 22) | ((first & 0x3ff) << 12) | ((second & 0x7ff) << 1);
    r[LR] = (pc + 4) | 1;
    r[PC] = pc + 4 + offset;
    return 3;
  };

  const attempt = (opcode, pc) => {
    const low = opcode & 7;
    const middle = (opcode >> 3) & 7;
    const five = (opcode >> 6) & 31;
    const high = (opcode >> 8) & 7;
    let address;
    switch (opcode >> 11) {
      case 0: {
        const value = r[middle];
        if (five) {
          core.C = !!(value & (1 << (32 - five)));
        }
        r[low] = flags(value << five);
        return 1;
      }
      case 1: {
        const value = r[middle];
        core.C = !!((value >>> (five ? five - 1 : 31)) & 1);
        r[low] = flags((five ? value >>> five : 0) | 0);
        return 1;
      }
      case 2: {
        const value = r[middle] | 0;
        core.C = !!(value & (1 << (five ? five - 1 : 31)));
        r[low] = flags(value >> (five || 31));
        return 1;
      }
      case 3: {
        const operand = opcode & 0x400 ? five & 7 : r[five & 7];
        r[low] = opcode & 0x200 ? subtract(r[middle], operand) : add(r[middle], operand);
        return 1;
      }
      case 4:
        r[high] = flags(opcode & 0xff);
        return 1;
      case 5:
        subtract(r[high], opcode & 0xff);
        return 1;
      case 6:
        r[high] = add(r[high], opcode & 0xff);
        return 1;
      case 7:
        r[high] = subtract(r[high], opcode & 0xff);
        return 1;
      case 8:
        return dataProcessing(opcode);
      case 9:
        r[high] = load(((pc + 4) & ~3) + ((opcode & 0xff) << 2));
        return 2;
      case 10:
      case 11:
        return byRegister(opcode);
      case 12:
        address = (r[middle] + (five << 2)) >>> 0;
        store(address, r[low]);
        return 1 + cyclesOf(address, true);
      case 13:
        address = (r[middle] + (five << 2)) >>> 0;
        r[low] = load(address);
        return 1 + cyclesOf(address, false);
      case 14:
        address = (r[middle] + five) >>> 0;
        store8(address, r[low]);
        return 1 + cyclesOf(address, true);
      case 15:
        address = (r[middle] + five) >>> 0;
        r[low] = load8(address);
        return 1 + cyclesOf(address, false);
      case 16:
        address = (r[middle] + (five << 1)) >>> 0;
        store16(address, r[low]);
        return 1 + cyclesOf(address, true);
      case 17:
        address = (r[middle] + (five << 1)) >>> 0;
        r[low] = load16(address);
        return 1 + cyclesOf(address, false);
      case 18:
        store(r[SP] + ((opcode & 0xff) << 2), r[high]);
        return 2;
      case 19:
        r[high] = load(r[SP] + ((opcode & 0xff) << 2));
        return 2;
      case 21:
        r[high] = r[SP] + ((opcode & 0xff) << 2);
        return 1;
      case 22:
        return miscellaneous(opcode);
      case 23:
        if (opcode === 0xbf40) {
          core.eventRegistered = true; // SEV; rp2040js forgets it
          return 1;
        }
        return (opcode & 0x600) === 0x400 ? pop(opcode) : 0;
      case 26:
      case 27: {
        const condition = (opcode >> 8) & 15;
        if (condition >= 14) {
          return 0;
        }
        if (holds(condition) === !(condition & 1)) {
          r[PC] = pc + 4 + (((opcode & 0xff) << 24) >> 23);
          return 2;
        }
        return 1;
      }
      case 30:
        return call(opcode, load16(pc + 2), pc);
      case 28:
        r[PC] = pc + 4 + (((opcode & 0x7ff) << 21) >> 20);
        return 2;
      default:
        return 0;
    }
  };

  return () => {
    if (!core.interruptsUpdated) {
      const pc = r[PC];
      const opcode = fetch(pc);
      if (opcode >= 0) {
        r[PC] = pc + 2;
        const cycles = attempt(opcode, pc);
        if (cycles) {
          return cycles;
        }
        r[PC] = pc;
      }
    }
    return core.executeInstruction();
  };
}
