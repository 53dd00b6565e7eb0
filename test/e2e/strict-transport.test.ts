import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curl, runProgram, startTestRelay } from '@porchlight/testkit';
import { expect, onTestFinished, test } from 'vitest';

const NAME = 'strict-transport-security';

async function headersOf(options: Readonly<Record<string, string>>) {
  const relay = await startTestRelay(options);
  onTestFinished(() => relay.close());
  const at = (scheme: string, host: string, port: number | undefined) =>
    curl(['-k', '-o', '/dev/null', '--resolve', `${host}:${port}:127.0.0.1`, `${scheme}://${host}:${port}/`]);
  return {
    console: await at('https', 'localhost', relay.relay.ports.https),
    plain: await at('http', 'localhost', relay.relay.ports.http),
    service: await at('https', 'web--robot.localhost', relay.relay.ports.https),
  };
}

test('with a certificate from files browsers are to insist on TLS for the console’s name, and for no other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'porchlight-hsts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [tlsCertificate, tlsKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const names = 'subjectAltName=DNS:localhost,DNS:*.localhost';
  const made = await runProgram('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', names, '-keyout', tlsKey, '-out', tlsCertificate],
  ]);
  expect(made.code).toBe(0);
  const { console, plain, service } = await headersOf({ tlsCertificate, tlsKey });
  expect(console.headers[NAME]).toEqual(['max-age=15768000']);
  expect(plain.status).toBeGreaterThan(0);
  expect(plain.headers[NAME]).toBeUndefined();
  expect(service.status).toBeGreaterThan(0);
  expect(service.headers[NAME]).toBeUndefined();
});

test('with the relay’s own authority, which a browser may not know, nothing is insisted on', async () => {
  const { console } = await headersOf({});
  expect(console.status).toBeGreaterThan(0);
  expect(console.headers[NAME]).toBeUndefined();
});
