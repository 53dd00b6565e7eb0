import { expect, test } from 'vitest';
import { looksLikeOwnName } from './own-name.ts';

test.each([
  'Porchlight',
  'My PORCH LIGHT',
  'porch-light',
  'P o r c h l i g h t',
  'Рorchlight', // Cyrillic Р
  'Pоrсhlight', // Cyrillic о and с
  'РОRСНLIGНТ',
  'Porchlıght',
  'P0rch1ight',
  'Porchl\u0456ght',
  'Ｐｏｒｃｈｌｉｇｈｔ',
  'Pörchlîght',
  '𝐏𝐨𝐫𝐜𝐡𝐥𝐢𝐠𝐡𝐭 command line',
])('poses as Porchlight: %s', (name) => expect(looksLikeOwnName(name)).toBe(true));

test.each(['Weather wall', 'Torchlight', 'Porch', 'Lights of the porch', 'Погода', '天気', 'Wohnzimmer 10'])(
  'is a name of its own: %s',
  (name) => expect(looksLikeOwnName(name)).toBe(false),
);
