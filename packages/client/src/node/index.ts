export { type BrowserSignInOptions, signInWithBrowser } from './browser-sign-in.ts';
export { fileStore } from './file-store.ts';
export { openLanTcp } from './lan-tcp.ts';
export { findLoopbackNames } from './loopback-names.ts';
export { TcpDuplex } from './tcp-duplex.ts';
