import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from './config-error.ts';

/** A file's text and the permission bits it had when it was read. */
export interface FileText {
  readonly text: string;
  readonly mode: number;
}

/**
 * Reads a file of UTF-8 text whole; never waits on a pipe or a device.
 * @throws ConfigError when it is no regular file, longer than `max` bytes, or not UTF-8; otherwise the system's error
 */
export async function readTextFile(path: string, max: number): Promise<FileText> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { mode, size } = await file.stat().then((stat) => {
      if (!stat.isFile())
        throw new ConfigError(`${path} is not a regular file: put a text file in its place`);
      return stat;
    });
    if (size > max) throw new ConfigError(`${path} is longer than ${max} bytes: shorten it`);
    const bytes = Buffer.alloc(max + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
      length += bytesRead;
      if (length > max) throw new ConfigError(`${path} is longer than ${max} bytes: shorten it`);
      if (bytesRead === 0) break;
    }
    return { text: decodeUtf8(path, bytes.subarray(0, length)), mode: mode & 0o777 };
  } finally {
    await file.close();
  }
}

function decodeUtf8(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError(`${path} is not UTF-8 text: save it in that encoding`, { cause: error });
  }
}

/** Puts a file in place as a whole: after a crash there is the old one or the new one, never a part. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await throughTemporary(path, text, mode, (temporary) => rename(temporary, path));
}

/** As {@link replaceFile}, but leaves a file that is there alone: fails with `EEXIST`. */
export async function createFile(path: string, text: string, mode: number): Promise<void> {
  await throughTemporary(path, text, mode, (temporary) => link(temporary, path));
}

async function throughTemporary(
  path: string,
  text: string,
  mode: number,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.chmod(mode); // the umask may have taken bits away
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await place(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
}

/** Makes a rename or removal in the folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
