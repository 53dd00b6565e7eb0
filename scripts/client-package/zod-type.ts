/** A schema as the text of the TypeScript type that it parses into, or takes: published types need no library. */

interface Def {
  readonly type: string;
  readonly [member: string]: unknown;
}
interface Schema {
  readonly _zod: { readonly def: Def };
}

/** `input`: what may be given, with defaults left out. */
export type Side = 'input' | 'output';

export function typeText(schema: unknown, side: Side): string {
  const { def } = (schema as Schema)._zod;
  const inner = (): string => typeText(def['innerType'], side);
  switch (def.type) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
    case 'unknown':
      return def.type;
    case 'literal':
      return (def['values'] as unknown[]).map((value) => JSON.stringify(value)).join(' | ');
    case 'enum':
      return Object.values(def['entries'] as object)
        .map((value) => JSON.stringify(value))
        .join(' | ');
    case 'array':
      return `(${typeText(def['element'], side)})[]`;
    case 'tuple':
      return `[${(def['items'] as unknown[]).map((item) => typeText(item, side)).join(', ')}]`;
    case 'record':
      return `Record<string, ${typeText(def['valueType'], side)}>`;
    case 'union':
      return (def['options'] as unknown[]).map((option) => typeText(option, side)).join(' | ');
    case 'nullable':
      return `${inner()} | null`;
    case 'optional':
    case 'default':
      return inner();
    case 'object':
      return objectText(def['shape'] as Readonly<Record<string, unknown>>, side);
    default:
      throw new Error(`there is no text yet for schemas of type ${def.type}`);
  }
}

function objectText(shape: Readonly<Record<string, unknown>>, side: Side): string {
  const members = Object.entries(shape).map(([name, member]) => {
    const { type } = (member as Schema)._zod.def;
    const isOptional = type === 'optional' || (type === 'default' && side === 'input');
    // As the schemas' own types have it: absent and undefined are the same.
    return `${JSON.stringify(name)}${isOptional ? '?' : ''}: ${typeText(member, side)}${isOptional ? ' | undefined' : ''};`;
  });
  return `{ ${members.join(' ')} }`;
}
