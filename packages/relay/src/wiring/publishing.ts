import { BasicPasswords } from '../access/index.ts';
import { openAccessLog, VisitWatch } from '../access-log/index.ts';
import { EmoncmsView, HomeCalls } from '../emoncms/index.ts';
import { Passthrough, PassthroughTable } from '../passthrough/index.ts';
import {
  AdmittedVisits,
  Locator,
  OpenVisits,
  PathChecks,
  PathRoutes,
  PathTable,
  Publisher,
  RouteTable,
  SharePages,
  SignOn,
  SignOnPages,
  VisitNotes,
  Visitors,
} from '../publish/index.ts';
import { Shares } from '../shares/index.ts';
import type { DeviceLinks } from './device-links.ts';
import type { Foundation } from './foundation.ts';
import type { People } from './people.ts';

/** How visitors of published hosts come in. */
export async function wirePublishing(
  { config, stores, audit, events, clock, logger, metrics, stack, failed }: Foundation,
  { identities, passwords }: People,
  { table, pools, recorder }: DeviceLinks,
) {
  const signOn = await SignOn.open({ clock, secrets: stores.secrets });
  const signOnPages = new SignOnPages({ signOn, domain: config.domain, paths: config.paths });
  const routes = new RouteTable({ devices: stores.devices, events });
  stack.add(() => routes.close());
  const paths = new PathTable({ store: stores.pathRoutes, devices: stores.devices, events, clock });
  stack.add(() => paths.close());
  const pathRoutes = new PathRoutes({
    store: stores.pathRoutes,
    devices: stores.devices,
    audit,
    events,
    clock,
    perAccount: config.limits.pathRoutesPerAccount,
    served: config.paths.host !== undefined || config.paths.insecureOnConsole,
    forMembers: config.paths.insecureForMembers,
  });
  const shares = new Shares({ store: stores.shares, passwords, audit, events, clock });
  const visitors = new Visitors({ identities, signOn, shares, events, clock });
  stack.add(() => visitors.close());
  const openVisits = new OpenVisits({ events, clock });
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
  const notes = new VisitNotes({ audit, clock });
  const passedOn = await PassthroughTable.open({
    services: stores.services,
    events,
    clock,
    onError: failed('services with TLS of their own not read'),
  });
  stack.add(() => passedOn.close());
  const passthrough = new Passthrough({
    table: passedOn,
    links: table,
    domain: config.domain,
    notes,
    meters: metrics.passthrough,
  });
  const publisher = new Publisher({
    routes: new Locator({ hosts: routes, paths }),
    visitors,
    basic: new BasicPasswords({ passwords, clock }),
    links: table,
    pools,
    openVisits,
    recorder,
    signOnPages,
    sharePages: new SharePages({ shares, signOn, routes, clock }),
    watch: accessLog === undefined ? undefined : new VisitWatch({ log: accessLog, clock }),
    notes,
    isPassedOn: (device, service) => passedOn.find(device, service) !== undefined,
    clock,
    logger: logger.child('publish'),
    meters: metrics.requests,
  });
  const admittedVisits = new AdmittedVisits({ links: table, pools, recorder, notes, openVisits });
  const pathChecks = new PathChecks({ links: table, pools, clock });
  const emoncmsCalls = new HomeCalls({ links: table, pools, recorder, notes, clock });
  const emoncms = new EmoncmsView({ calls: emoncmsCalls, events, clock });
  stack.add(() => emoncms.close());
  return {
    emoncms,
    emoncmsCalls,
    shares,
    publisher,
    signOnPages,
    pathRoutes,
    pathChecks,
    admittedVisits,
    accessLog,
    passthrough,
  };
}
