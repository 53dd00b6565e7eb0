import type { Row } from '../row.ts';
import { bulkRow } from './bulk.ts';
import { emoncmsRow } from './emoncms.ts';
import { firstByteRow } from './first-byte.ts';
import { httpRow } from './http.ts';
import { idleRow } from './idle.ts';
import { linksRow } from './links.ts';
import { mqttRow } from './mqtt.ts';
import { rpcRow } from './rpc.ts';
import { sdkRow } from './sdk.ts';
import { stockRow } from './stock.ts';
import { uplinkRow } from './uplink.ts';

/** All rows, in the order in which they run. */
export const rows: readonly Row[] = [
  httpRow,
  bulkRow,
  stockRow,
  firstByteRow,
  rpcRow,
  linksRow,
  mqttRow,
  uplinkRow,
  emoncmsRow,
  sdkRow,
  idleRow,
];
