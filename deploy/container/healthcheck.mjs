// Exit code 0 when the relay of this container answers at /healthz. It asks the HTTPS port on loopback; whose certificate
// answers does not matter here, because nothing secret is asked or told.
import https from 'node:https';

const { PORCHLIGHT_DOMAIN: domain = 'localhost', PORCHLIGHT_HTTPS_PORT: port = '8443' } = process.env;
const request = https.request(
  {
    host: '127.0.0.1',
    port,
    path: '/healthz',
    servername: domain,
    headers: { host: domain },
    rejectUnauthorized: false,
    timeout: 4000,
  },
  (answer) => process.exit(answer.statusCode === 200 ? 0 : 1),
);
request.on('timeout', () => request.destroy(new Error('no answer in time')));
request.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
request.end();
