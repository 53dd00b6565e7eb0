import { type Installer, installLine, isDeviceName } from '@porchlight/protocol';
import type { Device, Me } from '@porchlight/protocol/api';
import { useState } from 'react';
import { Link } from 'wouter';
import { JoinRequestList } from '../join-requests/index.ts';
import { buttonClass, Choice, Commands, Field, Lantern, Note } from '../ui/index.ts';
import { Waiting } from './by-hand.tsx';
import { portsOf } from './ports-of.ts';
import { Step } from './steps.tsx';

/** A router or robot with nothing but ssh: choose, paste one line, Allow. */
export function BySsh({ me }: { me: Me }) {
  const [allowed, setAllowed] = useState<Device>();
  const { installer } = me.relay;
  if (installer === undefined) {
    return (
      <Note>
        <p className="font-semibold">Devices cannot reach this relay by ssh</p>
        <p>It has no SSH port that it knows the outside of. Set ssh.port or ssh.publicPort on the relay.</p>
      </Note>
    );
  }
  return (
    <>
      <LineMaker installer={installer} />
      <Step number={2} title="Allow it here">
        {allowed ? (
          <p role="status" className="flex items-center gap-3 rounded-xl bg-good-soft p-4">
            <Lantern lit />
            <span>
              <strong>{allowed.name}</strong> is in.
            </span>
          </p>
        ) : (
          <JoinRequestList onAllowed={setAllowed} empty={<Waiting />} />
        )}
        {allowed && (
          <Link href={`/devices/${allowed.id}`} className={`justify-self-start ${buttonClass('primary')}`}>
            To the page of {allowed.name}
          </Link>
        )}
      </Step>
    </>
  );
}

/** The line, with everything that this relay knows filled in. */
function LineMaker({ installer }: { installer: Installer }) {
  const [name, setName] = useState('');
  const [token, setToken] = useState('');
  const [ports, setPorts] = useState('22,80');
  const [mode, setMode] = useState<'call' | 'always'>('call');
  const [fetch, setFetch] = useState<'wget' | 'curl'>('wget');
  const list = portsOf(ports);
  const badName = name !== '' && !isDeviceName(name);
  const line =
    list === undefined || badName
      ? undefined
      : installLine(installer, {
          name: name === '' ? undefined : name,
          token: token === '' ? undefined : token,
          mode,
          ports: list,
          fetch,
        });
  return (
    <Step number={1} title="Paste one line on the device">
      <p className="text-muted">
        For OpenWrt, Debian and other Linux with OpenSSH or dropbear. Nothing else has to be installed.
      </p>
      <div className="grid gap-4 sm:grid-cols-2">
        <Choice
          label="What it does"
          value={mode}
          onChange={(event) => setMode(event.target.value === 'always' ? 'always' : 'call')}
          hint={mode === 'call' ? 'Opens a port for you when you ask.' : 'Its ports can be reached at once.'}
        >
          <option value="call">Calls every minute</option>
          <option value="always">Stays linked</option>
        </Choice>
        <Field
          label={mode === 'call' ? 'Ports that may be asked for' : 'Ports that it offers'}
          value={ports}
          onChange={(event) => setPorts(event.target.value)}
          inputMode="numeric"
          aria-invalid={list === undefined}
          hint={
            list === undefined ? 'Ports with commas between, e.g. 22,80.' : '22 is its shell, 80 its page.'
          }
        />
        <Field
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value.trim())}
          maxLength={32}
          aria-invalid={badName}
          hint={
            badName ? 'Lower-case letters, digits and inner hyphens.' : 'Optional; its host name without.'
          }
        />
        <Field
          label="Enrolment token"
          value={token}
          onChange={(event) => setToken(event.target.value.trim())}
          maxLength={128}
          hint={
            <>
              Optional: nobody has to press Allow then.{' '}
              <Link href="/tokens" className="text-accent underline">
                Make one
              </Link>
            </>
          }
        />
        <Choice
          label="Fetched with"
          value={fetch}
          onChange={(event) => setFetch(event.target.value === 'curl' ? 'curl' : 'wget')}
        >
          <option value="wget">wget</option>
          <option value="curl">curl</option>
        </Choice>
      </div>
      <Commands wrap label="Line to paste" lines={[line ?? 'Mend what is marked above.']} />
      <details className="text-sm text-muted">
        <summary className="cursor-pointer">What the line checks</summary>
        <p>
          The script runs only if its SHA-256 is the one in the line; so it may come over plain HTTP, which is
          all that many routers can fetch. The device then talks only to a relay that proves this host key.
        </p>
        <code className="font-mono break-all">{installer.sha256}</code>
      </details>
    </Step>
  );
}
