import {
  BellRing,
  Blocks,
  Cable,
  History,
  KeyRound,
  type LucideIcon,
  Plus,
  Router,
  Settings,
  Users,
} from 'lucide-react';
import { Link, useLocation } from 'wouter';
import { usePendingRequests } from '../join-requests/index.ts';
import { useMe } from '../session/index.ts';
import { useWaitingLanRequests } from '../wifi-devices/index.ts';

interface Place {
  readonly href: string;
  readonly label: string;
  readonly Icon: LucideIcon;
}

const PLACES: readonly Place[] = [
  { href: '/', label: 'Devices', Icon: Router },
  { href: '/add', label: 'Add a device', Icon: Plus },
  { href: '/forwards', label: 'Forwards', Icon: Cable },
  { href: '/requests', label: 'Join requests', Icon: BellRing },
  { href: '/tokens', label: 'Enrolment tokens', Icon: KeyRound },
  { href: '/apps', label: 'Apps', Icon: Blocks },
  { href: '/audit', label: 'Audit', Icon: History },
  { href: '/settings', label: 'Settings', Icon: Settings },
];
const ADMIN_PLACE: Place = { href: '/accounts', label: 'Accounts', Icon: Users };

function isHere(href: string, path: string): boolean {
  return href === '/' ? path === '/' || path.startsWith('/devices/') : path === href;
}

/** The list of pages, in the side bar and in the phone's menu. */
export function Nav({ onGo }: { onGo?: () => void }) {
  const [path] = useLocation();
  const me = useMe();
  const waiting = usePendingRequests().length + useWaitingLanRequests().length;
  // Last, so that nothing moves once it is known who is signed in.
  const places = me?.account.role === 'admin' ? [...PLACES, ADMIN_PLACE] : PLACES;
  return (
    <nav aria-label="Pages">
      <ul className="grid gap-1">
        {places.map(({ href, label, Icon }) => (
          <li key={href}>
            <Link
              href={href}
              {...(onGo ? { onClick: onGo } : {})}
              aria-current={isHere(href, path) ? 'page' : undefined}
              className="flex min-h-11 items-center gap-3 rounded-lg px-3 text-muted hover:bg-raised hover:text-ink aria-[current=page]:bg-glow aria-[current=page]:font-medium aria-[current=page]:text-ink"
            >
              <Icon size={19} aria-hidden />
              <span className="flex-1">{label}</span>
              {href === '/requests' && waiting > 0 && (
                <span className="rounded-full bg-lamp px-2 text-xs leading-5 font-semibold text-on-lamp">
                  {waiting}
                  <span className="sr-only"> waiting</span>
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
