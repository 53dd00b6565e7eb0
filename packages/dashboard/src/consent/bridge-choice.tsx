import type { ConsentRequest } from '@porchlight/protocol/api';
import { CheckRow } from './check-row.tsx';
import { type Chosen, withBridge } from './choice.ts';

/** Which Hue bridge an app uses: one of those that are switched on for it. */
export function BridgeChoice({
  asked,
  chosen,
  onChange,
}: {
  asked: ConsentRequest;
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
}) {
  const bridges = (asked.devices ?? []).flatMap(({ id, name, services = [] }) =>
    services.map((service) => ({ id, name, service })),
  );
  return (
    <div className="grid">
      {bridges.map(({ id, name, service }) => (
        <CheckRow
          key={`${id} ${service}`}
          kind="radio"
          name="bridge"
          checked={chosen.devices?.get(id)?.[0] === service}
          onChange={() => onChange(withBridge(chosen, id, service))}
          label={`${service} of ${name}`}
        />
      ))}
      <CheckRow
        checked={chosen.linkButton === true}
        onChange={(linkButton) => onChange({ ...chosen, linkButton })}
        label="It may press the bridge’s link button, to register there, without asking me each time"
      />
    </div>
  );
}
