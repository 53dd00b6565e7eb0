/**
 * Asks a service of a device for a page, at home or far away.
 *
 *     PORCHLIGHT_RELAY=https://relay.example PORCHLIGHT_TOKEN=plt_… node fetch.ts shed web /
 */
import { Client, PorchlightError } from '@porchlight/client';

const [device = 'shed', service = 'web', path = '/'] = process.argv.slice(2);
const client = new Client({
  relay: process.env['PORCHLIGHT_RELAY'] ?? '',
  token: process.env['PORCHLIGHT_TOKEN'],
});

try {
  const web = client.device(device).service(service);
  const answer = await web.fetch(path);
  console.log(`${answer.status}, over the ${web.route?.kind === 'lan' ? 'LAN' : 'relay'}`);
  console.log(await answer.text());
} catch (error) {
  if (!(error instanceof PorchlightError)) throw error;
  console.log(`error: ${error.message} (${error.code})`);
  console.log(`hint: ${error.hint}`);
  process.exitCode = 1;
}
