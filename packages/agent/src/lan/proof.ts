import { LAN_PROOF_CONTEXT } from '@porchlight/protocol/lan';
import ssh2 from 'ssh2';

/** What the door says, before it is signed. */
export interface Statement {
  readonly device: string;
  readonly nonce: string;
  /** Origin of the door as it was asked. */
  readonly door: string;
  /** Origins of services by name. */
  readonly services: ReadonlyMap<string, string>;
}

/** The answer of a door: see `@porchlight/protocol/lan`. `privateKey`: in OpenSSH's format. */
export function signStatement(privateKey: string, { services, ...said }: Statement): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  const statement = JSON.stringify({ ...said, services: Object.fromEntries(services) });
  const signature: unknown = key.sign(LAN_PROOF_CONTEXT + statement);
  if (!Buffer.isBuffer(signature)) throw new Error('the device key does not sign', { cause: signature });
  return JSON.stringify({
    statement,
    key: key.getPublicSSH().toString('base64'),
    signature: signature.toString('base64'),
  });
}
