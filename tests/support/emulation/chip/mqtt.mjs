// Enough of MQTT to tell what went over a connection.

const MQTT_TYPES = ['?', 'CONNECT', 'CONNACK', 'PUBLISH', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP', 'SUBSCRIBE',
  'SUBACK', 'UNSUBSCRIBE', 'UNSUBACK', 'PINGREQ', 'PINGRESP', 'DISCONNECT', '?'];

// MQTT 3.1.1, section 2.2: the first packet in a stream; null while it is not whole.
export function mqttPacket(stream) {
  let length = 0;
  let i = 1;
  for (let shift = 0; ; shift += 7) {
    if (i >= stream.length) {
      return null;
    }
    length |= (stream[i] & 127) << shift;
    if (!(stream[i++] & 128)) {
      break;
    }
  }
  if (stream.length < i + length) {
    return null;
  }
  const type = MQTT_TYPES[stream[0] >> 4];
  const packet = { type, bytes: i + length };
  if (type === 'PUBLISH') {
    const size = stream.readUInt16BE(i);
    packet.topic = stream.toString('utf8', i + 2, i + 2 + size);
    packet.retain = !!(stream[0] & 1);
    packet.qos = (stream[0] >> 1) & 3;
    const start = i + 2 + size + (packet.qos ? 2 : 0);
    packet.payload = stream.toString('latin1', start, Math.min(i + length, start + 400));
  }
  return packet;
}
