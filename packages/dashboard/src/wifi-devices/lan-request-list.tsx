import { LanRequestCard } from './lan-request-card.tsx';
import { useWaitingLanRequests } from './use-lan.ts';

/** WiFi devices that ask any of the base stations, or nothing. */
export function LanRequestList() {
  const waiting = useWaitingLanRequests();
  if (waiting.length === 0) return null;
  return (
    <section aria-label="WiFi devices" className="grid gap-4">
      {waiting.map((request) => (
        <LanRequestCard
          key={`${request.deviceId} ${request.id} ${request.code ?? ''}`}
          request={request}
          atHome={false}
        />
      ))}
    </section>
  );
}
