import { first } from './0001-first.ts';
import { stockSsh } from './0002-stock-ssh.ts';
import { mqtt } from './0003-mqtt.ts';
import { emoncms } from './0004-emoncms.ts';
import { programs } from './0005-programs.ts';
import type { Migration } from './migration.ts';

export type { Migration } from './migration.ts';

/** All steps in order; the schema's version is how many of them a database has had. */
export const migrations: readonly Migration[] = [first, stockSsh, mqtt, emoncms, programs];
