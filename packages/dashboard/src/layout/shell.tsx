import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { ApiError, api, keys } from '../api/index.ts';
import { JoinRequestNotices } from '../join-requests/index.ts';
import { LinkButtonNotices } from '../link-buttons/index.ts';
import { LiveProvider } from '../live/index.ts';
import { ErrorNote } from '../ui/index.ts';
import { LanRequestNotices } from '../wifi-devices/index.ts';
import { Logo } from './doorstep.tsx';
import { MenuSheet } from './menu-sheet.tsx';
import { Nav } from './nav.tsx';
import { Person } from './person.tsx';
import { StreamPill } from './stream-pill.tsx';

/** The frame of all pages inside. Nothing of them is shown before it is known that somebody is signed in. */
export function Shell({ children }: { children: ReactNode }) {
  const main = useRef<HTMLElement>(null);
  const [path] = useLocation();
  const shown = useRef(path);
  const me = useQuery({ queryKey: keys.me, queryFn: ({ signal }) => api.me(signal), staleTime: 5 * 60_000 });

  // A new page starts at its top, for the eye and for the keyboard.
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [path]);

  const signedOut = me.error instanceof ApiError && me.error.code === 'not_signed_in';
  if (signedOut) return null;
  return (
    <div className="mx-auto min-h-dvh max-w-6xl lg:grid lg:grid-cols-[15rem_1fr]">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-surface focus:p-3"
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-20 flex min-h-14 items-center justify-between border-b border-line bg-ground px-4 lg:hidden">
        <Link href="/" aria-label="Porchlight, to the devices" className="rounded-lg">
          <Logo />
        </Link>
        <MenuSheet />
      </header>
      <aside className="sticky top-0 hidden h-dvh grid-rows-[auto_1fr_auto] gap-6 overflow-y-auto py-5 pr-2 pl-4 lg:grid">
        <Link href="/" aria-label="Porchlight, to the devices" className="rounded-lg px-3 py-1">
          <Logo />
        </Link>
        <Nav />
        <Person />
      </aside>
      <main
        ref={main}
        id="content"
        tabIndex={-1}
        className="grid min-w-0 content-start gap-5 px-4 pt-5 pb-24 lg:px-8 lg:pt-7"
      >
        {me.isError ? (
          <ErrorNote error={me.error} onRetry={me.refetch} />
        ) : (
          <LiveProvider>
            {children}
            <JoinRequestNotices />
            <LinkButtonNotices />
            <LanRequestNotices />
            <StreamPill />
          </LiveProvider>
        )}
      </main>
    </div>
  );
}
