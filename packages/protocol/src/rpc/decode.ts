import { isServiceName } from '../names.ts';
import { RPC_FIELDS_MAX, RPC_HEAD_MAX, RPC_ID_MAX, RPC_TARGET_MAX } from './limits.ts';
import { RPC_REFUSALS, type RpcFromDevice, type RpcMessage, type RpcToDevice } from './message.ts';

/** `id`: the request that the message seems to be about, when that much of it can be read. */
export type Decoded<Message> =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly id: string | undefined; readonly reason: string };

/** Reads a message that the relay sent. Never throws. */
export function decodeToDevice(bytes: Uint8Array): Decoded<RpcToDevice> {
  const read = decode(bytes);
  if (!read.ok) return read;
  const { message } = read;
  if (message.type === 'response' || message.type === 'refuse') return wrongWay(message);
  return { ok: true, message };
}

/** Reads a message that a device sent. Never throws. */
export function decodeFromDevice(bytes: Uint8Array): Decoded<RpcFromDevice> {
  const read = decode(bytes);
  if (!read.ok) return read;
  const { message } = read;
  if (message.type === 'request' || message.type === 'cancel') return wrongWay(message);
  return { ok: true, message };
}

const LINE_FEED = 10;
const ID = new RegExp(`^[0-9A-Za-z]{1,${RPC_ID_MAX}}$`);
const NUMBER = /^(?:0|[1-9][0-9]{0,8})$/;
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 §5.5. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
const METHOD_MAX = 32;

/** What is wrong with a message; caught in {@link decode} and nowhere else. */
class Fault extends Error {}

function wrongWay(message: RpcMessage): Decoded<never> {
  return { ok: false, id: message.id, reason: `"${message.type}" goes the other way` };
}

function decode(bytes: Uint8Array): Decoded<RpcMessage> {
  let id: string | undefined;
  try {
    const { lines, bodyAt } = readHead(bytes);
    const words = (lines[0] ?? '').split(' ');
    if (ID.test(words[1] ?? '')) id = words[1];
    return { ok: true, message: read(words, lines.slice(1), bytes.subarray(bodyAt)) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, id, reason: error.message };
  }
}

/** The lines before the empty one, and where the body begins. A message of one line needs no empty one. */
function readHead(bytes: Uint8Array): { lines: string[]; bodyAt: number } {
  const lines: string[] = [];
  let from = 0;
  while (from < bytes.length) {
    let end = bytes.indexOf(LINE_FEED, from);
    if (end < 0) end = bytes.length;
    if (end > RPC_HEAD_MAX) throw new Fault(`its head is longer than ${RPC_HEAD_MAX} bytes`);
    const line = textOf(bytes.subarray(from, end)).replace(/\r$/, '');
    from = Math.min(end + 1, bytes.length);
    if (line === '') break;
    lines.push(line);
    if (lines.length > RPC_FIELDS_MAX + 1) throw new Fault(`it has more than ${RPC_FIELDS_MAX} fields`);
  }
  if (lines.length === 0) throw new Fault('it is empty');
  return { lines, bodyAt: from };
}

/** Each byte as the character of the same number, as HTTP/1.1 heads are read. */
function textOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function read(words: readonly string[], rest: readonly string[], body: Uint8Array): RpcMessage {
  const [type, id = '', third = '', fourth = ''] = words;
  if (type === 'refuse') return { type, id: idOf(id), code: refusalOf(third), reason: reasonOf(words) };
  const wanted = typeof type === 'string' ? WORDS.get(type) : undefined;
  if (wanted === undefined) throw new Fault('its first word is none of the contract');
  if (words.length !== wanted) throw new Fault(`"${type}" has ${wanted} words in its first line`);
  idOf(id);
  switch (type) {
    case 'request':
      return {
        type,
        id,
        last: isLast(third),
        deadlineMs: numberOf(fourth),
        ...requestLine(words),
        fields: fieldsOf(rest),
        body,
      };
    case 'response':
      return { type, id, last: isLast(third), status: statusOf(fourth), fields: fieldsOf(rest), body };
    case 'part': {
      const index = numberOf(fourth);
      if (index === 0) throw new Fault('parts are counted from 1');
      return { type, id, last: isLast(third), index, body };
    }
    case 'ack':
      return { type, id, taken: numberOf(third) };
    default:
      return { type: 'cancel', id };
  }
}

const WORDS: ReadonlyMap<string, number> = new Map([
  ['request', 7],
  ['response', 4],
  ['part', 4],
  ['ack', 3],
  ['cancel', 2],
]);

function idOf(text: string): string {
  if (!ID.test(text)) throw new Fault('its second word is no identifier');
  return text;
}

function isLast(text: string): boolean {
  if (text !== 'last' && text !== 'more') throw new Fault('its third word must be "more" or "last"');
  return text === 'last';
}

function numberOf(text: string): number {
  if (!NUMBER.test(text)) throw new Fault('a number in its first line is none');
  return Number(text);
}

function statusOf(text: string): number {
  if (!/^[2-5][0-9]{2}$/.test(text)) throw new Fault('its status is none from 200 to 599');
  return Number(text);
}

function refusalOf(text: string): (typeof RPC_REFUSALS)[number] {
  const code = RPC_REFUSALS.find((one) => one === text);
  if (code === undefined) throw new Fault('its refusal is none of the contract');
  return code;
}

function reasonOf(words: readonly string[]): string {
  const reason = words.slice(3).join(' ');
  return reason.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
}

function requestLine(words: readonly string[]): { service: string; method: string; target: string } {
  const [service = '', method = '', target = ''] = words.slice(4);
  if (!isServiceName(service)) throw new Fault('its fifth word is no service name');
  if (method.length > METHOD_MAX || !TOKEN.test(method)) throw new Fault('its method is none');
  if (target.length > RPC_TARGET_MAX || !TARGET.test(target)) throw new Fault('its path is none');
  return { service, method, target };
}

function fieldsOf(lines: readonly string[]): string[] {
  const fields: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    const value = line.slice(colon + 1).trim();
    if (!TOKEN.test(name) || !FIELD_VALUE.test(value)) throw new Fault('one of its fields is none');
    fields.push(name, value);
  }
  return fields;
}
