import { Tabs } from 'radix-ui';
import { useTitle } from '../page/index.ts';
import { useMe } from '../session/index.ts';
import { PageHead, SkeletonRows } from '../ui/index.ts';
import { ByHand } from './by-hand.tsx';
import { ByKey } from './by-key.tsx';
import { ByMqtt } from './by-mqtt.tsx';
import { BySsh } from './by-ssh.tsx';
import { ByToken } from './by-token.tsx';

const TAB =
  'min-h-11 border-b-2 border-transparent px-1 text-muted data-[state=active]:border-lamp data-[state=active]:font-medium data-[state=active]:text-ink';

/** How a device comes in: the exact commands, then the door-bell; or a token for many; or the key that one has. */
export function AddDevicePage() {
  useTitle('Add a device');
  const me = useMe();
  return (
    <>
      <PageHead
        title="Add a device"
        lead="The device dials out to this relay. Nothing has to be opened on your router."
      />
      {me === undefined ? (
        <SkeletonRows count={3} className="h-40 rounded-2xl" />
      ) : (
        <Tabs.Root defaultValue="hand" className="grid gap-5">
          <Tabs.List aria-label="Ways to add" className="flex flex-wrap gap-x-6 border-b border-line">
            <Tabs.Trigger value="hand" className={TAB}>
              One device
            </Tabs.Trigger>
            <Tabs.Trigger value="token" className={TAB}>
              Many, unattended
            </Tabs.Trigger>
            <Tabs.Trigger value="ssh" className={TAB}>
              A router or robot with only ssh
            </Tabs.Trigger>
            <Tabs.Trigger value="key" className={TAB}>
              I have its public key
            </Tabs.Trigger>
            <Tabs.Trigger value="mqtt" className={TAB}>
              It speaks only MQTT
            </Tabs.Trigger>
          </Tabs.List>
          <Tabs.Content value="hand" className="grid gap-5">
            <ByHand me={me} />
          </Tabs.Content>
          <Tabs.Content value="token" className="grid gap-5">
            <ByToken me={me} />
          </Tabs.Content>
          <Tabs.Content value="ssh" className="grid gap-5">
            <BySsh me={me} />
          </Tabs.Content>
          <Tabs.Content value="key" className="grid gap-5">
            <ByKey me={me} />
          </Tabs.Content>
          <Tabs.Content value="mqtt" className="grid gap-5">
            <ByMqtt />
          </Tabs.Content>
        </Tabs.Root>
      )}
    </>
  );
}
