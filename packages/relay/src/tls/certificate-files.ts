import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../config/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { readPair, warningsOf } from './check-pair.ts';
import { PairHolder, type TlsSource } from './tls-source.ts';

/** Finds what watching the folders misses: changes behind symbolic links, and network file systems. */
const POLL_MS = 10_000;
/** Certificate and key are replaced one after the other: let both happen. */
const SETTLE_MS = 300;
const DAY_MS = 86_400_000;

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  readonly domain: string;
  /** The host for path routes, when there is one. */
  readonly pathsHost?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`The file ${path} cannot be read (${String(error)}): check path and owner`, {
      cause: error,
    });
  }
}

/** Nothing is lost when a folder cannot be watched (no inotify left, odd file systems): polling finds it later. */
function watchFolder(folder: string, changed: () => void, logger: Logger): FSWatcher[] {
  const failed = (error: unknown) => logger.debug({ error, folder }, 'folder not watched, polling goes on');
  try {
    return [watch(folder, { persistent: false }, changed).on('error', failed)];
  } catch (error) {
    failed(error);
    return [];
  }
}

/**
 * A certificate from files. They are read again when their content changes, also by way of a symbolic link as
 * certbot does it; a pair that cannot be used leaves the old one in use and is logged, once.
 * @throws ConfigError when the first pair cannot be used
 */
export async function openCertificateFiles(files: CertificateFiles): Promise<TlsSource> {
  const { clock, logger, domain, pathsHost } = files;
  const read = async () => ({ cert: await readText(files.certificate), key: await readText(files.key) });
  const first = await read();
  let seen = first;
  let { leaf, ...pair } = readPair(first.cert, first.key, files);
  const holder = new PairHolder(pair);
  const warn = () => {
    for (const warning of warningsOf(leaf, domain, clock.now(), pathsHost))
      logger.warn({ warning }, 'certificate needs attention');
  };
  warn();

  let closed = false;
  let lastFailure = '';
  const reload = async () => {
    const texts = await read();
    if (closed || (texts.cert === seen.cert && texts.key === seen.key)) return;
    seen = texts;
    ({ leaf, ...pair } = readPair(texts.cert, texts.key, files));
    holder.replace(pair);
    logger.info({ expires: leaf.validTo }, 'certificate reloaded');
    lastFailure = '';
    warn();
  };
  let reading: Promise<void> | undefined;
  const check = () => {
    reading ??= reload()
      .catch((error: unknown) => {
        const failure = error instanceof Error ? error.message : String(error);
        if (failure !== lastFailure) logger.error({ error }, 'new certificate not usable, the old one stays');
        lastFailure = failure;
      })
      .finally(() => {
        reading = undefined;
      });
  };

  let cancelSettle = () => {};
  const changed = () => {
    cancelSettle();
    cancelSettle = clock.after(SETTLE_MS, check);
  };
  const folders = new Set([dirname(files.certificate), dirname(files.key)]);
  const watchers = [...folders].flatMap((folder) => watchFolder(folder, changed, logger));
  const stops = [clock.every(POLL_MS, check), clock.every(DAY_MS, warn)];
  return {
    serverOptions: () => ({
      cert: holder.current.cert,
      key: holder.current.key,
      SNICallback: (_, done) => done(null, holder.current.context),
    }),
    keepFresh: (server) => holder.keepFresh(server),
    secureContext: () => holder.current.context,
    onChange: (listener) => holder.onChange(listener),
    caPem: () => undefined,
    close() {
      closed = true;
      cancelSettle();
      for (const stop of stops) stop();
      for (const watcher of watchers) watcher.close();
    },
  };
}
