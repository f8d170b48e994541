// Quick ways to RAM and flash; every other address is left to rp2040js.

const RAM = 0x20000000;
const FLASH = 0x10000000;

/** Return functions that load and store words, halfwords and bytes; `fetch` an instruction, -1 if it is elsewhere. */
export function memory(mcu) {
  const { core, sram, flash, flash16 } = mcu;
  const flash32 = new Uint32Array(flash.buffer);
  const ram16 = new Uint16Array(sram.buffer);
  const ram32 = new Uint32Array(sram.buffer);
  const ramSize = sram.length;
  const flashSize = flash.length;

  const fetch = (address) => {
    const inFlash = address - FLASH;
    if (inFlash >= 0 && inFlash < flashSize) {
      return flash16[inFlash >> 1];
    }
    const inRam = address - RAM;
    return inRam >= 0 && inRam < ramSize ? ram16[inRam >> 1] : -1;
  };
  const load = (address) => {
    const offset = address - RAM;
    if (offset >= 0 && offset < ramSize && !(offset & 3)) {
      return ram32[offset >> 2];
    }
    const inFlash = address - FLASH;
    return inFlash >= 0 && inFlash < flashSize && !(inFlash & 3) ? flash32[inFlash >> 2] : core.readUint32(address);
  };
  const load16 = (address) => {
    const offset = address - RAM;
    return offset >= 0 && offset < ramSize && !(offset & 1) ? ram16[offset >> 1] : core.readUint16(address);
  };
  const load8 = (address) => {
    const offset = address - RAM;
    if (offset >= 0 && offset < ramSize) {
      return sram[offset];
    }
    const inFlash = address - FLASH;
    return inFlash >= 0 && inFlash < flashSize ? flash[inFlash] : core.readUint8(address);
  };
  const store = (address, value) => {
    const offset = address - RAM;
    if (offset >= 0 && offset < ramSize && !(offset & 3)) {
      ram32[offset >> 2] = value;
    } else {
      core.writeUint32(address, value);
    }
  };
  const store16 = (address, value) => {
    const offset = address - RAM;
    if (offset >= 0 && offset < ramSize && !(offset & 1)) {
      ram16[offset >> 1] = value;
    } else {
      core.writeUint16(address, value);
    }
  };
  const store8 = (address, value) => {
    const offset = address - RAM;
    if (offset >= 0 && offset < ramSize) {
      sram[offset] = value;
    } else {
      core.writeUint8(address, value);
    }
  };

  return { fetch, load, load16, load8, store, store16, store8 };
}
