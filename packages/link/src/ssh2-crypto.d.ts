/** The inner parts of ssh2 that are used: its types describe the public parts only. */
declare module 'ssh2/lib/protocol/crypto.js' {
  interface Cipher {
    allocPacket(payloadLength: number): Buffer;
    free(): void;
  }
  const crypto: {
    readonly bindingAvailable: boolean;
    readonly CIPHER_INFO: Readonly<Record<string, unknown>>;
    createCipher(config: { outbound: Readonly<Record<string, unknown>> }): Cipher;
  };
  export default crypto;
}
