import type { BaseStationSettings, Listen } from '../../config/index.ts';

/** Where a web server of this machine has the requests that it passes on to us. */
const WEB_PORT = 80;

export interface LanPorts {
  readonly http: number | undefined;
  readonly mqtt: number | undefined;
  readonly mqtts: number | undefined;
}

/**
 * What devices on the LAN find open, of the ports that are `open`. Behind a web server on this machine the HTTP port is
 * that server's; a mosquitto's place is how we reach it, not how devices do.
 */
export function lanPorts(
  { http, mqtt, mqtts, mosquitto }: Pick<BaseStationSettings, 'http' | 'mqtt' | 'mqtts' | 'mosquitto'>,
  open: LanPorts,
): LanPorts {
  const ofBroker = (listen: Listen | 'off', port: number | undefined) =>
    mosquitto === undefined && isLocal(listen) ? undefined : port;
  const broker = { mqtt: ofBroker(mqtt, open.mqtt), mqtts: ofBroker(mqtts, open.mqtts) };
  const isBehind = isLocal(http) && (broker.mqtt !== undefined || broker.mqtts !== undefined);
  return { ...broker, http: isLocal(http) ? (isBehind ? WEB_PORT : undefined) : open.http };
}

function isLocal(listen: Listen | 'off'): boolean {
  return listen !== 'off' && /^(?:127\.|::1$|localhost$)/.test(listen.host);
}
