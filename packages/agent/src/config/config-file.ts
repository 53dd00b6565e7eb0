import { join } from 'node:path';
import { Document, isMap, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { ConfigError, quoted, systemErrorCode } from './config-error.ts';
import { readTextFile, replaceFile } from './files.ts';
import {
  type AgentConfig,
  agentConfig,
  type BaseStationSettingsText,
  type MqttSettings,
  type RelaySettingsText,
  type ServiceSettingsText,
} from './schema.ts';

const CONFIG_FILE = 'agent.yaml';
const CONFIG_BYTES_MAX = 64 * 1024;
const HEADER =
  ' What this agent belongs to and what it exposes. Changed by "porchlight agent expose", or by hand.';

/** `agent.yaml` in the data folder. Edits keep comments and order, and are written only when the result is valid. */
export class AgentConfigFile {
  readonly path: string;
  /** One edit after the other within this process. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(dataFolder: string) {
    this.path = join(dataFolder, CONFIG_FILE);
  }

  /**
   * The configuration; an empty one when there is no file.
   * @throws ConfigError naming file, line, cause and mend
   */
  async read(): Promise<AgentConfig> {
    return (await this.#load()).config;
  }

  /** Adds a service, or gives the one of that name another target. */
  async expose(name: string, service: ServiceSettingsText): Promise<AgentConfig> {
    return this.#edit((document) => {
      document.setIn(['services', name, 'target'], service.target);
      if (service.insecureSkipVerify) document.setIn(['services', name, 'insecureSkipVerify'], true);
      else document.deleteIn(['services', name, 'insecureSkipVerify']);
      if (service.lan === undefined) document.deleteIn(['services', name, 'lan']);
      else document.setIn(['services', name, 'lan'], service.lan);
    });
  }

  /** Takes a service away; false when there was none of that name. */
  async unexpose(name: string): Promise<boolean> {
    if (!(await this.read()).services.has(name)) return false;
    await this.#edit((document) => void document.deleteIn(['services', name]));
    return true;
  }

  /** Notes the relay that the device has joined, and the name it asked for; it links to it by SSH. */
  async setRelay(relay: RelaySettingsText, name: string | undefined): Promise<AgentConfig> {
    return this.#edit((document) => {
      document.setIn(['relay'], document.createNode({ ...relay }));
      document.deleteIn(['mqtt']);
      if (name !== undefined) document.setIn(['name'], name);
    });
  }

  /** Links by MQTT alone from now on; undefined: by SSH again. */
  async setMqtt(settings: MqttSettings | undefined): Promise<AgentConfig> {
    return this.#edit((document) => {
      if (settings === undefined) document.deleteIn(['mqtt']);
      else document.setIn(['mqtt'], document.createNode({ ...settings }));
    });
  }

  /** Where the door on the LAN is: `host:port`; undefined: there is none. */
  async setLanDoor(text: string | undefined): Promise<AgentConfig> {
    return this.#edit((document) => {
      if (text === undefined) document.deleteIn(['lan']);
      else document.setIn(['lan'], text);
    });
  }

  /** Switches the base station on, with what of its settings shall change; undefined: off, and its settings are gone. */
  async setBaseStation(settings: BaseStationSettingsText | undefined): Promise<AgentConfig> {
    return this.#edit((document) => {
      if (settings === undefined) {
        document.deleteIn(['baseStation']);
        return;
      }
      if (!isMap(document.getIn(['baseStation']))) document.setIn(['baseStation'], document.createNode({}));
      for (const [name, value] of Object.entries(settings)) {
        if (value !== undefined) document.setIn(['baseStation', name], document.createNode(value));
      }
    });
  }

  /** Where the settings page is from the next start on: `host:port`, or `off`; undefined: where it is by default. */
  async setSettingsPage(text: string | undefined): Promise<AgentConfig> {
    return this.#edit((document) => {
      if (text === undefined) document.deleteIn(['settingsPage']);
      else document.setIn(['settingsPage'], text);
    });
  }

  #edit(change: (document: Document) => void): Promise<AgentConfig> {
    const done = this.#last.then(async () => {
      const { document } = await this.#load();
      change(document);
      const text = document.toString();
      const { config } = this.#parse(text);
      await replaceFile(this.path, text, 0o600);
      return config;
    });
    this.#last = done.then(
      () => undefined,
      () => undefined, // told to the caller of that edit; the next one starts from the file
    );
    return done;
  }

  async #load(): Promise<{ document: Document; config: AgentConfig }> {
    try {
      return this.#parse((await readTextFile(this.path, CONFIG_BYTES_MAX)).text);
    } catch (error) {
      const code = systemErrorCode(error);
      if (error instanceof ConfigError) throw error;
      if (code !== 'ENOENT') {
        throw new ConfigError(
          `${this.path} cannot be read (${code || String(error)}): give it to this user`,
          {
            cause: error,
          },
        );
      }
      const document = new Document({});
      document.commentBefore = HEADER;
      return { document, config: agentConfig.parse({}) };
    }
  }

  #parse(text: string): { document: Document; config: AgentConfig } {
    const lines = new LineCounter();
    const document: Document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
    });
    const broken = document.errors[0] ?? document.warnings[0];
    if (broken !== undefined) {
      const line = lines.linePos(broken.pos[0]).line;
      throw new ConfigError(`${this.path} line ${line} is not valid YAML: ${broken.message}`);
    }
    if (document.contents === null) document.contents = document.createNode({});
    const result = agentConfig.safeParse(plain(document, this.path));
    if (result.success) return { document, config: result.data };
    const issue = result.error.issues[0];
    throw issue === undefined ? result.error : this.#describe(issue, document, lines);
  }

  #describe(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): ConfigError {
    const path = issue.path.map(String);
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    if (unknown !== undefined) path.push(unknown);
    const line = lineOf(document, lines, path);
    const where = line === undefined ? this.path : `${this.path} line ${line}`;
    const key =
      path.length === 0
        ? 'the file'
        : path.map((part) => (/^[\w-]+$/.test(part) ? part : quoted(part))).join('.');
    if (unknown !== undefined)
      return new ConfigError(`${where}: ${key} is not a known key: correct or remove it`);
    const message = 'issues' in issue ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    return new ConfigError(`${where}: ${key}: ${message}`);
  }
}

/** Aliases are refused: nothing here needs them, and a few lines of them can stand for gigabytes. */
function plain(document: Document, path: string): unknown {
  try {
    const value: unknown = document.toJS({ mapAsMap: true, maxAliasCount: 0 });
    if (!(value instanceof Map)) return value;
    // Only the names of services come from outside; the other levels are objects to the schema.
    return Object.fromEntries(
      [...value].map(([key, inner]) => [String(key), key === 'services' ? services(inner) : objectOf(inner)]),
    );
  } catch (error) {
    if (error instanceof ReferenceError) {
      throw new ConfigError(`${path} uses YAML aliases: write the values out`, { cause: error });
    }
    throw error;
  }
}

function services(value: unknown): unknown {
  if (value === null) return undefined; // "services:" with nothing below
  return value instanceof Map ? new Map([...value].map(([name, inner]) => [name, objectOf(inner)])) : value;
}

function objectOf(value: unknown): unknown {
  return value instanceof Map
    ? Object.fromEntries([...value].map(([key, inner]) => [String(key), objectOf(inner)]))
    : value;
}

function lineOf(document: Document, lines: LineCounter, path: readonly string[]): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      return lines.linePos(Number(node.range[0])).line;
    }
  }
  return undefined;
}
