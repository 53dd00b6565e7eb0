import { Panel } from '../ui/index.ts';
import { ConnectionList } from './connection-list.tsx';

/** Everybody who is connected over MQTT in the account's name, or as one of its devices. */
export function MqttConnectionsPanel() {
  return (
    <Panel title="Connected over MQTT">
      <ConnectionList empty="Nobody is connected." />
    </Panel>
  );
}
