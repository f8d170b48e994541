// What the network behind the access point offers: addresses by DHCP, names by DNS.

export const HOST = [10, 0, 0, 1];
export const GUEST = [10, 0, 0, 2];
const MASK = [255, 255, 255, 0];

export function checksum(bytes, sum = 0) {
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    sum += (bytes[i] << 8) | bytes[i + 1];
  }
  if (bytes.length & 1) {
    sum += bytes[bytes.length - 1] << 8;
  }
  while (sum > 0xffff) {
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return ~sum & 0xffff;
}

// RFC 2131: whoever asks is 10.0.0.2.
export function dhcp(message) {
  const DISCOVER = 1;
  const REQUEST = 3;
  const [OFFER, ACK] = [2, 5];
  let kind = 0;
  for (let i = 240; i < message.length && message[i] !== 255; i += message[i] ? 2 + message[i + 1] : 1) {
    if (message[i] === 53) {
      kind = message[i + 2];
    }
  }
  if (kind !== DISCOVER && kind !== REQUEST) {
    return null;
  }
  const answer = Buffer.alloc(240);
  message.copy(answer, 0, 0, 44);
  answer[0] = 2;
  answer.set(GUEST, 16);
  answer.set(HOST, 20);
  answer.set([99, 130, 83, 99], 236);
  const options = [53, 1, kind === DISCOVER ? OFFER : ACK, 54, 4, ...HOST, 51, 4, 0, 1, 0x51, 0x80];
  options.push(1, 4, ...MASK, 3, 4, ...HOST, 6, 4, ...HOST, 255);
  return Buffer.concat([answer, Buffer.from(options)]);
}

// RFC 1035: every name is 10.0.0.1.
export function dns(query) {
  let end = 12;
  while (query[end]) {
    end += query[end] + 1;
  }
  const isAddress = query.readUInt16BE(end + 1) === 1;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isAddress ? 1 : 0, 6);
  head.fill(0, 8, 12);
  const record = isAddress ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...HOST]) : Buffer.alloc(0);
  return Buffer.concat([head, query.subarray(12, end + 5), record]);
}
