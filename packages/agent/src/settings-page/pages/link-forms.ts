import { ConfigError } from '../../config/index.ts';
import type { Asked, JoinWish, MqttWish } from '../device-control.ts';
import { type Html, html } from '../html.ts';
import { formField } from '../layout.ts';

const PEM = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;
const CA_MAX = 16 * 1024;

/** Joins a relay, and links to it by SSH. */
export function joinForm(formToken: string, asked: Asked | undefined): Html {
  const { url, name, account } = asked?.way === 'join' ? asked : { url: '', name: '', account: '' };
  return html`<form method="post" action="/join">${formField(formToken)}
    <label>Address of the relay <input name="url" placeholder="https://relay.example.net" value="${url}" required></label>
    <label>Name of this device <input name="name" placeholder="its host name" value="${name}"></label>
    <fieldset><legend>How it is let in</legend>
      <p class="hint">Your account there, or an enrolment token. With neither, somebody presses Allow in the dashboard.</p>
      <label>Account <input name="account" autocomplete="username" value="${account}"></label>
      <label>Its password <input type="password" name="password" autocomplete="current-password"></label>
      <label>or enrolment token <input name="token" autocomplete="off" spellcheck="false"></label>
    </fieldset>
    ${authorityField({ open: asked !== undefined })}
    <button>Verify &amp; save</button>
  </form>`;
}

/** @throws ConfigError */
export function joinWish(form: URLSearchParams): JoinWish {
  const url = text(form, 'url');
  if (url === undefined) throw new ConfigError('the address of the relay is missing');
  const name = text(form, 'account');
  const password = form.get('password') || undefined;
  if ((name === undefined) !== (password === undefined)) {
    throw new ConfigError('an account needs its name and its password, both');
  }
  return {
    ...{ url, name: text(form, 'name'), token: text(form, 'token'), ca: authority(form) },
    account: name === undefined || password === undefined ? undefined : { name, password },
  };
}

/** Links by MQTT alone. `kept`: what is in use; its password is never shown. */
export function mqttForm(
  formToken: string,
  asked: Asked | undefined,
  kept: { readonly url: string; readonly user: string; readonly ca: boolean } | undefined,
): Html {
  const { url, user } = asked?.way === 'mqtt' ? asked : (kept ?? { url: '', user: '' });
  return html`<form method="post" action="/mqtt">${formField(formToken)}
    <label>Address for MQTT <input name="url" placeholder="mqtts://relay.example.net" value="${url}" required></label>
    <p class="hint">Or <code>wss://relay.example.net/mqtt</code>, which passes where only web pages do.</p>
    <label>User: the name of this device at the relay <input name="user" autocomplete="off" spellcheck="false" value="${user}" required></label>
    <label>Password <input type="password" name="password" autocomplete="off"${
      kept === undefined ? html` required` : html` placeholder="kept; fill in to change it"`
    }></label>
    ${authorityField({ open: asked !== undefined, kept: kept?.ca })}
    <button>Verify &amp; save</button>
  </form>`;
}

/** @throws ConfigError */
export function mqttWish(form: URLSearchParams): MqttWish {
  const url = text(form, 'url');
  const user = text(form, 'user');
  if (url === undefined || user === undefined) throw new ConfigError('address and user are needed');
  return { url, user, password: form.get('password') || undefined, ca: authority(form) };
}

function authorityField({ open, kept = false }: { open: boolean; kept?: boolean | undefined }): Html {
  return html`<details${open ? html` open` : undefined}><summary>The relay made its own certificate authority</summary>
    <label>Its certificate, from “Add a device”${kept ? ' (one is kept; paste another to change it)' : ''}
      <textarea name="ca" rows="4" spellcheck="false"></textarea></label>
  </details>`;
}

function authority(form: URLSearchParams): string | undefined {
  const ca = text(form, 'ca');
  if (ca !== undefined && (ca.length > CA_MAX || !PEM.test(ca))) {
    throw new ConfigError('the certificate is no PEM text: paste all of it, with its first and last line');
  }
  return ca;
}

function text(form: URLSearchParams, name: string): string | undefined {
  return form.get(name)?.trim() || undefined;
}
