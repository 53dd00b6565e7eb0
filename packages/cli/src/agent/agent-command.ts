import { homedir } from 'node:os';
import {
  AgentConfigFile,
  ConfigError,
  callAgent,
  chooseDataFolder,
  createLogger,
  joinRelay,
  type LogLevel,
  prepareDataFolder,
  startAgent,
} from '@porchlight/agent';
import { Command } from 'commander';
import { aborted, print, printJson, stopSignal, table } from '../output.ts';
import { doctorCommand } from './doctor-command.ts';
import { pauseCommand, resumeCommand } from './pause-commands.ts';
import { statusCommand } from './status-command.ts';

/** `porchlight agent …` */
export function agentCommand(): Command {
  const agent = new Command('agent').description(
    'Run the agent: beside or on the device that people shall reach.',
  );
  for (const command of [joinCommand(), runCommand(), exposeCommand(), unexposeCommand()])
    agent.addCommand(command);
  for (const command of [statusCommand(), pauseCommand(), resumeCommand(), doctorCommand()])
    agent.addCommand(command);
  return agent;
}

/** Adds `--data` to a command of the agent. */
export function withData(command: Command): Command {
  return command.option('--data <folder>', 'folder of this agent (PORCHLIGHT_DATA)');
}

/** The agent's data folder that a command line means. */
export function dataFolderOf(options: { data?: string | undefined }): string {
  return chooseDataFolder({
    flag: options.data,
    env: process.env,
    uid: process.geteuid?.(),
    home: homedir(),
  });
}

interface JoinFlags {
  data?: string;
  token?: string;
  account?: string;
  name?: string;
  ca?: string;
  fingerprint?: string;
  json?: boolean;
}

function joinCommand(): Command {
  return withData(new Command('join').description('Make this device known at a relay.'))
    .argument('<url>', 'address of the relay, e.g. https://relay.example.net')
    .option('--token <token>', 'enrolment token, for set-up without a person (PORCHLIGHT_TOKEN)')
    .option('--account <name>', 'account to ask; otherwise an admin, or whoever enters the code')
    .option('--name <name>', 'name to propose; the host name by default')
    .option('--ca <file>', "PEM file of the relay's own certificate authority")
    .option('--fingerprint <fingerprint>', "SHA256:… that the relay's host key must have")
    .option('--json', 'for machines')
    .action(async (url: string, options: JoinFlags) => {
      const joined = await joinRelay({
        dataFolder: dataFolderOf(options),
        url,
        token: options.token ?? process.env['PORCHLIGHT_TOKEN'],
        account: options.account,
        name: options.name,
        caFile: options.ca,
        fingerprint: options.fingerprint,
        environment: process.env,
        signal: stopSignal(),
        onPending: ({ code, url: where, expiresInMs }) => {
          if (options.json === true) return print(JSON.stringify({ state: 'pending', code, url: where }));
          print(`This device asks to join. Its code is\n\n    ${code}\n`);
          print(`Press Allow where the same code is shown: ${where}`);
          print(`Waiting for ${Math.round(expiresInMs / 60_000)} minutes …`);
        },
      });
      if (options.json === true) return printJson({ state: 'joined', ...joined });
      print(`Joined ${joined.domain} as ${joined.device}. Next:`);
      print('  porchlight agent expose web http://127.0.0.1:80     what people may reach');
      print('  porchlight agent run                                keep the link');
    });
}

function runCommand(): Command {
  return withData(new Command('run').description('Keep the link to the relay, until it is stopped.'))
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .action(async (options: { data?: string; logLevel: string }) => {
      const stop = stopSignal();
      const agent = await startAgent({
        dataFolder: dataFolderOf(options),
        environment: process.env,
        logger: createLogger(logLevel(options.logLevel)),
      });
      await aborted(stop);
      await agent.close();
    });
}

function logLevel(text: string): LogLevel {
  if (text === 'debug' || text === 'info' || text === 'warn' || text === 'error') return text;
  throw new ConfigError(`"${text}" is no log level: use debug, info, warn or error`);
}

function exposeCommand(): Command {
  return withData(new Command('expose').description('Let people reach one thing on this device.'))
    .argument('[name]', 'name of the service: becomes part of its address')
    .argument('[target]', 'http://HOST:PORT, https://HOST:PORT or tcp://HOST:PORT')
    .option('--insecure-skip-verify', 'believe any certificate of an https target')
    .option('--json', 'for machines')
    .action(
      async (
        name: string | undefined,
        target: string | undefined,
        options: { data?: string; insecureSkipVerify?: boolean; json?: boolean },
      ) => {
        const dataFolder = dataFolderOf(options);
        await prepareDataFolder(dataFolder);
        const file = new AgentConfigFile(dataFolder);
        if (name !== undefined && target === undefined) {
          throw new ConfigError('no target was given: write porchlight agent expose NAME http://HOST:PORT');
        }
        if (name !== undefined && target !== undefined) {
          await file.expose(name, { target, insecureSkipVerify: options.insecureSkipVerify === true });
        }
        const { services } = await file.read();
        const live = await tellRunningAgent(dataFolder);
        const rows = [...services].map(([service, { target: where }]) => ({
          name: service,
          kind: where.kind,
          target: where.text,
        }));
        if (options.json === true) return printJson({ live, services: rows });
        print(table([['SERVICE', 'KIND', 'TARGET'], ...rows.map((row) => [row.name, row.kind, row.target])]));
        if (name !== undefined)
          print(live ? 'The running agent offers it now.' : 'It is offered when the agent runs.');
      },
    );
}

function unexposeCommand(): Command {
  return withData(new Command('unexpose').description('Stop letting people reach a service.'))
    .argument('<name>')
    .action(async (name: string, options: { data?: string }) => {
      const dataFolder = dataFolderOf(options);
      if (!(await new AgentConfigFile(dataFolder).unexpose(name))) {
        throw new ConfigError(`there is no service "${name}": porchlight agent expose lists them`);
      }
      await tellRunningAgent(dataFolder);
      print(`${name} is not exposed any more`);
    });
}

/** True when an agent runs here and has taken over the change. */
async function tellRunningAgent(dataFolder: string): Promise<boolean> {
  try {
    await callAgent(dataFolder, { command: 'reload' }, { signal: AbortSignal.timeout(10_000) });
    return true;
  } catch (error) {
    // No agent runs: it reads the file when it starts.
    if (error instanceof ConfigError && error.message.startsWith('no agent runs')) return false;
    throw error;
  }
}
