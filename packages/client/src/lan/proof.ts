import { PorchlightError } from '@porchlight/protocol';
import { LAN_PROOF_CONTEXT, LAN_PROOF_MAX, LAN_PROOF_PATH, parseLanProof } from '@porchlight/protocol/lan';
import type { Fetch } from '../api/index.ts';

/** Random bytes that a proof has to be about, so that no old one can be shown. */
const NONCE_BYTES = 24;

/** What has to be proven. */
export interface Suspect {
  /** Origin of the door on the LAN. */
  readonly door: string;
  /** `SHA256:…` of the device's key, as the relay knows it. */
  readonly fingerprint: string;
  readonly service: string;
}

/**
 * Asks a door on the LAN to prove that it is the device: it signs a fresh nonce, its own address and the addresses of
 * its services with the device's key. Nothing secret is sent. Gives the origin of the service.
 * @throws PorchlightError `bad_answer` with what was wrong
 */
export async function prove(fetch: Fetch, suspect: Suspect, signal: AbortSignal): Promise<string> {
  const nonce = base64Url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
  const response = await fetch(`${suspect.door}${LAN_PROOF_PATH}?nonce=${nonce}`, {
    signal,
    redirect: 'error',
    credentials: 'omit',
    cache: 'no-store',
  });
  const proof = response.ok ? parseLanProof(await limitedText(response)) : undefined;
  if (proof === undefined) throw impostor('what answers there is no door of a device');
  const blob = fromBase64(proof.key);
  if ((await fingerprint(blob)) !== suspect.fingerprint) throw impostor('another device answers there');
  if (!(await isSigned(blob, proof.statement, proof.signature))) throw impostor('its signature is wrong');
  if (proof.claims.nonce !== nonce) throw impostor('it showed an old proof');
  if (proof.claims.door !== suspect.door) throw impostor('it proved another address');
  const url = proof.claims.services.get(suspect.service);
  if (url === undefined) throw impostor('the service is not open on the LAN');
  return url;
}

function impostor(reason: string): PorchlightError {
  return new PorchlightError('bad_answer', `The LAN address is not used: ${reason}`);
}

/** Of an SSH public key's blob (RFC 4253 §6.6), as OpenSSH writes it. */
async function fingerprint(blob: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', blob));
  return `SHA256:${btoa(String.fromCharCode(...digest)).replace(/=+$/, '')}`;
}

/** Ed25519 (RFC 8032) over the context and the statement. */
async function isSigned(
  blob: Uint8Array<ArrayBuffer>,
  statement: string,
  signature: string,
): Promise<boolean> {
  const raw = ed25519Key(blob);
  if (raw === undefined) return false;
  const key = await crypto.subtle.importKey('raw', raw, { name: 'Ed25519' }, false, ['verify']);
  const bytes = new TextEncoder().encode(LAN_PROOF_CONTEXT + statement);
  return crypto.subtle.verify({ name: 'Ed25519' }, key, fromBase64(signature), bytes);
}

/** The 32 bytes of `string "ssh-ed25519", string key` (RFC 8709 §4). */
function ed25519Key(blob: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  const head = '\0\0\0\x0bssh-ed25519\0\0\0\x20';
  if (blob.length !== head.length + 32) return undefined;
  return String.fromCharCode(...blob.subarray(0, head.length)) === head ? blob.slice(head.length) : undefined;
}

async function limitedText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
    if (text.length > LAN_PROOF_MAX) {
      await reader.cancel();
      throw impostor('it answered too much');
    }
  }
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
}
