/**
 * xterm.js writes its colours into style elements, and those of single cells into style attributes; the console's
 * Content-Security-Policy forbids both, and shall. The same text goes into constructed style sheets and through the
 * CSSOM instead, which no policy has to allow: whoever can call them runs as a script already.
 * @returns what gives the document its own ways back, and takes the style sheets away
 */
export function adoptInlineStyles(page: Document): () => void {
  const create = page.createElement.bind(page);
  const sheets = new Set<CSSStyleSheet>();
  const drop = (sheet: CSSStyleSheet): void => {
    sheets.delete(sheet);
    page.adoptedStyleSheets = page.adoptedStyleSheets.filter((one) => one !== sheet);
  };
  const adopt = (style: HTMLElement): void => {
    const sheet = new CSSStyleSheet();
    sheets.add(sheet);
    page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet];
    Object.defineProperty(style, 'textContent', {
      set(text: string) {
        sheet.replaceSync(text);
      },
    });
    style.remove = () => {
      drop(sheet);
      Element.prototype.remove.call(style);
    };
  };
  page.createElement = (name: string, options?: ElementCreationOptions) => {
    // In place of a style element something that says nothing: even an empty one is against the policy.
    const element = create(name === 'style' ? 'template' : name, options);
    if (name === 'style') adopt(element);
    else if (name === 'span') element.setAttribute = setAttribute;
    return element;
  };
  return () => {
    Reflect.deleteProperty(page, 'createElement');
    for (const sheet of sheets) drop(sheet);
  };
}

function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === 'style') this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}
