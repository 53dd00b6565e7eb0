/** The base station's own certificate authority, which devices pin when they are let in. */
import 'reflect-metadata';
import { KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { ConfigError, createFile, readTextFile, systemErrorCode } from '../../config/index.ts';

const FILE = 'base-station-authority.pem';
const FILE_MAX = 16 * 1024;
const READABLE_BY_OTHERS = 0o077;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Devices have no clock, or one that begins in 1970 or 2020 and is never set: dates must not be what fails. */
const NOT_BEFORE = new Date(Date.UTC(2020, 0, 1));
const YEARS = 30;

export interface Authority {
  /** PEM. */
  readonly certificate: string;
  readonly key: CryptoKey;
}

/**
 * Made at the first start, then kept: certificate and key in one file of mode 0600, which is never written to again.
 * @throws ConfigError
 */
export async function openAuthority(dataFolder: string, now: number): Promise<Authority> {
  const path = join(dataFolder, FILE);
  const found = await read(path);
  if (found !== undefined) return found;
  try {
    await createFile(path, await make(now), 0o600);
  } catch (error) {
    const code = systemErrorCode(error);
    // EEXIST: another process was faster; its authority counts.
    if (code !== 'EEXIST') {
      throw new ConfigError(`${path} cannot be written (${code}): check folder and disk`, { cause: error });
    }
  }
  const made = await read(path);
  if (made === undefined) throw new ConfigError(`${path} has gone again: check folder and disk`);
  return made;
}

/** A server's certificate with a new key, PEM, the authority behind it. */
export async function makeServerCertificate(
  { certificate, key }: Authority,
  names: JsonGeneralNames,
): Promise<{ key: string; chain: string }> {
  const issuer = new X509Certificate(certificate);
  const keys = await generateKeys();
  const made = await X509CertificateGenerator.create({
    subject: [{ O: ['Porchlight'] }, { CN: ['Porchlight base station'] }],
    issuer: issuer.subjectName,
    notBefore: issuer.notBefore,
    notAfter: issuer.notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: key,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { key: pemOf(keys.privateKey), chain: `${made.toString('pem')}\n${certificate}\n` };
}

async function make(now: number): Promise<string> {
  const keys = await generateKeys();
  const end = new Date(now);
  end.setUTCFullYear(end.getUTCFullYear() + YEARS);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // Two base stations must not share a name: what trusts both would take one for the other.
    name: [{ O: ['Porchlight'] }, { CN: [`Porchlight base station ${randomBytes(4).toString('hex')}`] }],
    notBefore: NOT_BEFORE,
    notAfter: end,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${certificate.toString('pem')}\n${pemOf(keys.privateKey)}`;
}

async function read(path: string): Promise<Authority | undefined> {
  try {
    const { text, mode } = await readTextFile(path, FILE_MAX);
    if ((mode & READABLE_BY_OTHERS) !== 0) {
      throw new ConfigError(`other users may read the private key in ${path}: chmod 600 ${path}`);
    }
    const [certificate, key] = PemConverter.decode(text);
    if (certificate === undefined || key === undefined) throw new Error('certificate or key is missing');
    return {
      certificate: new X509Certificate(certificate).toString('pem'),
      key: await crypto.subtle.importKey('pkcs8', key, ALGORITHM, false, ['sign']),
    };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      `${path} is no authority of ours: restore it from a backup, or remove it and let devices in again`,
      { cause: error },
    );
  }
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function pemOf(key: CryptoKey): string {
  return String(KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }));
}
