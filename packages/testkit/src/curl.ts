import { type Finished, runProgram } from './processes.ts';

/** What a real curl was told. */
export interface CurlAnswer {
  /** 0 when there was no answer. */
  readonly status: number;
  /** `1.1` or `2`. */
  readonly version: string;
  /** Lower-case names; each field with all its values. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly downloaded: number;
  readonly uploaded: number;
  /** curl(1), EXIT CODES: 0 good, 18 partial, 28 timed out, … */
  readonly exit: number | null;
  readonly error: string;
}

const MARK = '@@curl@@';
const WRITE_OUT = `%{stderr}\n${MARK}{"status":"%{http_code}","version":"%{http_version}","downloaded":%{size_download},"uploaded":%{size_upload},"headers":%{header_json}}\n`;

/** Runs curl; the body goes to the answer unless `-o` says otherwise. */
export async function curl(
  args: readonly string[],
  options: { readonly netns?: string | undefined; readonly input?: string } = {},
): Promise<CurlAnswer> {
  const all = ['-q', '-sS', '--noproxy', '*', '-w', WRITE_OUT, ...args];
  return answerOf(await runProgram('curl', all, options));
}

function answerOf({ code, stdout, stderr }: Finished): CurlAnswer {
  const at = stderr.indexOf(MARK);
  const facts = at < 0 ? {} : JSON.parse(stderr.slice(at + MARK.length));
  return {
    // `000` where there was no answer.
    status: Number(facts.status ?? 0),
    version: facts.version ?? '',
    downloaded: facts.downloaded ?? 0,
    uploaded: facts.uploaded ?? 0,
    headers: facts.headers ?? {},
    body: stdout,
    exit: code,
    error: (at < 0 ? stderr : stderr.slice(0, at)).trim(),
  };
}
