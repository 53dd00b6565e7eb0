import type { ReactNode } from 'react';
import { useTitle } from '../page/index.ts';
import { Lantern } from '../ui/index.ts';

/** The lantern and the name. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <span className="inline-flex items-center gap-2 text-lg font-semibold tracking-tight">
      <Lantern lit size={size} />
      Porchlight
    </span>
  );
}

/** The frame of the pages outside: set-up and sign-in. */
export function Doorstep({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
}) {
  useTitle(title);
  return (
    <main className="mx-auto grid min-h-dvh w-full max-w-md content-start gap-6 px-4 py-[max(2rem,12dvh)]">
      <div className="justify-self-center">
        <Logo size={44} />
      </div>
      <div className="grid gap-5 rounded-2xl border border-line bg-surface p-5 shadow-sm sm:p-7">
        <div className="grid gap-1">
          <h1 className="text-xl font-semibold">{title}</h1>
          {lead !== undefined && <p className="text-muted">{lead}</p>}
        </div>
        {children}
      </div>
    </main>
  );
}
