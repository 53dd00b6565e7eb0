import { Link } from 'wouter';
import { useTitle } from '../page/index.ts';
import { buttonClass, Empty } from '../ui/index.ts';

export function NotFoundPage() {
  useTitle('No such page');
  return (
    <Empty title="There is no such page">
      <p>The address may be old or mistyped.</p>
      <Link href="/" className={buttonClass()}>
        To the devices
      </Link>
    </Empty>
  );
}
