import type { ReactNode } from 'react';
import { useMe } from '../session/index.ts';
import { Panel, Skeleton } from '../ui/index.ts';

/** What a device pins, and what a person reads out to compare. */
export function RelayPanel() {
  const relay = useMe()?.relay;
  return (
    <Panel title="This relay">
      {relay === undefined ? (
        <Skeleton className="h-40" />
      ) : (
        <dl className="grid gap-4 sm:grid-cols-2">
          <Fact name="Address">{relay.origin}</Fact>
          <Fact name="Version">{relay.version}</Fact>
          <Fact name="SSH port">{relay.sshPort ?? 'only on the HTTPS port'}</Fact>
          <Fact name="Certificate">
            {relay.localAuthority ? (
              <>
                from its own authority (
                <a href="/install/ca.pem" download className="text-accent underline">
                  ca.pem
                </a>
                )
              </>
            ) : (
              'from files'
            )}
          </Fact>
          <Fact name="Host key, which devices pin">
            <span className="font-mono text-sm break-all">{relay.hostKeyFingerprint}</span>
          </Fact>
        </dl>
      )}
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
