export { openCertificateFiles } from './certificate-files.ts';
export { openLocalAuthority } from './local-authority.ts';
export type { TlsServerOptions, TlsSource } from './tls-source.ts';
