import { useMe } from '../session/index.ts';
import { Button, Commands, SecretOnce } from '../ui/index.ts';
import { publishCommand } from './publish-command.ts';

interface Made {
  /** What was made. */
  readonly made: { readonly username: string; readonly password: string };
  /** Where the command that tries it publishes. */
  readonly topic: string;
}

/** A new user name and password, the latter shown once, with a command that tries them. */
export function CredentialOnce({ made, topic }: Made) {
  const relay = useMe()?.relay;
  return (
    <div className="grid min-w-0 gap-4">
      <Commands label="User name" lines={[made.username]} />
      <SecretOnce label="Password" secret={made.password} />
      {relay?.mqttsPort !== undefined && (
        <div className="grid min-w-0 gap-2">
          <p className="text-sm text-muted">
            Try it with mosquitto
            {relay.localAuthority &&
              '; this relay made its own certificate, which the first line fetches unchecked'}
            :
          </p>
          <Commands
            label="A command that publishes"
            lines={[
              ...(relay.localAuthority ? [`curl -fsSLko ca.pem ${relay.origin}/install/ca.pem`] : []),
              publishCommand(relay.domain, relay.mqttsPort, made, topic, relay.localAuthority),
            ]}
            wrap
          />
        </div>
      )}
    </div>
  );
}

/** As {@link CredentialOnce}, at the end of a dialog. */
export function MadeCredential({ onClose, ...made }: Made & { onClose: () => void }) {
  return (
    <div className="grid min-w-0 gap-4">
      <CredentialOnce {...made} />
      <Button look="primary" onClick={onClose}>
        Done
      </Button>
    </div>
  );
}
