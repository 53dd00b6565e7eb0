import type { Device } from '@porchlight/protocol/api';
import { EllipsisVertical } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api } from '../api/index.ts';
import { Confirm, showToast } from '../ui/index.ts';
import { RenameDialog, TagsDialog } from './edit-dialogs.tsx';
import { IntervalDialog } from './interval-dialog.tsx';
import { BlockDialog, KickDialog, UnblockDialog } from './link-dialogs.tsx';

type Choice = 'rename' | 'tags' | 'interval' | 'kick' | 'block' | 'unblock' | 'remove';

const ITEM =
  'flex min-h-11 cursor-pointer items-center rounded-md px-3 outline-none data-highlighted:bg-raised data-disabled:cursor-default data-disabled:text-muted data-disabled:opacity-60';

/** What can be done to the device as a whole. */
export function DeviceMenu({ device }: { device: Device }) {
  const [chosen, setChosen] = useState<Choice>();
  const [, go] = useLocation();
  const close = () => setChosen(undefined);

  async function remove() {
    await api.removeDevice(device.id);
    showToast({ tone: 'good', title: `${device.name} is removed` });
    go('/');
  }

  return (
    <>
      {/* Not modal: a modal menu adds a style element, which the page's policy forbids. */}
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger
          aria-label={`More for ${device.name}`}
          className="inline-flex size-11 items-center justify-center rounded-lg border border-line bg-surface hover:bg-raised"
        >
          <EllipsisVertical size={20} aria-hidden />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            align="end"
            sideOffset={6}
            className="z-30 min-w-44 animate-arrive rounded-xl border border-line bg-surface p-1 shadow-lg"
          >
            <DropdownMenu.Item className={ITEM} onSelect={() => setChosen('rename')}>
              Rename…
            </DropdownMenu.Item>
            <DropdownMenu.Item className={ITEM} onSelect={() => setChosen('tags')}>
              Edit tags…
            </DropdownMenu.Item>
            {device.link.callHome !== undefined && (
              <DropdownMenu.Item className={ITEM} onSelect={() => setChosen('interval')}>
                Expected interval…
              </DropdownMenu.Item>
            )}
            <DropdownMenu.Separator className="m-1 h-px bg-line" />
            <DropdownMenu.Item
              className={ITEM}
              disabled={device.link.transport === undefined || !device.link.up}
              onSelect={() => setChosen('kick')}
            >
              Kick: end its link…
            </DropdownMenu.Item>
            {device.blocked ? (
              <DropdownMenu.Item className={ITEM} onSelect={() => setChosen('unblock')}>
                Unblock…
              </DropdownMenu.Item>
            ) : (
              <DropdownMenu.Item className={ITEM} onSelect={() => setChosen('block')}>
                Block…
              </DropdownMenu.Item>
            )}
            <DropdownMenu.Item className={`${ITEM} text-bad`} onSelect={() => setChosen('remove')}>
              Remove…
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      {chosen === 'rename' && <RenameDialog device={device} onClose={close} />}
      {chosen === 'tags' && <TagsDialog device={device} onClose={close} />}
      {chosen === 'interval' && <IntervalDialog device={device} onClose={close} />}
      <KickDialog device={device} open={chosen === 'kick'} onClose={close} />
      <BlockDialog device={device} open={chosen === 'block'} onClose={close} />
      <UnblockDialog device={device} open={chosen === 'unblock'} onClose={close} />
      <Confirm
        open={chosen === 'remove'}
        onClose={close}
        title={`Remove ${device.name}?`}
        action="Remove the device"
        act={remove}
      >
        <p>Its link ends at once, its addresses stop working, and its history is deleted.</p>
        <p className="text-muted">
          Nothing on the device itself is changed; it can ask to join again. The name stays reserved for your
          account.
        </p>
      </Confirm>
    </>
  );
}
