/** Makes the certificates of the relay's own authority. Nothing in here keeps anything. */
import 'reflect-metadata';
import { createPrivateKey, KeyObject, randomBytes } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { isLoopbackName } from '../config/index.ts';
import { NAME_CONSTRAINTS_OID, nameConstraints } from './name-constraints.ts';

const DAY_MS = 86_400_000;
/** Clocks of devices and visitors may be behind ours. */
const BACKDATE_MS = DAY_MS;
const AUTHORITY_MS = 3652 * DAY_MS;
/** With the day before, 397 days: browsers refuse longer ones (CA/Browser Forum, Baseline Requirements §6.3.2). */
const LEAF_MS = 396 * DAY_MS;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Longest common name (X.520 `ub-common-name`). */
const COMMON_NAME_MAX = 64;

export interface PemPair {
  /** PEM, the certificate first and its chain behind it. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface Authority extends PemPair {
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface Leaf extends PemPair {
  readonly notBefore: number;
  readonly notAfter: number;
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function keyPem(key: CryptoKey): string {
  return String(KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }));
}

/** A certificate authority that can vouch for web servers of `domain` only. */
export async function makeAuthority(domain: string, now: number): Promise<PemPair> {
  const keys = await generateKeys();
  // Two authorities of the same domain must not share a name: browsers take one for the other.
  const tag = randomBytes(2).toString('hex');
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ O: ['Porchlight'] }, { CN: [`Porchlight ${tag} ${domain}`.slice(0, COMMON_NAME_MAX)] }],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + AUTHORITY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new Extension(
        NAME_CONSTRAINTS_OID,
        true,
        new Uint8Array(nameConstraints(domain, isLoopbackName(domain))),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: keyPem(keys.privateKey) };
}

/** Reads an authority that {@link makeAuthority} made. */
export function readAuthority(pair: PemPair): Authority {
  const { notBefore, notAfter } = new X509Certificate(pair.certificate);
  return { ...pair, notBefore: notBefore.getTime(), notAfter: notAfter.getTime() };
}

/** The names that the relay's certificate is for; `pathsHost` when the wildcard does not stand for it. */
export function leafNames(domain: string, pathsHost?: string): JsonGeneralNames {
  const names: JsonGeneralNames = [
    { type: 'dns', value: domain },
    { type: 'dns', value: `*.${domain}` },
  ];
  const deeper =
    pathsHost?.endsWith(`.${domain}`) === true && pathsHost.split('.').length > domain.split('.').length + 1;
  if (deeper) names.push({ type: 'dns', value: pathsHost });
  if (isLoopbackName(domain)) names.push({ type: 'ip', value: '127.0.0.1' }, { type: 'ip', value: '::1' });
  return names;
}

/**
 * A server's certificate with a new key, signed by the authority and no longer valid than that.
 * @param names from {@link leafNames}, or one host name
 */
export async function makeLeaf(authority: Authority, names: JsonGeneralNames, now: number): Promise<Leaf> {
  const issuer = new X509Certificate(authority.certificate);
  const der = createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' });
  const signingKey = await crypto.subtle.importKey('pkcs8', new Uint8Array(der), ALGORITHM, false, ['sign']);
  const keys = await generateKeys();
  const notBefore = Math.max(now - BACKDATE_MS, authority.notBefore);
  const notAfter = Math.min(now + LEAF_MS, authority.notAfter);
  const certificate = await X509CertificateGenerator.create({
    subject: [{ O: ['Porchlight'] }, { CN: ['Porchlight relay'] }],
    issuer: issuer.subjectName,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  const chain = `${certificate.toString('pem')}\n${authority.certificate}\n`;
  return { certificate: chain, key: keyPem(keys.privateKey), notBefore, notAfter };
}
