export { openAuthority } from './authority.ts';
export { lanNames } from './lan-names.ts';
export { ServerCertificate } from './server-certificate.ts';
