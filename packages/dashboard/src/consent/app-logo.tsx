import type { AppFace } from '@porchlight/protocol/api';
import { Lantern } from '../ui/index.ts';

/** An app's picture: its own, the lantern for a part of Porchlight, or its first letter. */
export function AppLogo({ app, size = 40 }: { app: AppFace; size?: 40 | 56 }) {
  const box = size === 56 ? 'size-14 text-2xl' : 'size-10 text-lg';
  if (app.logo !== undefined) {
    return <img src={app.logo} alt="" className={`${box} shrink-0 rounded-xl bg-raised object-contain`} />;
  }
  return (
    <span
      aria-hidden
      className={`${box} inline-flex shrink-0 items-center justify-center rounded-xl bg-raised font-semibold text-muted`}
    >
      {app.owner === undefined ? (
        <Lantern lit size={size === 56 ? 36 : 26} />
      ) : (
        [...app.name][0]?.toUpperCase()
      )}
    </span>
  );
}
