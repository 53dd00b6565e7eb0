import { BasicPasswords } from '../access/index.ts';
import { openAccessLog, VisitWatch } from '../access-log/index.ts';
import { OpenVisits, Publisher, RouteTable, SignOn, SignOnPages, Visitors } from '../publish/index.ts';
import type { DeviceLinks } from './device-links.ts';
import type { Foundation } from './foundation.ts';
import type { People } from './people.ts';

/** How visitors of published hosts come in. */
export async function wirePublishing(
  { config, stores, audit, events, clock, logger, metrics, stack }: Foundation,
  { identities, passwords }: People,
  { table, pools, recorder }: DeviceLinks,
) {
  const signOn = await SignOn.open({ clock, secrets: stores.secrets });
  const signOnPages = new SignOnPages({ signOn, domain: config.domain });
  const routes = new RouteTable({ devices: stores.devices, events });
  stack.add(() => routes.close());
  const visitors = new Visitors({ identities, signOn, events, clock });
  stack.add(() => visitors.close());
  const openVisits = new OpenVisits({ events });
  stack.add(() => openVisits.close());
  const { file, ...wish } = config.accessLog;
  const accessLog =
    file === undefined
      ? undefined
      : await openAccessLog({ file, ...wish }, { clock, logger: logger.child('access-log') });
  stack.add(() => accessLog?.close());
  metrics.observe(
    'porchlight_access_log_lost_lines',
    'Lines of the access log that the disk did not take in time.',
    () => accessLog?.lost ?? 0,
  );
  const publisher = new Publisher({
    routes,
    visitors,
    basic: new BasicPasswords({ passwords, clock }),
    links: table,
    pools,
    openVisits,
    recorder,
    signOnPages,
    watch: accessLog === undefined ? undefined : new VisitWatch({ log: accessLog, clock }),
    audit,
    clock,
    logger: logger.child('publish'),
    meters: metrics.requests,
  });
  return { publisher, signOnPages, accessLog };
}
