import type { PathCheck, PathFinding } from '@porchlight/protocol/api';
import { CircleAlert, CircleCheck } from 'lucide-react';
import { Pill } from '../ui/index.ts';

const SEVERITIES: Readonly<
  Record<PathFinding['severity'], { word: string; tone: 'bad' | 'lamp' | 'plain' }>
> = {
  breaks: { word: 'breaks', tone: 'bad' },
  'may-break': { word: 'may break', tone: 'lamp' },
  note: { word: 'note', tone: 'plain' },
};

/** What a check found, the worst first, and what the program needs when it is a known one. */
export function PathCheckResult({ check }: { check: PathCheck }) {
  const { findings, preset } = check;
  const breaks = findings.filter(({ severity }) => severity === 'breaks').length;
  const Icon = check.ok ? CircleCheck : CircleAlert;
  return (
    <div role="status" className="grid gap-4">
      <p className="flex items-start gap-2 font-semibold">
        <Icon size={20} className={`mt-0.5 shrink-0 ${check.ok ? 'text-good' : 'text-bad'}`} aria-hidden />
        {check.ok
          ? 'Nothing was found that breaks'
          : `${breaks} ${breaks === 1 ? 'thing breaks' : 'things break'} under ${check.prefix}/`}
      </p>
      {preset !== undefined && (
        <div className="grid gap-2 rounded-lg bg-glow p-3 text-sm">
          <p className="font-semibold">
            This looks like {preset.name}. It needs{' '}
            {preset.strip ? 'the prefix removed' : 'the path unchanged'}:
          </p>
          <ol className="grid list-decimal gap-1 pl-5">
            {preset.steps.map((step) => (
              <li key={step} className="break-words">
                {step}
              </li>
            ))}
          </ol>
        </div>
      )}
      {findings.length > 0 && (
        <ul aria-label="Findings" className="grid gap-3 text-sm">
          {findings.map((finding) => (
            <li key={`${finding.kind} ${finding.evidence} ${finding.where}`} className="grid gap-1">
              <p className="flex flex-wrap items-center gap-2">
                <Pill tone={SEVERITIES[finding.severity].tone}>{SEVERITIES[finding.severity].word}</Pill>
                <code className="min-w-0 font-mono wrap-anywhere">{finding.evidence}</code>
                {finding.count > 1 && <span className="text-muted">{finding.count} times</span>}
              </p>
              <p className="text-muted">
                {finding.advice} Seen in <span className="wrap-anywhere">{finding.where}</span>.
              </p>
            </li>
          ))}
        </ul>
      )}
      <p className="text-sm text-muted">
        Looked at {check.fetched.length} {check.fetched.length === 1 ? 'address' : 'addresses'}. Addresses
        that a program puts together while it runs are not seen: open the page to be sure.
      </p>
    </div>
  );
}
