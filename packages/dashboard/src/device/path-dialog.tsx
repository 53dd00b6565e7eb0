import { toPathPrefix } from '@porchlight/protocol';
import type { Device, Me, Service } from '@porchlight/protocol/api';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, keys } from '../api/index.ts';
import { Actions, Button, Choice, Dialog, ErrorNote, Field, Note } from '../ui/index.ts';
import { PathCheckResult } from './path-check-result.tsx';

interface PathDialogProps {
  readonly device: Device;
  readonly service: Service;
  readonly where: NonNullable<Me['relay']['paths']>;
  readonly onClose: () => void;
}

const MODES = {
  unchanged: 'Path unchanged: the program knows its prefix',
  removed: 'Prefix removed: the program believes to be at /',
} as const;

/** Publishes a service under a path, after a check if one likes. */
export function PathDialog({ device, service, where, onClose }: PathDialogProps) {
  const cache = useQueryClient();
  const [text, setText] = useState(`/${device.name}`);
  const [mode, setMode] = useState<keyof typeof MODES>('unchanged');
  const prefix = toPathPrefix(text);
  const wish = { prefix: prefix ?? text, strip: mode === 'removed' };
  const checking = useMutation({ mutationFn: () => api.checkWish(device.id, service.name, wish) });
  const adding = useMutation({
    mutationFn: () => api.addPath(device.id, { service: service.name, ...wish }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: keys.device(device.id) });
      onClose();
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    adding.mutate();
  }
  function edit(act: () => void) {
    act();
    checking.reset();
    adding.reset();
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={`Publish ${service.name} under a path`}
      lead="It stays at its host name, where no program has to be changed. Use a path when you need that very address."
    >
      <form className="grid gap-4" onSubmit={submit}>
        <Field
          label="Path"
          value={text}
          onChange={(event) => edit(() => setText(event.target.value))}
          required
          maxLength={270}
          autoComplete="off"
          hint={
            prefix === undefined
              ? 'One to four parts of letters, digits and . _ ~ -, such as /zumi01'
              : `${where.origin}${prefix}/`
          }
        />
        <Choice
          label="What the device gets"
          value={mode}
          onChange={(event) =>
            edit(() => setMode(event.target.value === 'removed' ? 'removed' : 'unchanged'))
          }
          hint={
            mode === 'removed'
              ? 'Redirects and cookies are put below the path; links in pages are not changed.'
              : 'Its base URL has to be set to the path on the device.'
          }
        >
          {Object.entries(MODES).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Choice>
        <Note>
          <p>
            All paths share one origin: to a browser, a page of one can read and do what its visitor may at
            every other. Publish only devices here that you trust with each other.
          </p>
          {where.onConsole && (
            <p className="font-semibold text-bad">
              On this relay that includes the console itself: pages of the device can do whatever you can
              here.
            </p>
          )}
        </Note>
        <ErrorNote error={adding.error ?? checking.error} />
        {checking.data !== undefined && <PathCheckResult check={checking.data} />}
        <Actions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            busy={checking.isPending}
            disabled={prefix === undefined || !device.link.up}
            onClick={() => checking.mutate()}
          >
            Check first
          </Button>
          <Button type="submit" look="primary" busy={adding.isPending} disabled={prefix === undefined}>
            Publish
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
