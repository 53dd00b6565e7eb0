/**
 * The present value of a CSS colour, `var(--c-line)` or `light-dark(…)` too: canvases know nothing of variables or of
 * light and dark.
 */
export function presentColour(element: HTMLElement, colour: string): string {
  // Without a transition, which would begin at the colour before.
  element.style.setProperty('transition', 'none', 'important');
  element.style.color = colour;
  const value = getComputedStyle(element).color;
  element.style.color = '';
  element.style.removeProperty('transition');
  return value;
}
