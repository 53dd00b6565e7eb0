import type { Device } from '@porchlight/protocol/api';
import { useMe } from '../session/index.ts';
import { Commands, Panel } from '../ui/index.ts';
import { ServiceRow } from './service-row.tsx';

/** What can be reached on the device. */
export function ServicesPanel({ device }: { device: Device }) {
  return (
    <Panel title="Services">
      {device.services.length === 0 ? (
        <Nothing device={device} />
      ) : (
        <ul aria-label="Services" className="grid divide-y divide-line">
          {device.services.map((service) => (
            <ServiceRow key={service.name} device={device} service={service} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Nothing({ device }: { device: Device }) {
  const me = useMe();
  if (device.link.callHome !== undefined) {
    return (
      <p className="text-muted">
        The device calls home and leaves again. Ask for one of its ports with “Forward a port…”; it opens with
        its next call.
      </p>
    );
  }
  // Agents give their bare version; stock clients name their software.
  const stock = device.link.agent !== undefined && !/^\d/.test(device.link.agent);
  const { domain, sshPort } = me?.relay ?? { domain: location.hostname, sshPort: undefined };
  const port = sshPort === undefined || sshPort === 22 ? '' : `-p ${sshPort} `;
  return (
    <div className="grid gap-3">
      <p className="text-muted">
        The device offers nothing yet. Only the device itself can offer something; on it, say what and where
        it is:
      </p>
      <Commands
        label="Commands to expose a service"
        lines={
          stock
            ? [`ssh ${port}-N -R web:80:127.0.0.1:80 -R ssh:22:127.0.0.1:22 ${device.name}@${domain}`]
            : [
                'node porchlight.mjs agent expose web http://127.0.0.1:80',
                'node porchlight.mjs agent expose ssh tcp://127.0.0.1:22',
              ]
        }
      />
    </div>
  );
}
