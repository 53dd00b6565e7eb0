import type { AppFace } from '@porchlight/protocol/api';

/** Who made an app, as far as this relay knows. */
export function makerWords({ owner }: AppFace): string {
  return owner === undefined ? 'Part of Porchlight' : `Registered here by ${owner}`;
}

/** Where the browser goes with the answer; undefined: it is told nowhere. */
export function returnWords(returnsTo: string | undefined): string | undefined {
  if (returnsTo === undefined) return undefined;
  const url = URL.parse(returnsTo);
  if (url?.protocol === 'http:') return 'Then you go back to a program on this computer.';
  if (url?.protocol === 'https:') return `Then you go back to ${url.host}.`;
  return `Then this device opens the app “${returnsTo}”.`;
}

/** How long the access lasts. */
export function lastingWords(lasting: boolean): string {
  return lasting
    ? 'It keeps this access until you end it under Apps, or does not use it for 90 days.'
    : 'This access ends after an hour.';
}

/** A code as its program shows it; undefined while it is not whole. */
export function parseUserCode(text: string): string | undefined {
  const letters = text.replace(/[^A-Za-z]/g, '').toUpperCase();
  return letters.length === 8 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : undefined;
}
