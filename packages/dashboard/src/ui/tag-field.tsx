import { Field } from './field.tsx';

/** Tags as typed: separated by spaces or commas, each once. */
export function parseTags(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((tag) => tag !== ''))];
}

/** One input for all tags. */
export function TagField(props: { value: string; onChange: (value: string) => void; hint?: string }) {
  return (
    <Field
      label="Tags"
      hint={props.hint ?? 'Optional, with spaces between them, such as “kitchen solar”.'}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
      maxLength={400}
    />
  );
}
