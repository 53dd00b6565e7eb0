import { ConfigError, systemErrorCode } from './config-error.ts';

export interface ListenWish {
  /** For people: `HTTPS`, `SSH`, `metrics`. */
  readonly name: string;
  readonly port: number;
  readonly host: string | undefined;
  /** The flag that chooses another port, e.g. `--https`. */
  readonly flag: string;
}

/** Turns an error of `listen()` into the line that names cause and mend. */
export function describeListenError(error: unknown, wish: ListenWish): ConfigError {
  const at = wish.host === undefined ? `port ${wish.port}` : `port ${wish.port} of ${wish.host}`;
  const code = systemErrorCode(error);
  const say = (text: string) => new ConfigError(text, { cause: error });
  switch (code) {
    case 'EADDRINUSE':
      return say(
        `${wish.name}: ${at} is in use by another program: stop that, or choose another port with ${wish.flag}`,
      );
    case 'EACCES':
    case 'EPERM':
      return say(
        `${wish.name}: ${at} may not be opened by this user: choose one above 1023 with ${wish.flag}, or grant CAP_NET_BIND_SERVICE as deploy/ shows`,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return say(
        `${wish.name}: ${wish.host ?? 'the address'} is not an address of this machine: set its host in the configuration to one that is`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return say(`${wish.name}: the host name ${wish.host ?? ''} is not found: give an address instead`);
    default:
      return say(
        `${wish.name}: ${at} cannot be opened (${code || String(error)}): choose another with ${wish.flag}`,
      );
  }
}
