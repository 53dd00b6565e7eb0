/** Asks to be let in as EmonESP does, each time from another address. Says how it was answered. */
import http from 'node:http';

const { base, requests } = JSON.parse(process.argv[2] ?? '') as { base: string; requests: number };
const answers: Record<string, number> = {};
let next = 0;

async function askOn(): Promise<void> {
  while (next < requests) {
    const n = next;
    next += 1;
    const localAddress = `10.78.${1 + Math.floor(n / 250)}.${1 + (n % 250)}`;
    const answer = await new Promise<string>((resolve) => {
      http
        .get({ host: base, path: '/emoncms/device/auth/request.json', localAddress, agent: false }, (got) => {
          got.resume().on('end', () => resolve(String(got.statusCode)));
        })
        .on('error', (error) => resolve(error.message));
    });
    answers[answer] = (answers[answer] ?? 0) + 1;
  }
}

await Promise.all(Array.from({ length: 16 }, askOn));
process.stdout.write(`${JSON.stringify({ answers })}\n`);
