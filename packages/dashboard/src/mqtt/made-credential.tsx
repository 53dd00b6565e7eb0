import type { Me } from '@porchlight/protocol/api';
import { useMe } from '../session/index.ts';
import { Button, Commands, SecretOnce } from '../ui/index.ts';
import { publishCommand } from './publish-command.ts';

/** A new user name and password, the latter shown once, with a command that tries them. */
export function MadeCredential({
  made,
  topic,
  onClose,
}: {
  made: { readonly username: string; readonly password: string };
  topic: string;
  onClose: () => void;
}) {
  const relay: Me['relay'] | undefined = useMe()?.relay;
  return (
    <div className="grid min-w-0 gap-4">
      <Commands label="User name" lines={[made.username]} />
      <SecretOnce label="Password" secret={made.password} />
      {relay?.mqttsPort !== undefined && (
        <div className="grid min-w-0 gap-2">
          <p className="text-sm text-muted">Try it with mosquitto:</p>
          <Commands
            label="A command that publishes"
            lines={[publishCommand(relay.domain, relay.mqttsPort, made, topic, relay.localAuthority)]}
            wrap
          />
        </div>
      )}
      <Button look="primary" onClick={onClose}>
        Done
      </Button>
    </div>
  );
}
