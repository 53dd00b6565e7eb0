export interface CurlWish {
  readonly url: string;
  readonly token: string | undefined;
  /** File of an authority to believe. */
  readonly cacert: string | undefined;
}

/** A configuration of curl (curl(1), `--config`). */
export function curlConfig({ url, token, cacert }: CurlWish): string {
  return [
    `url = ${quoted(url)}`,
    ...(token === undefined ? [] : [`header = ${quoted(`Authorization: Bearer ${token}`)}`]),
    ...(cacert === undefined ? [] : [`cacert = ${quoted(cacert)}`]),
    '',
  ].join('\n');
}

/** In quotes curl knows these escapes, and ends a value at the line's end. */
function quoted(text: string): string {
  const escaped = text
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}
