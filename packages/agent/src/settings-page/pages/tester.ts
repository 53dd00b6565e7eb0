import { ConfigError } from '../../config/index.ts';
import { inspectPolicy } from '../../policy/index.ts';
import { type Html, html } from '../html.ts';
import { formField, type Note } from '../layout.ts';
import type { PageContext } from './page.ts';

/** "What would happen to this request?" */
export function testerSection(
  formToken: string,
  services: readonly string[],
  form: URLSearchParams | undefined,
): Html {
  const value = (name: string, otherwise = ''): string => form?.get(name) ?? otherwise;
  const options = services.map(
    (name) => html`<option${name === value('service') ? html` selected` : undefined}>${name}</option>`,
  );
  if (services.length === 0) return html``;
  return html`<section><h2>What would happen to this request?</h2>
    <form method="post" action="/try" class="row">${formField(formToken)}
      <label>Service <select name="service">${options}</select></label>
      <label>Method <input name="method" value="${value('method', 'GET')}" size="6"></label>
      <label>Path <input name="path" value="${value('path', '/')}" required></label>
      <label>Person <input name="person" value="${value('person')}" placeholder="nobody"></label>
      <label>Role <input name="role" value="${value('role')}" placeholder="none"></label>
      <button>Try</button>
    </form></section>`;
}

/** Judges a request by the policy as it is on the disk; nothing is sent anywhere, and no secret is shown. */
export async function tryRequest({ dataFolder }: PageContext, form: URLSearchParams): Promise<Note> {
  const target = form.get('path')?.trim() ?? '';
  const service = form.get('service') ?? '';
  if (!target.startsWith('/')) throw new ConfigError('a path begins with a slash');
  const { policy, problems, lines } = await inspectPolicy({ dataFolder, exposed: [service] });
  if (policy === undefined) {
    throw new ConfigError(
      `the rules have a mistake in line ${problems[0]?.line ?? 1}: nothing is let through`,
    );
  }
  const method = (form.get('method') ?? 'GET').trim().toUpperCase();
  const person = form.get('person')?.trim() || undefined;
  const role = form.get('role')?.trim() || undefined;
  const decision = policy.decide({ service, method, target, person, role });
  const line = decision.rule === undefined ? undefined : lines[decision.rule - 1]?.trim();
  const by = line === undefined ? 'no rule is about it' : `line ${decision.rule}: ${line}`;
  if (decision.kind === 'deny') return { kind: 'wrong', text: `Denied (${decision.reason}), by ${by}` };
  const becomes = decision.target === target ? '' : ` It becomes ${decision.target}.`;
  return { kind: 'done', text: `Allowed, by ${by}.${becomes}` };
}
