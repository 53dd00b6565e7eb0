import type { LanRequest } from '@porchlight/protocol/api';
import { type FormEvent, useState } from 'react';
import { Link } from 'wouter';
import { Ago } from '../format/index.ts';
import { Actions, Button, ErrorNote, Field, Note, Pill, showToast } from '../ui/index.ts';
import { useLanAnswer } from './use-lan.ts';

/** One WiFi device that asks a base station: its code to compare, what is known of it, and Allow or Deny. */
export function LanRequestCard({ request, atHome }: { request: LanRequest; atHome: boolean }) {
  const { name, code, way, address, mac, deviceId, deviceName } = request;
  const [wish, setWish] = useState(name);
  const answering = useLanAnswer((_, answer) =>
    showToast({
      tone: 'good',
      title: answer === 'allow' ? `${wish || name} is let in` : `${name} was turned away`,
      ...(answer === 'allow' ? { body: 'It fetches what it needs by itself now.' } : {}),
    }),
  );
  const doing = answering.isPending ? answering.variables.answer : undefined;

  function allow(event: FormEvent) {
    event.preventDefault();
    answering.mutate({ request, answer: 'allow', name: wish.trim() });
  }

  return (
    <article
      aria-label={`${name} asks ${deviceName} to be let in`}
      data-testid="lan-request"
      className="grid animate-arrive gap-4 rounded-2xl border border-lamp bg-surface p-4 shadow-sm sm:p-5"
    >
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="min-w-0 font-semibold break-words">{name} asks to be let in</h3>
        <Pill>WiFi</Pill>
      </div>
      {code === undefined ? (
        <Note>
          <p>
            It shows no code, and its password travels unencrypted on the WiFi once. Allow it only if you have
            just switched it on yourself; firmware with Porchlight&apos;s own way does better.
          </p>
        </Note>
      ) : (
        <div className="grid justify-items-center gap-1 rounded-xl bg-glow p-4 text-center">
          <p className="text-sm text-muted">Allow it only if the device shows the same code</p>
          <p data-testid="lan-code" className="font-mono text-3xl font-semibold tracking-wide">
            {code}
          </p>
        </div>
      )}
      <dl className="grid gap-x-6 gap-y-1 text-sm sm:grid-cols-[auto_1fr] [&_dt]:text-muted">
        {!atHome && (
          <>
            <dt>Base station</dt>
            <dd>
              <Link href={`/devices/${deviceId}`} className="text-accent underline underline-offset-2">
                {deviceName}
              </Link>
            </dd>
          </>
        )}
        <dt>On its network</dt>
        <dd className="font-mono break-all">
          {address}
          {mac !== undefined && ` · ${mac}`}
        </dd>
        <dt>Asks</dt>
        <dd>{way === 'emonesp' ? 'as EmonESP firmware does' : "by Porchlight's own way"}</dd>
        <dt>First asked</dt>
        <dd>
          <Ago at={request.firstAskedAt} />
        </dd>
      </dl>
      {request.answerable ? (
        <form className="grid gap-4" onSubmit={allow}>
          <Field
            label="Name"
            value={wish}
            onChange={(event) => setWish(event.target.value)}
            required
            maxLength={64}
            hint="How the base station calls it."
          />
          <ErrorNote error={answering.error} />
          <Actions>
            <Button
              busy={doing === 'deny'}
              disabled={doing === 'allow'}
              onClick={() => answering.mutate({ request, answer: 'deny' })}
            >
              Deny
            </Button>
            <Button type="submit" look="primary" busy={doing === 'allow'} disabled={doing === 'deny'}>
              Allow
            </Button>
          </Actions>
        </form>
      ) : (
        <p className="text-sm text-muted">
          This base station lets nobody in from afar: answer on its own settings page.
        </p>
      )}
    </article>
  );
}
