import type { BaseStation } from '../../../base-station/index.ts';
import { AgentConfigFile, ConfigError } from '../../../config/index.ts';
import type { Note } from '../../layout.ts';
import type { Action, PageContext } from '../page.ts';
import { PAIR_MINUTES } from './found-part.ts';

const PAGE = '/wifi';

export const wifiActions: readonly (readonly [string, Action])[] = [
  ['/wifi/on', { page: PAGE, run: (context) => configure(context, {}) }],
  ['/wifi/off', { page: PAGE, run: (context) => configure(context, undefined) }],
  [
    '/wifi/emonesp',
    { page: PAGE, run: (context, form) => configure(context, { emonesp: form.get('emonesp') === 'on' }) },
  ],
  [
    '/wifi/allow',
    withStation(async (station, form) => {
      const name = (form.get('name') ?? '').trim().slice(0, 64);
      const code = form.get('code') ?? '';
      await station.allow(idIn(form), {
        ...(name === '' ? {} : { name }),
        // What the person saw: another one may have come since.
        ...(code === '' ? {} : { code }),
      });
      return undefined;
    }),
  ],
  [
    '/wifi/deny',
    withStation(async (station, form) => {
      await station.deny(idIn(form));
      return undefined;
    }),
  ],
  [
    '/wifi/forget',
    withStation(async (station, form) => {
      await station.forget(idIn(form));
      return undefined;
    }),
  ],
  [
    '/wifi/pair',
    withStation(async (station, form) => {
      if (form.get('minutes') === '0') station.pairing.off();
      else station.pairing.on(PAIR_MINUTES);
      return undefined;
    }),
  ],
  [
    '/wifi/rotate',
    withStation(async (station, form) => {
      const { device, password } = await station.rotate(idIn(form));
      const text = `Enter this at ${device.name}; it is not shown again. User ${device.username}, password ${password}`;
      return { kind: 'done', text };
    }),
  ],
  [
    '/wifi/revoke',
    withStation(async (station, form) => {
      await station.revoke(idIn(form));
      return undefined;
    }),
  ],
];

function idIn(form: URLSearchParams): string {
  return form.get('id') ?? '';
}

function withStation(
  run: (station: BaseStation, form: URLSearchParams) => Promise<Note | undefined>,
): Action {
  return {
    page: PAGE,
    async run({ control }, form) {
      const station = control.baseStation()?.station;
      if (station === undefined) throw new ConfigError('the base station is not open');
      return run(station, form);
    },
  };
}

async function configure(
  { dataFolder, control }: PageContext,
  settings: { readonly emonesp?: boolean } | undefined,
): Promise<undefined> {
  await new AgentConfigFile(dataFolder).setBaseStation(settings);
  await control.reload();
}
