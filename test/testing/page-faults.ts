// What is wrong with a page for those who read it on a phone, by keyboard, by ear or with weak eyes; one line each.
import type { Page } from 'playwright-core';

/** Empty when the page is as it should be: WCAG 2.2 AA, as far as a program can tell. */
export const faultsOf = (page: Page): Promise<string[]> => page.evaluate(lookForFaults);

/** Runs in the browser: it can use nothing from outside. */
function lookForFaults(): string[] {
  const faults: string[] = [];
  const root = document.documentElement;
  const named = (element: Element): string =>
    `<${element.tagName.toLowerCase()}${element.className ? ` class="${element.className}"` : ''}> ${(element.textContent ?? '').trim().slice(0, 40)}`;
  const isShown = (element: Element): boolean =>
    element.checkVisibility({ visibilityProperty: true }) && element.closest('.hidden') === null;

  // Nothing is wider than the window.
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > root.clientWidth + 1 && isShown(element),
    );
    faults.push(
      `${root.scrollWidth - root.clientWidth} px too wide: ${wide.slice(-3).map(named).join('; ')}`,
    );
  }

  // No word is broken in the middle, where its parts or its capitals leave a better place.
  const broken = new Set<string>();
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const element = words.currentNode.parentElement;
    if (!element || !isShown(element) || element.closest('pre, code')) continue;
    const range = document.createRange();
    for (const { 0: word, index } of (words.currentNode.textContent ?? '').matchAll(
      /\p{Lu}*[\p{Ll}\p{N}]+|\p{L}+/gu,
    )) {
      range.setStart(words.currentNode, index);
      range.setEnd(words.currentNode, index + word.length);
      const lines = new Set([...range.getClientRects()].map(({ bottom }) => Math.round(bottom)));
      if (lines.size > 1) broken.add(`broken in ${word}: ${named(element)}`);
    }
  }
  faults.push(...broken);

  // It says what it is, in a language, in one main part.
  if (!root.lang) faults.push('no language');
  if (!/ · DriftMgr$/.test(document.title)) faults.push(`title: ${document.title}`);
  if (document.querySelectorAll('main').length !== 1) faults.push('not one main part');

  // One first heading; none below skips a level.
  const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
    .filter(isShown)
    .map((heading) => ({ level: Number(heading.tagName[1]), text: heading.textContent }));
  if (levels.filter(({ level }) => level === 1).length !== 1) faults.push('not one h1');
  levels.forEach(({ level, text }, index) => {
    if (level > (levels[index - 1]?.level ?? 0) + 1) faults.push(`heading skips a level: ${text}`);
  });

  // Whatever takes input or leads on has a name; an id is one element's.
  for (const element of document.querySelectorAll('input, select, textarea, button, a, fieldset')) {
    const labels = 'labels' in element ? [...((element as HTMLInputElement).labels ?? [])] : [];
    const text = [
      element.getAttribute('aria-label'),
      ...labels.map((label) => label.querySelector('span')?.textContent ?? label.textContent),
      /^(BUTTON|A)$/.test(element.tagName) ? element.textContent : '',
    ];
    if (!text.some((each) => each?.trim())) faults.push(`no name: ${named(element)}`);
  }
  for (const image of document.querySelectorAll('img:not([alt]), svg:not([aria-hidden], [aria-label])'))
    faults.push(`no words for an image: ${named(image)}`);
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  if (new Set(ids).size !== ids.length) faults.push('an id is there twice');

  // Text stands out from what is behind it.
  type Colour = [red: number, green: number, blue: number, alpha: number];
  const colourOf = (text: string): Colour => {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
    return [red, green, blue, alpha];
  };
  const over = (top: Colour, below: Colour): Colour => {
    const mixed = (index: 0 | 1 | 2): number => top[index] * top[3] + below[index] * (1 - top[3]);
    return [mixed(0), mixed(1), mixed(2), 1];
  };
  const behind = (element: Element): Colour => {
    const layers: Colour[] = [];
    for (let each: Element | null = element; each; each = each.parentElement) {
      const colour = colourOf(getComputedStyle(each).backgroundColor);
      layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1] as Colour);
  };
  const luminance = ([red, green, blue]: Colour): number => {
    const linear = (value: number): number =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  };
  const contrast = (a: Colour, b: Colour): number => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
    return (light + 0.05) / (dark + 0.05);
  };
  const weak = new Set<string>();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!element || !texts.currentNode.textContent?.trim() || !isShown(element)) continue;
    if (element.closest(':disabled, .skip, [data-stale="true"]')) continue;
    const back = behind(element);
    const ratio = contrast(over(colourOf(getComputedStyle(element).color), back), back);
    if (ratio < 4.5) weak.add(`contrast ${ratio.toFixed(2)}: ${named(element)}`);
  }
  return [...faults, ...weak];
}
