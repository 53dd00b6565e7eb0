import { startEnergyMonitor } from './energy/index.ts';
import { startLightBridge } from './lights/index.ts';
import { startScope } from './scope/index.ts';

/** One thing in the house that its agent exposes. */
export interface HomeProgram {
  /** Service name. */
  readonly name: 'emoncms' | 'lights' | 'hue' | 'scope';
  readonly kind: 'http';
  /** e.g. `http://127.0.0.1:40123`. */
  readonly target: string;
}

export interface DemoHome {
  readonly programs: readonly HomeProgram[];
  /** Policy of the house's agent (docs/reference/policy.md). */
  readonly policy: string;
  /** The agent's secrets file that the policy's `$names` stand for. */
  readonly secrets: string;
  /** Stops all programs. Idempotent. */
  close(): Promise<void>;
}

/** Starts every program of the demo home on free ports of loopback; if one fails, those before it are stopped. */
export async function startDemoHome(): Promise<DemoHome> {
  const started: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((each) => each.close()));
  };
  try {
    const energy = await startEnergyMonitor();
    started.push(energy);
    const lights = await startLightBridge();
    started.push(lights);
    const scope = await startScope();
    started.push(scope);
    return {
      programs: [
        { name: 'emoncms', kind: 'http', target: `http://127.0.0.1:${energy.port}` },
        { name: 'lights', kind: 'http', target: `http://127.0.0.1:${lights.port}` },
        { name: 'hue', kind: 'http', target: `http://127.0.0.1:${lights.port}` },
        { name: 'scope', kind: 'http', target: `http://127.0.0.1:${scope.port}` },
      ],
      policy: POLICY,
      secrets: `emoncms_read = ${energy.keys.read}\nhue_user = ${lights.user}\n`,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const POLICY = `# What the relay may ask of this house. It can neither read nor change this file.

# Figures may be read; the key for that is added here and never leaves the house. Writing is not allowed.
service emoncms
  allow GET,HEAD /emoncms/feed/{list,data,value,timevalue,fetch,getmeta}.json refuse query q add query apikey=$emoncms_read
  allow GET,HEAD /emoncms/input/list.json refuse query q add query apikey=$emoncms_read
  deny * /emoncms/**
  allow GET,HEAD /**
  default deny

# The page may switch lamps. New programs are not let in from outside: the link button stays out of reach.
service lights
  deny * /button
  deny PUT,DELETE /api/*/config/**
  default allow

# The same bridge for programs. Its link button is pressed for a new one once you have allowed that at the relay: then,
# and for that alone, the relay speaks as role link-button, and the user name is added here and never leaves the house.
service hue
  allow PUT /api/0/config for role link-button replace path=/api/$hue_user/config
  deny PUT,DELETE /api/*/config/**
  allow * /api/**
  default deny

service scope
  default allow
`;
