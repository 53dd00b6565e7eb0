import { toPathPrefix } from '@porchlight/protocol';
import type { PathCheck, PathRoute } from '@porchlight/protocol/api';
import type { DeviceRecord } from '../../devices/index.ts';
import { printable, table } from '../terminal/index.ts';
import { type Command, type CommandCall, UsageError } from './command.ts';

export const paths: Command = {
  usage: 'paths [add DEVICE/SERVICE PATH | end PATH]',
  summary: 'services published under a path; --mode unchanged (as at first) or removed',
  args: [0, 3],
  options: { mode: false },
  async run(call) {
    const [verb, ...rest] = call.words.args;
    if (verb === undefined) return list(call);
    if (verb === 'add' && rest.length === 2) return add(call, rest[0] ?? '', rest[1] ?? '');
    if (verb === 'end' && rest.length === 1) return end(call, rest[0] ?? '');
    throw new UsageError('say "paths", "paths add DEVICE/SERVICE PATH" or "paths end PATH"');
  },
};

export const check: Command = {
  usage: 'check DEVICE/SERVICE --path PATH',
  summary: 'what would break if it were published there; --mode unchanged or removed',
  args: [1, 1],
  options: { path: false, mode: false },
  async run(call) {
    const { device, service } = await serviceOf(call, call.words.args[0] ?? '');
    const wish = { prefix: prefixOf(call.words.one('path') ?? ''), strip: stripOf(call) };
    const url = `/api/devices/${device.id}/services/${encodeURIComponent(service)}/check`;
    const found = await call.api<PathCheck>('POST', url, wish);
    if (call.words.json) return call.printJson(found);
    // What a device's page says must not move the cursor of whoever looks.
    for (const line of wordsOf(found)) call.print(printable(line));
  },
};

function wordsOf({ prefix, ok, findings, preset }: PathCheck): string[] {
  return [
    ok ? `nothing was found that breaks under ${prefix}/` : `this breaks under ${prefix}/:`,
    ...findings.flatMap(({ severity, evidence, where, count, advice }) => [
      `${severity}: ${evidence}${count > 1 ? ` (${count} times)` : ''}, in ${where}`,
      `    ${advice}`,
    ]),
    ...(preset === undefined
      ? []
      : [
          `it looks like ${preset.name}, which needs --mode ${preset.strip ? 'removed' : 'unchanged'}:`,
          ...preset.steps.map((step, at) => `${at + 1}. ${step}`),
        ]),
  ];
}

async function list(call: CommandCall): Promise<void> {
  const found = await allOf(call);
  if (call.words.json) return call.printJson(found);
  if (found.length === 0) return call.print('no paths');
  const rows = found.map(({ prefix, service, device, strip, url }) => [
    ...[prefix, `${device}/${service}`, strip ? 'removed' : 'unchanged', url],
  ]);
  call.print(table([['PATH', 'SERVICE', 'MODE', 'USE'], ...rows]));
}

async function add(call: CommandCall, target: string, path: string): Promise<void> {
  const { device, service } = await serviceOf(call, target);
  const body = { service, prefix: prefixOf(path), strip: stripOf(call) };
  const made = await call.api<PathRoute>('POST', `/api/devices/${device.id}/paths`, body);
  if (call.words.json) call.printJson(made);
  else call.print(made.url);
}

async function end(call: CommandCall, path: string): Promise<void> {
  const prefix = prefixOf(path);
  const route = (await allOf(call)).find((one) => one.prefix === prefix);
  if (route === undefined) throw new UsageError(`no service of yours is published under ${prefix}`);
  await call.api('DELETE', `/api/paths/${route.id}`);
  if (call.words.json) call.printJson({ id: route.id });
  else call.print(`${prefix} has ended`);
}

async function allOf(call: CommandCall): Promise<Listed[]> {
  const devices = await call.list<Described>('/api/devices?limit=500');
  return devices.flatMap(({ name: device, services }) =>
    services.flatMap(({ name: service, paths: routes }) =>
      routes.map((route) => ({ ...route, device, service })),
    ),
  );
}

type Shown = Pick<PathRoute, 'id' | 'prefix' | 'strip' | 'url'>;
type Listed = Shown & { readonly device: string; readonly service: string };
interface Described {
  readonly name: string;
  readonly services: readonly { readonly name: string; readonly paths: readonly Shown[] }[];
}

async function serviceOf(
  call: CommandCall,
  target: string,
): Promise<{ device: DeviceRecord; service: string }> {
  const [device, service, ...more] = target.split('/');
  if (device === undefined || service === undefined || service === '' || more.length > 0) {
    throw new UsageError('say which service: DEVICE/SERVICE');
  }
  return { device: await call.device(device), service };
}

/** @throws UsageError */
function prefixOf(text: string): string {
  const prefix = toPathPrefix(text);
  if (prefix !== undefined) return prefix;
  throw new UsageError('a path is one to four parts of letters, digits and . _ ~ -, such as /zumi01');
}

/** @throws UsageError */
function stripOf(call: CommandCall): boolean {
  const mode = call.words.one('mode') ?? 'unchanged';
  if (mode === 'unchanged' || mode === 'removed') return mode === 'removed';
  throw new UsageError('--mode is "unchanged" or "removed"');
}
