import { PorchlightError } from '@porchlight/protocol';
import type { AppFace, ConsentRequest } from '@porchlight/protocol/api';
import type { Provider } from 'oidc-provider';
import type { Person } from '../access/index.ts';
import type { Accounts } from '../accounts/index.ts';
import type { DeviceStore, HueBridge } from '../devices/index.ts';
import { type AppAnswer, grantOf } from './app-answer.ts';
import type { AppGrantRecord } from './app-grant-store.ts';
import type { AppGrants } from './app-grants.ts';
import { type AppWish, hueWish, resolveWish } from './app-wish.ts';
import type { App, Apps } from './apps.ts';

/** A person's answer; undefined: no. */
export type ConsentAnswered = AppAnswer | undefined;

/** Where a request of an app came from, for the audit. */
export interface Asked {
  readonly address: string;
}

export interface ConsentParts {
  readonly provider: () => Promise<Provider>;
  readonly apps: Pick<Apps, 'find'>;
  readonly grants: AppGrants;
  readonly devices: Pick<DeviceStore, 'byId' | 'byName'>;
  readonly accounts: Pick<Accounts, 'byId'>;
  /** Of one account. */
  readonly hueBridges: (accountId: string) => Promise<HueBridge[]>;
}

/** Asks people what apps may do, for sign-ins in a browser and for codes that programs show. */
export class Consents {
  readonly #parts: ConsentParts;

  constructor(parts: ConsentParts) {
    this.#parts = parts;
  }

  /** What an app asks this person for in a browser. @throws PorchlightError `not_found` */
  async request(person: Person, uid: string): Promise<ConsentRequest> {
    const { app, wish, params } = await this.#inBrowser(person, uid);
    const callback = URL.parse(textOf(params['redirect_uri']));
    const web = callback?.protocol === 'https:' || callback?.protocol === 'http:';
    const returnsTo = web ? callback.origin : callback?.protocol.slice(0, -1);
    return { ...(await this.#view(app, wish)), ...(returnsTo === undefined ? {} : { returnsTo }) };
  }

  /** Gives where the browser goes on, which tells the app. @throws PorchlightError `not_found`, `bad_request`, `conflict` */
  async answer(
    person: Person,
    uid: string,
    answer: ConsentAnswered,
    from: Asked,
  ): Promise<{ location: string }> {
    const { interaction, ...asked } = await this.#inBrowser(person, uid);
    const grant = await this.#grant(person, asked, answer, from);
    if (grant === undefined) {
      interaction.result = { error: 'access_denied', error_description: 'the person said no' };
    } else {
      interaction.result = { ...interaction.lastSubmission, consent: { grantId: grant.id } };
    }
    await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
    return { location: interaction.returnTo };
  }

  /** What the program asks for that shows this code. @throws PorchlightError `not_found` */
  async codeRequest(person: Person, userCode: string): Promise<ConsentRequest> {
    const { code, app, wish } = await this.#byCode(person, userCode);
    const ip: unknown = (code['deviceInfo'] as { ip?: unknown } | undefined)?.ip;
    return { ...(await this.#view(app, wish)), ...(typeof ip === 'string' ? { askedFrom: ip } : {}) };
  }

  /** @throws PorchlightError `not_found`, `bad_request`, `conflict` */
  async answerCode(person: Person, userCode: string, answer: ConsentAnswered, from: Asked): Promise<void> {
    const { code, ...asked } = await this.#byCode(person, userCode);
    const grant = await this.#grant(person, asked, answer, from);
    if (grant === undefined)
      Object.assign(code, { error: 'access_denied', errorDescription: 'the person said no' });
    else {
      const { accountId, id: grantId, scope } = grant;
      const authTime = Math.floor(grant.createdAt / 1000);
      Object.assign(code, { accountId, grantId, scope, authTime, sessionUid: accountId });
    }
    await code.save();
  }

  async #grant(
    person: Person,
    { app, wish, asked }: { app: App; wish: AppWish; asked: string },
    answer: ConsentAnswered,
    { address }: Asked,
  ): Promise<AppGrantRecord | undefined> {
    const { devices, grants } = this.#parts;
    if (answer === undefined) {
      await grants.denied(person, app.id, address);
      return undefined;
    }
    const grant = await grantOf(devices, person.accountId, wish, answer);
    return grants.allow(person, app.id, grant, { asked, address });
  }

  async #inBrowser(person: Person, uid: string) {
    const { Interaction } = await this.#parts.provider();
    const interaction = await Interaction.find(uid);
    const begunBy = interaction?.session?.accountId;
    if (interaction?.prompt.name !== 'consent' || (begunBy !== undefined && begunBy !== person.accountId)) {
      throw new PorchlightError('not_found', 'No app waits for this answer: start again there');
    }
    const { params } = interaction;
    return { interaction, params, ...(await this.#wish(person, params)) };
  }

  async #byCode(person: Person, userCode: string) {
    const { DeviceCode } = await this.#parts.provider();
    const code = await DeviceCode.findByUserCode(userCode.replace(/[^A-Za-z]/g, '').toUpperCase());
    const answered = code !== undefined && (code.accountId !== undefined || code.error !== undefined);
    if (code === undefined || answered) {
      throw new PorchlightError('not_found', 'No program shows this code, or its time is over');
    }
    return { code, ...(await this.#wish(person, code.params ?? {})) };
  }

  async #wish(person: Person, params: Readonly<Record<string, unknown>>) {
    const app = await this.#parts.apps.find(textOf(params['client_id']));
    if (app === undefined) throw new PorchlightError('not_found', 'The app that asked is gone');
    const asked = textOf(params['asked']);
    const wish =
      params['hue'] === 'yes'
        ? hueWish(await this.#parts.hueBridges(person.accountId))
        : await resolveWish(this.#parts.devices, person.accountId, asked);
    return { app, wish, asked };
  }

  async #view(app: App, wish: AppWish): Promise<ConsentRequest> {
    return {
      app: await this.face(app),
      scopes: [...wish.scopes],
      ...(wish.devices && {
        devices: wish.devices.map(({ id, name, services }) => ({
          ...{ id, name },
          ...(services && { services: [...services] }),
        })),
      }),
      unknown: [...wish.unknown],
      signIn: wish.signIn,
      lasting: wish.lasting,
      hue: wish.hue,
    };
  }

  /** How people are shown an app that they may not know. */
  async face({ id, name, logo, ownerId }: App): Promise<AppFace> {
    const owner = ownerId === undefined ? undefined : (await this.#parts.accounts.byId(ownerId))?.name;
    return { id, name, ...(logo === undefined ? {} : { logo }), ...(owner === undefined ? {} : { owner }) };
  }
}

function textOf(param: unknown): string {
  return typeof param === 'string' ? param : '';
}
