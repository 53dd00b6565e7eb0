import { isWebService } from '@porchlight/protocol';
import type { Device, Service } from '@porchlight/protocol/api';
import { ChartLine, ExternalLink } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { api } from '../api/index.ts';
import { isEmoncms } from '../emoncms/index.ts';
import { Ago } from '../format/index.ts';
import { ShareButton } from '../shares/index.ts';
import { Button, buttonClass, Confirm, Pill } from '../ui/index.ts';
import { AccessChoice } from './access-choice.tsx';
import { HueSwitch, mayBeHueBridge } from './hue-switch.tsx';
import { KindChoice } from './kind-choice.tsx';
import { PassthroughSwitch } from './passthrough-switch.tsx';
import { PathRoutes } from './path-routes.tsx';
import { ProbeButton } from './probe-button.tsx';

interface ServiceRowProps {
  readonly device: Device;
  readonly service: Service;
}

/** One service: open it, see when it last answered, say who may. */
export function ServiceRow({ device, service }: ServiceRowProps) {
  const [removing, setRemoving] = useState(false);
  return (
    <li
      data-testid={`service-${service.name}`}
      aria-label={service.name}
      className="grid gap-4 py-5 first:pt-0 last:pb-0"
    >
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="grid min-w-0 gap-1">
          <h3 className="flex flex-wrap items-center gap-2 font-semibold">
            {service.name}
            {service.kind === 'rpc' ? (
              <Pill tone="plain">HTTP over MQTT</Pill>
            ) : (
              <KindChoice deviceId={device.id} service={service} />
            )}
            {!service.offered && <Pill tone="bad">not offered now</Pill>}
          </h3>
          {service.url !== undefined && <p className="text-sm break-all text-muted">{service.url}</p>}
          <LastAnswers service={service} />
        </div>
        <div className="flex flex-wrap gap-2">
          {service.offered ? (
            <ProbeButton deviceId={device.id} service={service.name} disabled={!device.link.up} />
          ) : (
            <Button small onClick={() => setRemoving(true)}>
              Forget…
            </Button>
          )}
          {isEmoncms(service) && (
            <Link
              href={`/devices/${device.id}/emoncms?service=${service.name}`}
              className={buttonClass('plain', true)}
            >
              <ChartLine size={15} aria-hidden />
              Feeds
            </Link>
          )}
          {service.url !== undefined && (
            <a
              href={service.url}
              target="_blank"
              rel="noopener"
              aria-label={`Open ${service.name}`}
              className={buttonClass(service.offered && device.link.up ? 'primary' : 'plain', true)}
            >
              Open
              <ExternalLink size={15} aria-hidden />
            </a>
          )}
        </div>
      </div>
      {isWebService(service) && <AccessChoice deviceId={device.id} service={service} />}
      {isWebService(service) && (
        <div>
          <ShareButton deviceId={device.id} service={service} />
        </div>
      )}
      {isWebService(service) && <PathRoutes device={device} service={service} />}
      {mayBeHueBridge(service) && <HueSwitch deviceId={device.id} service={service} />}
      {service.kind === 'tcp' && <PassthroughSwitch deviceId={device.id} service={service} />}
      <Confirm
        open={removing}
        onClose={() => setRemoving(false)}
        title={`Forget ${service.name}?`}
        action="Forget the service"
        act={() => api.removeService(device.id, service.name)}
      >
        <p>
          Its access settings are deleted. If the device offers it again, it comes back with sign-in needed.
        </p>
      </Confirm>
    </li>
  );
}

/** When the service itself last answered, and when it last did not. */
function LastAnswers({ service: { lastSuccessAt, lastFailureAt, lastFailure } }: { service: Service }) {
  if (lastSuccessAt === undefined && lastFailureAt === undefined) {
    return <p className="text-sm text-muted">No answer seen yet.</p>;
  }
  const failing = lastFailureAt !== undefined && lastFailureAt > (lastSuccessAt ?? 0);
  return (
    <div className="text-sm text-muted">
      {lastSuccessAt !== undefined && (
        <p>
          Last answer <Ago at={lastSuccessAt} />
        </p>
      )}
      {lastFailureAt !== undefined && (
        <p className={failing ? 'text-bad' : ''}>
          Last failure <Ago at={lastFailureAt} />
          {lastFailure !== undefined && `: ${lastFailure}`}
        </p>
      )}
    </div>
  );
}
