import { EXIT } from './exit-code.ts';
import { harmless, print, printJson, styled, withProgress } from './terminal/index.ts';

/** One thing that a doctor looked at. */
export interface Finding {
  readonly result: 'ok' | 'warning' | 'failed';
  readonly what: string;
  readonly detail: string;
  /** How to mend it. */
  readonly hint?: string | undefined;
}

const SIGNS: Readonly<Record<Finding['result'], string>> = {
  ok: styled.good('ok  '),
  warning: styled.warning('warn'),
  failed: styled.bad('FAIL'),
};

/** Shows findings as they come, one line each with the mend; the exit code is 1 when something failed. */
export async function showFindings(
  findings: AsyncGenerator<Finding>,
  { json, quiet }: { readonly json?: boolean; readonly quiet?: boolean },
): Promise<void> {
  const all: Finding[] = [];
  for (;;) {
    const { done, value } = await withProgress('looking further', findings.next());
    if (done === true) break;
    all.push(value);
    if (json !== true && (quiet !== true || value.result !== 'ok')) show(value);
  }
  if (json === true) printJson(all);
  process.exitCode = all.some(({ result }) => result === 'failed') ? EXIT.failed : EXIT.done;
}

function show({ result, what, detail, hint }: Finding): void {
  print(`${SIGNS[result]}  ${harmless(what)}: ${harmless(detail)}`);
  if (hint !== undefined) print(`      hint: ${harmless(hint)}`);
}
