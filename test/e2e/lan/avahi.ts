import { runProgram } from '@porchlight/testkit';
import type { Lan, Role } from './lan-network.ts';

/** Debian's avahi with a bus of its own, in a namespace and with folders of its own; what it found goes to stdout. */
const SCRIPT = `
  mount -t tmpfs tmpfs /run && mkdir /run/dbus || exit 1
  dbus-daemon --system --fork --nopidfile || exit 1
  printf '[server]\\nhost-name=avahitest\\nallow-interfaces=eth\\n[publish]\\npublish-workstation=no\\n' > /run/avahi.conf
  avahi-daemon --no-drop-root --no-chroot --no-rlimits -f /run/avahi.conf >&2 &
  daemon=$!
  tries=0
  until avahi-resolve -4 -n "$1"; do
    tries=$((tries + 1))
    [ $tries -lt 20 ] || exit 1
    sleep 0.5
  done
  avahi-resolve -6 -n "$1"
  avahi-browse -artp
  kill $daemon $(pidof -s dbus-daemon)
`;

export interface AvahiService {
  readonly protocol: string;
  readonly name: string;
  readonly type: string;
  readonly host: string;
  readonly port: number;
  readonly txt: string[];
}

/** What avahi knows of a host name, and of all services on the LAN. */
export async function resolveWithAvahi(lan: Lan, role: Role, hostName: string) {
  const args = ['--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c', SCRIPT, 'avahi', hostName];
  const { stdout, stderr } = await runProgram('unshare', args, { netns: lan.netns(role) });
  const lines = stdout.split('\n');
  const addresses = lines
    .filter((line) => line.startsWith(`${hostName}\t`))
    .map((line) => line.split('\t')[1] ?? '');
  const services = lines
    .filter((line) => line.startsWith('='))
    .map((line): AvahiService => {
      const [, , protocol = '', name = '', type = '', , host = '', , port, txt = ''] = line.split(';');
      const texts = [...txt.matchAll(/"([^"]*)"/g)].map(([, each = '']) => each);
      return { protocol, name, type, host, port: Number(port), txt: texts };
    });
  if (services.length === 0) throw new Error(`avahi found nothing:\n${stdout}${stderr}`);
  return {
    ipv4: addresses.find((address) => !address.includes(':')),
    ipv6: addresses.find((address) => address.includes(':')),
    services,
  };
}
