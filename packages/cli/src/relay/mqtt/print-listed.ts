import type { ListedMqttCredential } from '@porchlight/relay';
import { print, span, table } from '../../terminal/index.ts';

/** Credentials or app passwords in a table. */
export function printListed(all: readonly ListedMqttCredential[]): void {
  const rows = all.map(({ id, account, device, name, lastUsedAt }) => [
    ...[id, account, device ?? '', name, used(lastUsedAt)],
  ]);
  print(table([['ID', 'ACCOUNT', 'DEVICE', 'NAME', 'LAST USED'], ...rows]));
}

function used(at: number | undefined): string {
  return at === undefined ? 'never' : `${span(Math.max(0, Date.now() - at))} ago`;
}
