import { BaseStationTable } from '../base-stations/index.ts';
import { CallHome, PortRequests } from '../call-home/index.ts';
import { DeviceRecorder, Readings, RecordWatch } from '../devices/index.ts';
import { DeviceReach, ForwardTable } from '../forward/index.ts';
import { LinkAudit, LinkTable, LinkWatch } from '../links/index.ts';
import { ChannelPools } from '../publish/index.ts';
import { DeviceConnections } from '../ssh/index.ts';
import type { Foundation } from './foundation.ts';

/** Links that are up, and everything that lives and ends with them. */
export type DeviceLinks = ReturnType<typeof wireDeviceLinks>;

export function wireDeviceLinks({
  config,
  stores,
  audit,
  events,
  clock,
  logger,
  metrics,
  stack,
  failed,
}: Foundation) {
  const table = new LinkTable();
  const connections = new DeviceConnections();
  const recordWatch = new RecordWatch({
    ...{ devices: stores.devices, connected: connections, events, clock },
    onError: failed('records not looked at'),
  });
  stack.add(() => recordWatch.close());
  const portRequests = new PortRequests({ clock });
  stack.add(() => portRequests.close());
  const recorder = new DeviceRecorder({
    devices: stores.devices,
    health: stores.health,
    events,
    clock,
    onError: failed('device records not written'),
  });
  stack.add(() => recorder.close());
  const callHome = new CallHome({
    ...{ recorder, portRequests, audit, events, clock, logger },
    devices: stores.devices,
    linked: (deviceId) => table.get(deviceId) !== undefined,
    onError: failed('device not read'),
  });
  stack.add(() => callHome.close());
  const readings = new Readings({
    store: stores.readings,
    events,
    clock,
    onError: failed('readings not written'),
  });
  stack.add(() => readings.close());
  const baseStations = new BaseStationTable({ readings, audit, events, clock });
  const pools = new ChannelPools({ clock });
  stack.add(() => pools.close());
  const watch = new LinkWatch({ clock });
  stack.add(() => watch.close());
  for (const listener of [recorder, pools, watch, new LinkAudit({ audit, clock, logger, metrics })]) {
    table.listen(listener);
  }
  const devicePorts = new DeviceReach({
    links: table,
    requests: portRequests,
    callHomes: callHome,
    clock,
    downSince: (deviceId) => recorder.downSince(deviceId),
  });
  table.listen(devicePorts);
  stack.add(() => devicePorts.close());
  metrics.observe('porchlight_channels', 'Channels open over all links.', () => table.openChannels());
  const forwards = new ForwardTable({
    ...config.forwards,
    domain: config.domain,
    reach: devicePorts,
    requests: portRequests,
    devices: stores.devices,
    audit,
    events,
    clock,
    random: Math.random,
    onError: failed('forward not looked at'),
  });
  table.listen(forwards);
  stack.add(() => forwards.closeAll());
  stack.add(
    events.subscribe((event) => {
      if (event.type === 'device-removed') {
        table.endWhere((link) => link.deviceId === event.deviceId, 'the device was removed');
        forwards.endWhere((forward) => forward.deviceId === event.deviceId, 'the device was removed');
        devicePorts.failWhere(({ deviceId }) => deviceId === event.deviceId, 'The device was removed');
        connections.end(event.deviceId, 'the device was removed');
        recorder.forget(event.deviceId);
        portRequests.forget(event.deviceId);
      } else if (event.type === 'access-token-revoked') {
        forwards.endWhere(({ standsOn }) => standsOn === event.tokenId, 'its access token was revoked');
      } else if (event.type === 'ssh-key-removed') {
        forwards.endWhere(({ standsOn }) => standsOn === event.keyId, 'its SSH key was removed');
      } else if (event.type === 'link-changed') {
        forwards.deviceHeard(event.deviceId);
      } else if (event.type === 'device-changed') {
        forwards.deviceChanged(event.accountId, event.deviceId);
      } else if (event.type === 'account-removed') {
        table.endWhere((link) => link.accountId === event.accountId, 'the account was removed');
        connections.endOfAccount(event.accountId, 'the account was removed');
        forwards.endWhere((forward) => forward.accountId === event.accountId, 'the account was removed');
        devicePorts.failWhere(({ accountId }) => accountId === event.accountId, 'The account was removed');
      }
    }),
  );
  return {
    ...{ table, connections, callHome, recorder, readings, pools, forwards, devicePorts, portRequests },
    baseStations,
  };
}
