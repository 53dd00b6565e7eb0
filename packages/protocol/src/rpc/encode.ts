import type { RpcMessage } from './message.ts';

/**
 * A message as bytes. The caller has seen to it that names and values are fit (they come from a parsed HTTP message).
 * @throws RangeError when the head holds what is no byte, or a line's end
 */
export function encodeRpc(message: RpcMessage): Uint8Array {
  const head = headOf(message);
  const body = 'body' in message ? message.body : undefined;
  const bytes = new Uint8Array(head.length + (body?.length ?? 0));
  for (let at = 0; at < head.length; at += 1) {
    const code = head.charCodeAt(at);
    if (code > 0xff) throw new RangeError('the head of a message holds what is no byte');
    bytes[at] = code;
  }
  if (body !== undefined) bytes.set(body, head.length);
  return bytes;
}

/** Bytes that a message takes without its body. */
export function rpcHeadLength(message: RpcMessage): number {
  return headOf(message).length;
}

function headOf(message: RpcMessage): string {
  switch (message.type) {
    case 'request': {
      const { id, deadlineMs, service, method, target, fields } = message;
      const line = `request ${id} ${more(message)} ${deadlineMs} ${service} ${method} ${target}`;
      return `${oneLine(line)}\n${fieldLines(fields)}\n`;
    }
    case 'response':
      return `response ${message.id} ${more(message)} ${message.status}\n${fieldLines(message.fields)}\n`;
    case 'part':
      return `part ${message.id} ${more(message)} ${message.index}\n\n`;
    case 'ack':
      return `ack ${message.id} ${message.taken}\n`;
    case 'cancel':
      return `cancel ${message.id}\n`;
    case 'refuse':
      return `${oneLine(`refuse ${message.id} ${message.code} ${message.reason}`.trimEnd())}\n`;
  }
}

function more(message: { readonly last: boolean }): string {
  return message.last ? 'last' : 'more';
}

function fieldLines(fields: readonly string[]): string {
  let lines = '';
  for (let at = 0; at + 1 < fields.length; at += 2) {
    lines += `${oneLine(`${fields[at]}: ${fields[at + 1]}`)}\n`;
  }
  return lines;
}

function oneLine(text: string): string {
  if (text.includes('\n')) throw new RangeError('a line of a message holds a line end');
  return text;
}
