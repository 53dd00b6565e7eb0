import type { Device, JoinRequest } from '@porchlight/protocol/api';
import { DEVICES_LISTED_MAX, EventWords } from '@porchlight/protocol/words';
import type { Command } from 'commander';
import { stopSignal } from '../../stop-signal.ts';
import { harmless, print, printableJson, styled } from '../../terminal/index.ts';
import { note } from '../output/index.ts';
import { personCommand } from '../person-command.ts';
import { allOf, openSession, type PersonFlags, type Session } from '../session/index.ts';
import { LiveScreen } from './live-screen.ts';

/** `porchlight watch`: on a terminal a live list; elsewhere, or with `--json`, what happens, one line each. */
export function watchCommand(): Command {
  return personCommand(
    'watch',
    'Show your devices live, until Ctrl-C; elsewhere than on a terminal, what happens.',
  ).action(async (flags: PersonFlags) => {
    const session = await openSession(flags);
    const signal = stopSignal();
    if (flags.json === true) return asJson(session, signal);
    if (process.stdout.isTTY && flags.quiet !== true) return asList(session, signal);
    return asLines(session, flags, signal);
  });
}

async function asJson({ api }: Session, signal: AbortSignal): Promise<void> {
  for await (const event of api.watch({ signal })) if (event.type !== 'open') print(printableJson(event));
}

async function asLines({ api }: Session, flags: PersonFlags, signal: AbortSignal): Promise<void> {
  let words = new EventWords([]);
  for await (const event of api.watch({ signal })) {
    if (event.type === 'open') {
      const devices = await allOf(api.devices.all({ signal }));
      const up = devices.filter(({ link }) => link.up).length;
      note(flags, `watching ${devices.length} devices, ${up} up; Ctrl-C ends it`);
      words = new EventWords(devices);
      continue;
    }
    const text = words.say(event);
    const time = new Date().toISOString().slice(0, 19).replace('T', ' ');
    if (text !== undefined) print(`${styled.quiet(time)}  ${harmless(text)}`);
  }
}

async function asList({ api }: Session, signal: AbortSignal): Promise<void> {
  const left = new AbortController();
  const until = AbortSignal.any([signal, left.signal]);
  const screen = new LiveScreen(() => left.abort());
  try {
    for await (const event of api.watch({ signal: until })) {
      if (event.type === 'open') screen.begin(...(await known(api, until)));
      else screen.hear(event);
    }
  } finally {
    screen.close();
  }
}

async function known(
  api: Session['api'],
  signal: AbortSignal,
): Promise<[devices: Device[], requests: JoinRequest[]]> {
  const [{ items }, requests] = await Promise.all([
    api.devices.list({ limit: DEVICES_LISTED_MAX, signal }),
    // A token that is narrowed to some devices may not see them.
    api.joinRequests.list({ signal }).catch(() => []),
  ]);
  return [items, requests];
}
