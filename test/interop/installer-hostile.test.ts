/** The script of the installer on a device whose relay means harm. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBareRoot, requireBareRoot, until } from '@porchlight/testkit';
import { expect, it } from 'vitest';

const FILE = join(import.meta.dirname, '../../packages/relay/install/phone-home.sh');
const HOME = '/etc/porchlight-home';
const ME = `${HOME}/phone-home.sh`;
const { missing } = await requireBareRoot();

/** Answers a call from a file; of anything else it writes down what shall be forwarded, and stays. */
const FALSE_RELAY = `#!/bin/sh
case "$*" in
*' beat inbox') echo call >>/tmp/calls; cat /tmp/answers; cat /tmp/answers >&2 ;;
*) while [ "$1" != -R ]; do shift; done; echo "$2" >>/tmp/asked; exec sleep 7000 ;;
esac
`;

it.skipIf(missing)(
  `opens what it allows and nothing else, whatever a relay that means harm answers ${missing ?? ''}`,
  async () => {
    const machine = await openBareRoot({ programs: [], names: ['relay.example'] });
    try {
      // In the place of dropbear's client: it answers as such a relay, and writes down what it is asked to forward.
      const answers = [
        'forward,9999, 9999:40001',
        'forward 9999:40002',
        'x,25, 25:40003',
        'forward 22,25:40004',
      ];
      const odd = [
        'forward $(id):40005',
        'forward 22:40006;id',
        'forward 22:0.0.0.0:40007',
        'forward 80:40008',
      ];
      const lines = [...answers, ...odd].map((answer) => `${answer} 7000\n`).join('');
      await machine.write('/tmp/answers', `${lines}this key belongs to the device x\`id\`:\n`);
      await machine.write('/usr/bin/dbclient', FALSE_RELAY, 0o755);
      await machine.write(ME, await readFile(FILE, 'utf8'));
      const settings = 'host=relay.example port=22 name=router1 mode=call ports=22,80 start=rc.local';
      await machine.write(`${HOME}/settings`, `${settings} client=/usr/bin/dbclient kind=dropbear\n`);
      machine.start('sh', ME, 'run');
      await until(async () => (await machine.read('/tmp/asked').catch(() => '')).includes('40008'));
      // Ends the pause between two calls.
      await until(async () => (await machine.processes('sleep 60')).length > 0);
      for (const pid of await machine.processes('sleep 60')) process.kill(pid);
      await until(async () => (await machine.read('/tmp/calls')) === 'call\ncall\n');
      expect(await machine.read('/tmp/asked')).toBe('40008:localhost:80\n');
      expect(await machine.read(`${HOME}/settings`)).toContain(settings);
      expect(await machine.run('sh', ME, 'uninstall')).toMatchObject({ code: 0 });
    } finally {
      await machine.close();
    }
  },
);
