import type { Device, NewForward } from '@porchlight/protocol/api';
import { type FormEvent, useState } from 'react';
import { Actions, Button, Choice, ErrorNote, Field, formText, Skeleton } from '../ui/index.ts';
import { bindLabel, lengthsFor, parseBlocks } from './forward-words.ts';
import { useForwardOptions, useOpenForward } from './use-forwards.ts';

const OTHER = '*';

/** Asks for a forward to a service or port of the device. */
export function ForwardForm({ device, onDone }: { device: Device; onDone: () => void }) {
  const services = device.services.filter(({ kind, offered }) => kind === 'tcp' && offered);
  const [target, setTarget] = useState(services[0]?.name ?? OTHER);
  const opening = useOpenForward(device.id, onDone);
  const options = useForwardOptions();

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [relayPort, bind, allow] = ['relayPort', 'bind', 'allow'].map((name) => formText(form, name));
    const body: NewForward = {
      ...(target === OTHER ? { port: Number(form.get('port')) } : { service: target }),
      minutes: Number(form.get('minutes')),
      ...(relayPort ? { relayPort: Number(relayPort) } : {}),
      ...(bind && bind !== options.data?.binds[0] ? { bind } : {}),
      ...(allow ? { allow: parseBlocks(allow) } : {}),
    };
    opening.mutate(body);
  }

  if (options.data === undefined) {
    return options.error === null ? (
      <Skeleton className="h-56" />
    ) : (
      <ErrorNote error={options.error} onRetry={options.refetch} />
    );
  }
  const { binds, ports } = options.data;
  return (
    <form className="grid gap-4" onSubmit={submit}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Choice label="Lead to" value={target} onChange={(event) => setTarget(event.target.value)}>
          {services.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
          <option value={OTHER}>{services.length === 0 ? 'a port' : 'another port'} of the device</option>
        </Choice>
        <Choice label="For" name="minutes" defaultValue={60}>
          {lengthsFor(options.data).map(({ minutes, label }) => (
            <option key={minutes} value={minutes}>
              {label}
            </option>
          ))}
        </Choice>
        {target === OTHER && (
          <Field
            label="Port on the device"
            name="port"
            type="number"
            min={1}
            max={65_535}
            defaultValue={22}
            required
            hint="22 is its shell, 80 its web page."
          />
        )}
      </div>
      <Field
        label="Who may connect"
        name="allow"
        placeholder="everybody"
        maxLength={1500}
        hint="Addresses or blocks such as 203.0.113.0/24, with commas between. Empty: everybody who reaches the port."
      />
      <div className="grid gap-4 sm:grid-cols-[2fr_3fr]">
        <Field
          label="Port on the relay"
          name="relayPort"
          type="number"
          min={ports?.from ?? 1024}
          max={ports?.to ?? 65_535}
          placeholder="any free one"
          {...(ports === undefined ? {} : { hint: `${ports.from} to ${ports.to}.` })}
        />
        <Choice label="Listen on" name="bind" defaultValue={binds[0]}>
          {binds.map((bind) => (
            <option key={bind} value={bind}>
              {bindLabel(bind)}
            </option>
          ))}
        </Choice>
      </div>
      <ErrorNote error={opening.error} />
      <Actions>
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={opening.isPending}>
          Open the port
        </Button>
      </Actions>
    </form>
  );
}
