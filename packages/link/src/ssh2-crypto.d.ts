/** The one inner part of ssh2 that is asked: its types describe the public parts only. */
declare module 'ssh2/lib/protocol/crypto.js' {
  const crypto: { readonly bindingAvailable: boolean };
  export default crypto;
}
