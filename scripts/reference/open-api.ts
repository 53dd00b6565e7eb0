import { createRig } from '../../packages/relay/src/api/api-rig.ts';
import { openStores } from '../../packages/relay/src/storage/index.ts';
import { FakeClock } from '../../packages/testkit/src/fake-clock.ts';

/** The file docs/reference/openapi.json: what a relay serves at /api/openapi.json. */
export async function openApiFile(): Promise<string> {
  const stores = await openStores({ kind: 'sqlite', file: ':memory:' });
  const rig = await createRig({ stores, clock: new FakeClock(), people: false });
  try {
    const { body } = await rig.app.inject('/api/openapi.json');
    return `${JSON.stringify(JSON.parse(body), null, 2)}\n`;
  } finally {
    await rig.close();
    await stores.close();
  }
}
