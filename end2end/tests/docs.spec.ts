// The HTTP interface as a page: to be read by everyone, and the same without JavaScript.
import { accessible, largeEnough } from "./accessible";
import { artefact, expect, test } from "./page";

test("axe finds nothing, with every example open, by day and by night", async ({ page }) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.goto("/docs?lang=es");
    for (const summary of await page.locator("details > summary").all()) await summary.click();
    await accessible(page, `docs, ${colorScheme}`);
    await largeEnough(page, `docs, ${colorScheme}`);
  }
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("every route of the document stands on the page, and its examples name this host", async ({ page, request, baseURL }) => {
    const document = await (await request.get("/openapi.json")).json();
    await page.goto("/docs");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("HTTP interface");
    const routes = Object.values(document.paths).flatMap((path) => Object.values(path as object));
    await expect(page.locator("article.route")).toHaveCount(routes.length);
    await expect(page.locator("#readHealth pre").first()).toHaveText(`curl ${new URL(baseURL!).origin}/health`);
    await page.screenshot({ path: artefact("docs.png") });
  });

  test("a link of the contents leads to its route, by keyboard too", async ({ page }) => {
    await page.goto("/docs");
    const link = page.getByRole("navigation", { name: "Routes and schemas" }).getByRole("link", { name: "Erase a request", exact: true });
    await link.focus();
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/#eraseRequest$/);
    await expect(page.locator("#eraseRequest")).toBeInViewport();
  });

  test.describe("on a phone of 360 pixels, in the dark", () => {
    test.use({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, colorScheme: "dark" });

    test("nothing scrolls sideways, with every example open", async ({ page }) => {
      await page.goto("/docs");
      for (const summary of await page.locator("details > summary").all()) await summary.click();
      const widths = await page.locator("html").evaluate((html) => [html.scrollWidth, html.clientWidth]);
      expect(widths[0]).toBeLessThanOrEqual(widths[1]);
      await page.screenshot({ path: artefact("docs-phone.png") });
    });
  });
});
