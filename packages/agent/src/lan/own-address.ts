import { networkInterfaces } from 'node:os';
import { isLanHost } from '@porchlight/protocol/lan';

/** Interfaces that machines make for themselves; nobody on the LAN is behind them. */
const MADE_UP = /^(?:docker|br-|veth|virbr|vmnet|tun|tap|wg|tailscale|zt)/;

/** The IPv4 address by which others on the LAN find this machine; undefined: it is on none. */
export function ownLanAddress(interfaces = networkInterfaces()): string | undefined {
  const found = Object.entries(interfaces)
    .filter(([name]) => !MADE_UP.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ family, internal, address }) => family === 'IPv4' && !internal && isLanHost(address));
  return found[0]?.address;
}
