export { openTls } from './open-tls.ts';
export type { TlsSource } from './tls-source.ts';
