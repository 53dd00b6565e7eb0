import type { Device } from '@porchlight/protocol/api';
import { ExternalLink } from 'lucide-react';
import { Link } from 'wouter';
import { formatMillis, plural } from '../format/index.ts';
import { buttonClass, Lantern, Pill } from '../ui/index.ts';
import { CallHomeLine } from './call-home-line.tsx';
import { StatusLine } from './status-line.tsx';

/** One device in the list, with the way straight to its first web page. */
export function DeviceCard({ device }: { device: Device }) {
  const { link } = device;
  const web = device.services.find((service) => service.url !== undefined && service.offered);
  return (
    <li
      data-testid="device"
      className="relative flex min-h-[9.75rem] flex-wrap content-center items-center gap-x-4 gap-y-3 rounded-2xl border border-line bg-surface p-4 hover:border-edge sm:min-h-[6.75rem]"
    >
      <span className={`rounded-xl p-2 ${link.up ? 'bg-glow' : 'bg-raised'}`}>
        <Lantern lit={link.up && !link.paused} />
      </span>
      <div className="grid min-w-0 flex-1 gap-1">
        <h2 className="truncate font-semibold">
          {/* The whole card leads to the device; the buttons in it lie above. */}
          <Link href={`/devices/${device.id}`} className="after:absolute after:inset-0 after:rounded-2xl">
            {device.name}
          </Link>
        </h2>
        <StatusLine link={link} />
        <CallHomeLine link={link} />
        <div className="flex flex-wrap items-center gap-1 text-sm text-muted empty:hidden">
          {device.blocked && <Pill tone="bad">blocked</Pill>}
          {device.tags.map((tag) => (
            <Pill key={tag}>{tag}</Pill>
          ))}
        </div>
      </div>
      <div className="flex w-full items-center justify-between gap-4 text-sm text-muted sm:w-auto">
        <span className="tabular-nums">
          {plural(device.services.length, 'service')}
          {link.up && link.rtt !== undefined && ` · ${formatMillis(link.rtt)}`}
        </span>
        {web?.url !== undefined && link.up && (
          <a
            href={web.url}
            target="_blank"
            rel="noopener"
            aria-label={`Open ${web.name} of ${device.name}`}
            className={`relative z-10 ${buttonClass('plain', true)}`}
          >
            Open {web.name}
            <ExternalLink size={15} aria-hidden />
          </a>
        )}
      </div>
    </li>
  );
}
