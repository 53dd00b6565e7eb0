/** ssh2's own way out for packets: queues during a key exchange, encrypts otherwise. Not in its public types. */
declare module 'ssh2/lib/protocol/utils.js' {
  const utils: { readonly sendPacket: (protocol: unknown, packet: Buffer) => boolean };
  export default utils;
}
