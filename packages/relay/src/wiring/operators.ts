import type { RelayFacts } from '../api/index.ts';
import { type OperatorApi, Operators } from '../operators/index.ts';
import type { DeviceLinks } from './device-links.ts';
import type { Foundation } from './foundation.ts';

/** People who come in by SSH. `api` is asked at each use: it is made later. */
export function wireOperators(
  { config, stores, audit, events, clock, logger, metrics, stack }: Foundation,
  { devicePorts, recorder }: DeviceLinks,
  { facts, api }: { facts: RelayFacts; api: () => OperatorApi },
): Operators {
  const operators = new Operators({
    devices: stores.devices,
    ports: devicePorts,
    offlineSince: (device) => {
      const down = recorder.downSince(device.id);
      if (down !== undefined) return down;
      return device.lastDownAt === undefined
        ? undefined
        : { at: device.lastDownAt, reason: device.lastDownReason };
    },
    api,
    relay: {
      domain: config.domain,
      get sshPort() {
        return facts.sshPort;
      },
    },
    audit,
    events,
    clock,
    logger: logger.child('operators'),
  });
  stack.add(() => operators.close());
  metrics.observe('porchlight_operators', 'People connected by SSH.', () => operators.size);
  return operators;
}
