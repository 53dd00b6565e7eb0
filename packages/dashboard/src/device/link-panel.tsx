import type { Device, LinkState } from '@porchlight/protocol/api';
import type { ReactNode } from 'react';
import { Ago, formatBytes, formatDuration, formatInstant, formatMillis, plural } from '../format/index.ts';
import { Panel } from '../ui/index.ts';

const TRANSPORTS: Readonly<Record<NonNullable<LinkState['transport']>, string>> = {
  ssh: 'SSH port',
  https: 'SSH on the HTTPS port',
  websocket: 'SSH in a WebSocket',
  mqtt: 'MQTT',
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
            isVisitor(link) ? (
              'none: it connects, and leaves again'
            ) : link.transport === 'mqtt' ? (
              'none: MQTT is not measured'
            ) : (
              'not measured yet'
            )
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
        <Fact name={link.up ? 'Way in' : 'Last way in'}>{wayIn(link)}</Fact>
        {link.callHome !== undefined && <CallHomeFacts callHome={link.callHome} />}
        <Fact name={link.up ? 'Address' : 'Last address'}>{link.address ?? 'unknown'}</Fact>
        <Fact name="Agent">{link.agent ?? 'unknown'}</Fact>
        <Fact name="Data">
          {formatBytes(device.bytesIn)} from it, {formatBytes(device.bytesOut)} to it
        </Fact>
        <Fact name="Joined">
          <LongAgo at={device.createdAt} />
        </Fact>
        <Fact name="Key">
          {device.fingerprint === undefined ? (
            'none: it speaks only MQTT'
          ) : (
            <span className="font-mono text-sm break-all">{device.fingerprint}</span>
          )}
        </Fact>
        {device.formerNames.length > 0 && (
          <Fact name="Earlier names, still working">{device.formerNames.join(', ')}</Fact>
        )}
      </dl>
    </Panel>
  );
}

/** It is up by its calls alone: there is no connection now. */
function wayIn(link: LinkState): string {
  if (link.transport !== undefined) return TRANSPORTS[link.transport];
  if (!isVisitor(link)) return 'unknown';
  return link.agent === 'MQTT client' ? 'short visits, by MQTT' : 'short calls, by SSH';
}

function isVisitor(link: LinkState): boolean {
  return link.callHome !== undefined && link.transport === undefined;
}

function CallHomeFacts({ callHome }: { callHome: NonNullable<LinkState['callHome']> }) {
  return (
    <>
      <Fact name="Calls home">
        every {formatDuration(callHome.intervalSeconds * 1000)},{' '}
        {callHome.learned ? 'as it has shown' : 'as you have set it'}
        <span className="block text-sm text-muted">
          last <Ago at={callHome.lastAt} />, next due <Ago at={callHome.dueAt} />
        </span>
      </Fact>
      <Fact name="What its calls cost">
        {formatBytes(callHome.bytesLastHour)} in the last hour
        {callHome.waiting > 0 && (
          <span className="block text-sm text-muted">
            {plural(callHome.waiting, 'request')} for it to fetch with the next
          </span>
        )}
      </Fact>
    </>
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
