/** Longest unfinished event kept, in characters; a device with 64 services is about 20 000. */
const PENDING_MAX = 1_000_000;

/**
 * Reads server-sent events (HTML standard §9.2.6) from text that arrives in any pieces, and gives the data of each.
 * Event names, ids and comments are of no use here and are skipped.
 * @throws RangeError when an event never ends.
 */
export function createSseParser(onData: (data: string) => void): (text: string) => void {
  let pending = '';
  let data: string[] = [];
  let size = 0;

  function line(text: string): void {
    if (text === '') {
      if (data.length > 0) onData(data.join('\n'));
      data = [];
      size = 0;
      return;
    }
    if (text !== 'data' && !text.startsWith('data:')) return;
    const value = text.slice(5).replace(/^ /, '');
    size += value.length;
    data.push(value);
  }

  return (text) => {
    pending += text;
    for (;;) {
      const end = pending.search(/[\r\n]/);
      // A carriage return at the very end may be half of a pair.
      if (end < 0 || (pending[end] === '\r' && end === pending.length - 1)) break;
      line(pending.slice(0, end));
      pending = pending.slice(pending.startsWith('\r\n', end) ? end + 2 : end + 1);
    }
    if (pending.length + size > PENDING_MAX) throw new RangeError('an event of the live stream is too long');
  };
}
