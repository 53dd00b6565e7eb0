import { hostname } from 'node:os';
import { AgentConfigFile } from '../config/index.ts';
import type { DeviceControl } from './device-control.ts';

export interface OwnNamesParts {
  readonly dataFolder: string;
  readonly control: Pick<DeviceControl, 'status'>;
  /** The port that the page listens on. */
  readonly port: number;
}

/** Names of this machine on its own network. */
export const MACHINE_NAMES: readonly string[] = [hostname().toLowerCase()];

/**
 * Names by which the relay publishes this page: those of services that lead to it. The relay's domain is none that a
 * stranger's page could make lead here.
 */
export async function publishedNames({ dataFolder, control, port }: OwnNamesParts): Promise<string[]> {
  const status = control.status();
  if (status === undefined) return [];
  const { services, relay } = await new AgentConfigFile(dataFolder).read();
  const domain = relay?.domain ?? status.relay;
  return [...services]
    .filter(([, { target }]) => target.port === port)
    .map(([name]) => `${name}--${status.name}.${domain}`.toLowerCase());
}
