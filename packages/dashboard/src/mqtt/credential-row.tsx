import { type ReactNode, useState } from 'react';
import { Ago } from '../format/index.ts';
import { Button, Confirm } from '../ui/index.ts';

/** A credential in a list, with what revokes it. */
export function CredentialRow({
  name,
  credential,
  revoke,
  children,
}: {
  name: string;
  credential: { readonly createdAt: number; readonly lastUsedAt?: number | undefined };
  revoke: () => Promise<void>;
  /** More about it, before the dates. */
  children?: ReactNode;
}) {
  const [revoking, setRevoking] = useState(false);
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-3 first:pt-0 last:pb-0">
      <div className="grid min-w-0 gap-0.5">
        <p className="font-medium break-words">{name}</p>
        <p className="text-sm text-muted">
          {children}
          {'made '}
          <Ago at={credential.createdAt} />
          {' · '}
          {credential.lastUsedAt === undefined ? (
            'not used yet'
          ) : (
            <>
              last used <Ago at={credential.lastUsedAt} />
            </>
          )}
        </p>
      </div>
      <Button small aria-label={`Revoke ${name}`} onClick={() => setRevoking(true)}>
        Revoke…
      </Button>
      <Confirm
        open={revoking}
        onClose={() => setRevoking(false)}
        title={`Revoke ${name}?`}
        action="Revoke it"
        act={revoke}
      >
        <p>Connections that came in with it end at once.</p>
      </Confirm>
    </li>
  );
}
