// What axe finds on a page as it stands: nothing, by WCAG 2.2 A and AA and by axe's own best practices.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

/** Fails with what is wrong, where, and axe's page about it. */
export async function accessible(page: Page, state: string) {
  // Colours are only right once everything that moves stands still.
  await page.evaluate(() => Promise.all(document.getAnimations().filter((it) => it.effect?.getComputedTiming().iterations !== Infinity).map((it) => it.finished.catch(() => {}))));
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  const wrong = violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${rule.help}\n  ${node.target.join(" ")}\n  ${node.html.slice(0, 200)}\n  ${node.failureSummary?.replaceAll("\n", "\n  ")}`));
  expect(wrong, `axe on ${state}`).toEqual([]);
}

/** Every control is at least 24 pixels high and wide, or has so much room (WCAG 2.2, 2.5.8); links within text are let off. */
export async function largeEnough(page: Page, state: string) {
  const small = await page.evaluate(() => {
    const controls = [...document.querySelectorAll<HTMLElement>("a[href], button, input:not([type=hidden]), select, textarea, summary")];
    return controls.flatMap((control) => {
      const shown = control.matches("input") && control.id ? document.querySelector(`label[for="${CSS.escape(control.id)}"]`) ?? control : control;
      const box = shown.getBoundingClientRect();
      const unseen = !box.width || !control.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || control.classList.contains("skip");
      const inText = control.matches("a") && getComputedStyle(control).display === "inline";
      return unseen || inText || (box.width >= 23.5 && box.height >= 23.5) ? [] : [`${control.outerHTML.slice(0, 120)} ${box.width}x${box.height}`];
    });
  });
  expect(small, `controls too small on ${state}`).toEqual([]);
}
