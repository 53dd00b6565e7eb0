import type { Device, LinkState } from '@porchlight/protocol/api';
import type { ReactNode } from 'react';
import { Ago, formatBytes, formatInstant, formatMillis } from '../format/index.ts';
import { Panel } from '../ui/index.ts';

const TRANSPORTS: Readonly<Record<NonNullable<LinkState['transport']>, string>> = {
  ssh: 'SSH port',
  https: 'SSH on the HTTPS port',
  websocket: 'SSH in a WebSocket',
};

/** How the device is connected, as measured. */
export function LinkPanel({ device }: { device: Device }) {
  const { link } = device;
  return (
    <Panel title="Link">
      <dl className="grid gap-x-6 gap-y-4 sm:grid-cols-2 xl:grid-cols-3">
        <Fact name={link.up ? 'Up since' : 'Down since'}>
          {link.since === undefined ? 'never seen' : <LongAgo at={link.since} />}
        </Fact>
        {!link.up && link.reason !== undefined && <Fact name="Why it ended">{link.reason}</Fact>}
        <Fact name="Round trip">
          {link.rtt === undefined ? (
            'not measured yet'
          ) : (
            <>
              {formatMillis(link.rtt)}
              {link.rttAt !== undefined && (
                <span className="text-muted">
                  {', '}
                  <Ago at={link.rttAt} />
                </span>
              )}
            </>
          )}
        </Fact>
        <Fact name={link.up ? 'Way in' : 'Last way in'}>
          {link.transport === undefined ? 'unknown' : TRANSPORTS[link.transport]}
        </Fact>
        <Fact name={link.up ? 'Address' : 'Last address'}>{link.address ?? 'unknown'}</Fact>
        <Fact name="Agent">{link.agent ?? 'unknown'}</Fact>
        <Fact name="Data">
          {formatBytes(device.bytesIn)} from it, {formatBytes(device.bytesOut)} to it
        </Fact>
        <Fact name="Joined">
          <LongAgo at={device.createdAt} />
        </Fact>
        <Fact name="Key">
          <span className="font-mono text-sm break-all">{device.fingerprint}</span>
        </Fact>
        {device.formerNames.length > 0 && (
          <Fact name="Earlier names, still working">{device.formerNames.join(', ')}</Fact>
        )}
      </dl>
    </Panel>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid content-start gap-0.5">
      <dt className="text-sm text-muted">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function LongAgo({ at }: { at: number }) {
  return (
    <>
      {formatInstant(at)}
      <span className="block text-sm text-muted">
        <Ago at={at} />
      </span>
    </>
  );
}
