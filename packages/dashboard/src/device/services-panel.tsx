import type { Device } from '@porchlight/protocol/api';
import { Commands, Panel } from '../ui/index.ts';
import { ServiceRow } from './service-row.tsx';

/** What can be reached on the device. */
export function ServicesPanel({ device }: { device: Device }) {
  return (
    <Panel title="Services">
      {device.services.length === 0 ? (
        <div className="grid gap-3">
          <p className="text-muted">
            The device offers nothing yet. Only the device itself can offer something; on it, say what and
            where it is:
          </p>
          <Commands
            label="Commands to expose a service"
            lines={[
              'node porchlight.mjs agent expose web http://127.0.0.1:80',
              'node porchlight.mjs agent expose ssh tcp://127.0.0.1:22',
            ]}
          />
        </div>
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
