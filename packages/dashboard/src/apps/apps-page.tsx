import { useTitle } from '../page/index.ts';
import { PageHead } from '../ui/index.ts';
import { GrantsPanel } from './grants-panel.tsx';
import { OwnAppsPanel } from './own-apps-panel.tsx';

/** Programs of other people's making: those that one has let in, and those that one makes. */
export function AppsPage() {
  useTitle('Apps');
  return (
    <>
      <PageHead title="Apps" lead="Programs that reach your devices because you let them in." />
      <GrantsPanel />
      <OwnAppsPanel />
    </>
  );
}
