import { AppPasswordsPanel, MqttConnectionsPanel } from '../mqtt/index.ts';
import { ThemeChoice, useTitle } from '../page/index.ts';
import { PageHead, Panel } from '../ui/index.ts';
import { AccessTokensPanel } from './access-tokens-panel.tsx';
import { PasswordPanel } from './password-panel.tsx';
import { RelayPanel } from './relay-panel.tsx';
import { SessionsPanel } from './sessions-panel.tsx';
import { SshKeysPanel } from './ssh-keys-panel.tsx';

/** What belongs to the person, and what the relay says of itself. */
export function SettingsPage() {
  useTitle('Settings');
  return (
    <>
      <PageHead title="Settings" />
      <Panel title="Appearance">
        <div className="max-w-md">
          <ThemeChoice />
        </div>
      </Panel>
      <PasswordPanel />
      <SessionsPanel />
      <AccessTokensPanel />
      <AppPasswordsPanel />
      <MqttConnectionsPanel />
      <SshKeysPanel />
      <RelayPanel />
    </>
  );
}
