import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ConfigError, systemErrorCode } from '../config/index.ts';
import { AUDIT_FILE } from './audit-log.ts';

const LAST_DEFAULT = 50;
const FOLLOW_LOOK_MS = 500;
const READ_BYTES = 64 * 1024;
/** A longer line is not one of ours. */
const LINE_MAX = 64 * 1024;

/** One line of the device's audit: a judged request (or several alike), or an event. Other fields are its details. */
const auditEntry = z.looseObject({
  /** ISO 8601, UTC. */
  at: z.string(),
  event: z.string().optional(),
  service: z.string().optional(),
  person: z.string().optional(),
  role: z.string().optional(),
  decision: z.enum(['allow', 'deny']).optional(),
  /** Line of the policy that decided. */
  rule: z.number().optional(),
  reason: z.string().optional(),
  method: z.string().optional(),
  path: z.string().optional(),
  /** Alike requests within one second; absent for one. */
  count: z.number().optional(),
});
export type AuditEntry = z.infer<typeof auditEntry>;

export interface ReadAuditOptions {
  readonly dataFolder: string;
  /** So many of the newest that fit; 50 by default. */
  readonly last?: number;
  readonly service?: string | undefined;
  readonly person?: string | undefined;
  readonly decision?: 'allow' | 'deny' | undefined;
  /** Goes on with what is written from now on, until the signal aborts. */
  readonly follow?: boolean;
  readonly signal: AbortSignal;
  /** How often a followed file is looked at, in ms. */
  readonly lookMs?: number;
}

/**
 * Reads the device's audit, oldest first. Works beside a running agent and without one; a file that is begun anew
 * is followed. Lines that a crash cut short are left out. Ends when the signal aborts.
 * @throws ConfigError when the audit may not be read
 */
export async function* readAudit(options: ReadAuditOptions): AsyncGenerator<AuditEntry, void, void> {
  const { dataFolder, signal, last = LAST_DEFAULT } = options;
  const path = join(dataFolder, AUDIT_FILE);
  const newest: AuditEntry[] = [];
  let tail: Tail | undefined;
  try {
    tail = await openTail(path);
    const before = await openTail(`${path}.1`);
    if (before !== undefined) {
      // The file may have been begun anew between the two openings.
      if (before.inode !== tail?.inode) await gather(before, options, newest, last);
      await before.file.close();
    }
    if (tail !== undefined) await gather(tail, options, newest, last);
    yield* newest;
    while (options.follow === true && !signal.aborted) {
      await sleep(options.lookMs ?? FOLLOW_LOOK_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      if (tail !== undefined) yield* entries(tail, options);
      if (tail !== undefined && (await inodeOf(path)) === tail.inode) continue;
      const next = await openTail(path);
      if (next === undefined) continue;
      // What was written between the last look and the new beginning.
      if (tail !== undefined) yield* entries(tail, options);
      await tail?.file.close();
      tail = next;
      yield* entries(tail, options);
    }
  } finally {
    await tail?.file.close();
  }
}

/** An open file, read up to `position`; `rest` is an unfinished line. */
interface Tail {
  readonly file: FileHandle;
  readonly inode: bigint;
  position: number;
  rest: Buffer;
}

async function openTail(path: string): Promise<Tail | undefined> {
  try {
    const file = await open(path, 'r');
    const { ino } = await file.stat({ bigint: true });
    return { file, inode: ino, position: 0, rest: Buffer.alloc(0) };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    throw new ConfigError(
      `${path} cannot be read (${code || String(error)}): ask as the agent's user or root`,
      {
        cause: error,
      },
    );
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  return stat(path, { bigint: true }).then(
    ({ ino }) => ino,
    () => undefined, // just begun anew, or removed: the next look finds it
  );
}

async function gather(
  tail: Tail,
  options: ReadAuditOptions,
  into: AuditEntry[],
  last: number,
): Promise<void> {
  for await (const entry of entries(tail, options)) {
    into.push(entry);
    if (into.length > last) into.shift();
  }
}

/** The entries from where the file was read to, up to its present end. */
async function* entries(tail: Tail, wanted: ReadAuditOptions): AsyncGenerator<AuditEntry, void, void> {
  for (;;) {
    const chunk = Buffer.alloc(READ_BYTES);
    const { bytesRead } = await tail.file.read(chunk, 0, READ_BYTES, tail.position);
    if (bytesRead === 0) return;
    tail.position += bytesRead;
    let bytes = Buffer.concat([tail.rest, chunk.subarray(0, bytesRead)]);
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a)) {
      const entry = parseEntry(bytes.subarray(0, end).toString());
      bytes = bytes.subarray(end + 1);
      if (entry !== undefined && fits(entry, wanted)) yield entry;
    }
    tail.rest = bytes.length > LINE_MAX ? Buffer.alloc(0) : bytes;
  }
}

function parseEntry(line: string): AuditEntry | undefined {
  try {
    return auditEntry.safeParse(JSON.parse(line)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function fits(entry: AuditEntry, { service, person, decision }: ReadAuditOptions): boolean {
  return (
    (service === undefined || entry.service === service) &&
    (person === undefined || entry.person === person) &&
    (decision === undefined || entry.decision === decision)
  );
}
