import { PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../../clock.ts';
import type { AppGrants, Apps } from '../../oauth/index.ts';
import type { AdmittedVisit, AdmittedVisits } from '../../publish/index.ts';
import type { LinkButtons, PressWish } from './link-buttons.ts';
import { hueError } from './refusal.ts';

/** A bridge's button counts as pressed for so long. */
const PRESSED_MS = 30_000;
const PRESSES_MAX = 1_000;
/** What bridges say until their button is pressed. */
const NOT_PRESSED = 101;
/** As which the relay speaks to the device for this alone: a rule of its policy may be for it. */
const LINK_BUTTON_ROLE = 'link-button';
const ADDRESS = '/config/linkbutton';

/** The remote link button: pressed by the device's own agent, once its owner agreed. */
export class RemoteButton {
  readonly #visits: Pick<AdmittedVisits, 'ask'>;
  readonly #buttons: LinkButtons;
  readonly #grants: Pick<AppGrants, 'byId'>;
  readonly #apps: Pick<Apps, 'find'>;
  readonly #clock: Clock;
  /** Bridge → whom it was pressed for last, and until when that counts, monotonic. */
  readonly #pressed = new Map<string, { readonly tokenId: string; readonly until: number }>();

  constructor(parts: {
    visits: Pick<AdmittedVisits, 'ask'>;
    buttons: LinkButtons;
    grants: Pick<AppGrants, 'byId'>;
    apps: Pick<Apps, 'find'>;
    clock: Clock;
  }) {
    this.#visits = parts.visits;
    this.#buttons = parts.buttons;
    this.#grants = parts.grants;
    this.#apps = parts.apps;
    this.#clock = parts.clock;
  }

  /**
   * `PUT /bridge/0/config`: gives what to answer, as a bridge would.
   * @throws PorchlightError `forbidden` for a no, `device_timeout` for no answer, what the device says
   */
  async press(visit: AdmittedVisit, body: unknown, signal: AbortSignal): Promise<unknown> {
    if (!isPress(body)) return hueError(6, '/config', 'only {"linkbutton":true} is taken here');
    const wish = await this.#wishOf(visit);
    const agreed = (await this.#grants.byId(wish.tokenId))?.linkButton === true;
    if (agreed) this.#buttons.noteAgreed(wish);
    const answer = agreed ? 'allowed' : await this.#buttons.ask(wish, signal);
    if (answer === 'denied')
      throw new PorchlightError('forbidden', 'The owner does not want the link button pressed');
    if (answer === 'expired') {
      throw new PorchlightError(
        'device_timeout',
        'The owner did not answer in time: ask again when they look at the console',
      );
    }
    this.#keep(keyOf(visit), wish.tokenId);
    const done = await this.#pressAtHome(visit, signal);
    return done
      ? [{ success: { [ADDRESS]: true } }]
      : hueError(
          NOT_PRESSED,
          ADDRESS,
          'allowed, but the bridge takes no press from here: press its button by hand now',
        );
  }

  /** Whether another program is registering now: the button was not pressed for this one. */
  isForAnother(visit: AdmittedVisit): boolean {
    const last = this.#pressed.get(keyOf(visit));
    return last !== undefined && last.until > this.#clock.monotonic() && last.tokenId !== tokenIdOf(visit);
  }

  async #wishOf(visit: AdmittedVisit): Promise<PressWish> {
    const tokenId = tokenIdOf(visit);
    const appId = (await this.#grants.byId(tokenId))?.appId;
    const app = appId === undefined ? undefined : await this.#apps.find(appId);
    const { device, service, person, address } = visit;
    return {
      accountId: person.accountId,
      tokenId,
      app: app?.name ?? 'A program with an access token',
      device: { id: device.id, name: device.name },
      service: service.name,
      address,
    };
  }

  /** False when the device's policy or the bridge does not take it. */
  async #pressAtHome(visit: AdmittedVisit, signal: AbortSignal): Promise<boolean> {
    try {
      const press = { method: 'PUT', body: { linkbutton: true }, role: LINK_BUTTON_ROLE };
      const text = await this.#visits.ask({ ...visit, target: '/api/0/config' }, press, signal);
      return /^\s*\[\s*\{\s*"success"/.test(text);
    } catch (error) {
      if (error instanceof PorchlightError && error.code === 'denied_by_device') return false;
      throw error;
    }
  }

  #keep(key: string, tokenId: string): void {
    if (this.#pressed.size >= PRESSES_MAX) this.#pressed.clear();
    this.#pressed.set(key, { tokenId, until: this.#clock.monotonic() + PRESSED_MS });
  }
}

function isPress(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const [[name, value] = [], another] = Object.entries(body);
  return another === undefined && name === 'linkbutton' && value === true;
}

function keyOf({ device, service }: AdmittedVisit): string {
  return `${device.id} ${service.name}`;
}

function tokenIdOf({ person }: AdmittedVisit): string {
  return person.kind === 'access-token' ? person.tokenId : '';
}
