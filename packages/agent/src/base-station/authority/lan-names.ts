import { hostname, networkInterfaces } from 'node:os';
import type { JsonGeneralNames } from '@peculiar/x509';

/** More than a small computer has; containers can have hundreds. */
const ADDRESSES_MAX = 64;
const DNS_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** By which a device may call this machine on its LAN: every address that it has now, and its names. */
export function lanNames(more: readonly string[] = []): JsonGeneralNames {
  const addresses = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .map(({ address }) => address.replace(/%.*$/, ''));
  const own = hostname().toLowerCase();
  const names = ['localhost', own, ...(own.includes('.') ? [] : [`${own}.local`]), ...more];
  return [
    ...[...new Set(names)]
      .filter((name) => DNS_NAME.test(name))
      .map((value) => ({ type: 'dns' as const, value })),
    ...[...new Set(addresses)]
      .sort()
      .slice(0, ADDRESSES_MAX)
      .map((value) => ({ type: 'ip' as const, value })),
  ];
}
