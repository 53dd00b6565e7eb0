import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '@porchlight/protocol/api';
import type { Command } from 'commander';
import { type Finding, showFindings } from '../../show-findings.ts';
import { named } from '../completion/index.ts';
import { findDevice } from '../devices/index.ts';
import { personCommand } from '../person-command.ts';
import { configFolder, RelayLogins } from '../relays/index.ts';
import {
  allOf,
  openSession,
  type PersonFlags,
  readAuthorityFile,
  relayNamed,
  type Session,
} from '../session/index.ts';
import { attempt } from './attempt.ts';
import { examineDevices } from './device-steps.ts';
import { examineRelay, mqttPort, signIn } from './relay-steps.ts';

/** `porchlight doctor [NAME]`: exit code 1 when something failed. On a device with an agent its own doctor joins in. */
export function doctorCommand(): Command {
  return personCommand('doctor', 'Find out why a device cannot be reached, from here to its services.')
    .addArgument(named('[name]', 'this device only; without it all of yours', 'device'))
    .action(async (name: string | undefined, flags: PersonFlags) => {
      await showFindings(examine(name, flags), flags);
    });
}

async function* examine(name: string | undefined, flags: PersonFlags): AsyncGenerator<Finding> {
  const logins = new RelayLogins(configFolder(process.env));
  const origin = flags.relay === undefined ? await logins.current() : await relayNamed(flags.relay, logins);
  const agentFolder = await agentHere();
  // A device whose owner has never logged in on it is examined as such.
  if (origin !== undefined || agentFolder === undefined) yield* fromHere(origin, name, flags, logins);
  if (agentFolder !== undefined && name === undefined) yield* onTheDevice(agentFolder);
}

async function* fromHere(
  origin: string | undefined,
  name: string | undefined,
  flags: PersonFlags,
  logins: RelayLogins,
): AsyncGenerator<Finding> {
  // Whoever is not logged in yet may know the authority all the same.
  if (flags.ca !== undefined) await readAuthorityFile(flags.ca);
  const session = yield* attempt('login', async () => {
    const opened = await openSession(flags);
    return { value: opened, detail: loginWords(opened) };
  });
  if (origin === undefined) return;
  const pinned = (session?.login ?? (await logins.get(origin)))?.hostKey;
  const identity = yield* examineRelay({ origin, pinned });
  if (identity === undefined || session === undefined) return;
  const me = yield* signIn(session);
  if (me === undefined) return;
  yield* mqttPort(origin, me);
  const devices = yield* attempt<readonly Device[]>('devices', async () => {
    const found =
      name === undefined ? await allOf(session.api.devices.all()) : [await findDevice(session, name)];
    const up = found.filter(({ link }) => link.up).length;
    return { value: found, detail: `${found.length}, of which ${up} up` };
  });
  if (devices !== undefined) yield* examineDevices(session, devices);
}

function loginWords({ login, logins }: Session): string {
  return login === undefined || process.env['PORCHLIGHT_TOKEN'] !== undefined
    ? 'by PORCHLIGHT_TOKEN'
    : logins.pathOf(login.origin);
}

/** The data folder of an agent on this machine. */
async function agentHere(): Promise<string | undefined> {
  const { dataFolderOf } = await import('../../agent/data-folder.ts');
  const folder = dataFolderOf({});
  return existsSync(join(folder, 'agent.yaml')) ? folder : undefined;
}

async function* onTheDevice(folder: string): AsyncGenerator<Finding> {
  const { examineDevice } = await import('../../agent/doctor-command.ts');
  for await (const finding of examineDevice(folder))
    yield { ...finding, what: `this device, ${finding.what}` };
}
