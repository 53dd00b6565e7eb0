/**
 * Signs in with a code that is typed into any browser, keeps the tokens in a file, and lists the devices. The next run
 * asks nobody.
 *
 *     PORCHLIGHT_RELAY=https://relay.example PORCHLIGHT_TOKENS=tokens.json node sign-in.ts
 */
import { Client, findOAuthServer, OAuthTokens, signInWithCode } from '@porchlight/client';
import { fileStore } from '@porchlight/client/node';

const relay = process.env['PORCHLIGHT_RELAY'] ?? '';
const store = fileStore(process.env['PORCHLIGHT_TOKENS'] ?? 'tokens.json');
const server = await findOAuthServer({ relay });

if ((await store.load()) === undefined) {
  const onCode = ({ code, url }: { code: string; url: string }) =>
    console.log(`Open ${url} and type ${code}`);
  await store.save(await signInWithCode(server, { scope: 'read offline_access', onCode }));
}

const client = new Client({ relay, token: new OAuthTokens({ server, store }) });
console.log(`Signed in as ${(await client.api.me()).account.name}`);
for await (const { name, link } of client.api.devices.all())
  console.log(`${name}: ${link.up ? 'up' : 'down'}`);
