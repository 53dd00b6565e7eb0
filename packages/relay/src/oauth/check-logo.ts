import { PorchlightError } from '@porchlight/protocol';

/** First bytes of the kinds of picture that every browser shows and that carry no script. */
const KINDS: ReadonlyMap<string, (bytes: Buffer) => boolean> = new Map([
  ['image/png', (bytes) => bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))],
  ['image/jpeg', (bytes) => bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))],
  [
    'image/webp',
    (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
  ],
]);

/** A logo, given as the data URL of a PNG, JPEG or WebP. @throws PorchlightError `bad_request` */
export function checkLogo(logo: string): string {
  const [, type = '', text = ''] = /^data:(image\/[a-z]+);base64,([A-Za-z0-9+/]+={0,2})$/.exec(logo) ?? [];
  if (KINDS.get(type)?.(Buffer.from(text, 'base64')) === true) return logo;
  throw new PorchlightError('bad_request', 'A logo is a PNG, JPEG or WebP picture as a base64 data URL');
}
