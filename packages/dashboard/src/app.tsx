import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { Route, Switch } from 'wouter';
import { AccountsPage } from './accounts/index.ts';
import { AddDevicePage } from './add-device/index.ts';
import { AppsPage } from './apps/index.ts';
import { AuditPage } from './audit/index.ts';
import { CodePage, ConsentPage } from './consent/index.ts';
import { DevicePage } from './device/index.ts';
import { DevicesPage } from './devices/index.ts';
import { EmoncmsPage } from './emoncms/index.ts';
import { ForwardsPage } from './forwards/index.ts';
import { JoinRequestsPage } from './join-requests/index.ts';
import { NotFoundPage, Shell } from './layout/index.ts';
import { createQueryClient } from './session/index.ts';
import { SettingsPage } from './settings/index.ts';
import { SetupPage } from './setup/index.ts';
import { SignInPage } from './sign-in/index.ts';
import { TerminalPage } from './terminal/index.ts';
import { TokensPage } from './tokens/index.ts';
import { Toasts } from './ui/index.ts';

/** The console: two pages for whoever is not signed in yet, and all others inside the shell. */
export function App() {
  const [cache] = useState(createQueryClient);
  return (
    <QueryClientProvider client={cache}>
      <Switch>
        <Route path="/setup" component={SetupPage} />
        <Route path="/sign-in" component={SignInPage} />
        <Route path="/oauth/consent/:id">{({ id }) => <ConsentPage key={id} id={id} />}</Route>
        <Route path="/oauth/device" component={CodePage} />
        <Route path="/devices/:id/terminal">
          {({ id }) => (
            <Suspense fallback={<div className="min-h-dvh" />}>
              <TerminalPage key={id} id={id} />
            </Suspense>
          )}
        </Route>
        <Route>
          <Shell>
            <Switch>
              <Route path="/" component={DevicesPage} />
              <Route path="/devices/:id/emoncms">
                {({ id }) => (
                  <Suspense fallback={<div className="min-h-dvh" />}>
                    <EmoncmsPage key={id} id={id} />
                  </Suspense>
                )}
              </Route>
              <Route path="/devices/:id">{({ id }) => <DevicePage key={id} id={id} />}</Route>
              <Route path="/add" component={AddDevicePage} />
              <Route path="/forwards" component={ForwardsPage} />
              <Route path="/requests" component={JoinRequestsPage} />
              <Route path="/tokens" component={TokensPage} />
              <Route path="/apps" component={AppsPage} />
              <Route path="/accounts" component={AccountsPage} />
              <Route path="/audit" component={AuditPage} />
              <Route path="/settings" component={SettingsPage} />
              <Route component={NotFoundPage} />
            </Switch>
          </Shell>
        </Route>
      </Switch>
      <Toasts />
    </QueryClientProvider>
  );
}
