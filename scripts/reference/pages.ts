import { cliReference } from '../../packages/cli/src/reference.ts';
import { configExample, configReference } from '../../packages/relay/src/config/reference.ts';
import { clientPage } from './client.ts';
import { controlProtocolPage } from './control-protocol.ts';
import { errorsPage } from './errors.ts';
import { openApiFile } from './open-api.ts';

/** Every file that is made from the sources: its path below the root of the checkout, and what stands in it. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/reference/cli.md', await cliReference()],
    ['docs/reference/client.md', clientPage()],
    ['docs/reference/control-protocol.md', controlProtocolPage()],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/openapi.json', await openApiFile()],
    ['docs/reference/relay-configuration.md', configReference()],
    ['deploy/relay.example.yaml', configExample()],
  ]);
}
