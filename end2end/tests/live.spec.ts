// A search while it runs: faces arrive one by one, whatever happens to the page, the connection and the server meanwhile.
import { accessible, largeEnough } from "./accessible";
import type { APIRequestContext, Page } from "@playwright/test";
import { FORM, test, type Web } from "../slow";
import { artefact, expect, open, post, similarities } from "./page";

const cards = (page: Page) => page.locator(".card");

/** A search that waits for the slow source; the address of its page. */
async function begun(request: APIRequestContext) {
  const answer = await post(request, FORM);
  expect(answer.status()).toBe(202);
  const { links } = await answer.json();
  return links as { page: string; status: string };
}

/** The search engine answers, and so many of its pictures arrive. */
function answers(web: Web, pictures: number) {
  web.search.open();
  web.pictures.slice(0, pictures).forEach((gate) => gate.open());
}

test("faces appear as they are compared and settle into their rank", async ({ page, web, request }) => {
  const links = await begun(request);
  await open(page, links.page);
  await expect(page.locator(".stage.running")).toContainText("Find pictures");
  await page.screenshot({ path: artefact("live-finding.png") });
  await accessible(page, "finding pictures");

  // The least similar first.
  web.search.open();
  web.pictures[1].open();
  await expect(cards(page)).toHaveCount(1);
  await expect(page.locator(".stage.running")).toContainText("1 of 4");
  await expect(page.locator(".bar-numbers")).toHaveText("25%");
  await expect(page.locator(".pill")).toHaveText("Searching");
  await page.screenshot({ path: artefact("live.png") });
  await accessible(page, "comparing");
  await largeEnough(page, "comparing");
  await cards(page).first().evaluate((card) => ((card as any).here = true));

  web.pictures[0].open();
  await expect.poll(() => cards(page).count()).toBeGreaterThan(1);
  await expect(cards(page).first().locator(".card-verdict .badge")).toHaveText("Match");
  // What has moved is the very card that was there: nothing was built anew.
  expect(await cards(page).evaluateAll((all) => all.filter((card) => (card as any).here).length)).toBe(1);
  expect(await cards(page).first().evaluate((card) => (card as any).here)).toBeUndefined();

  web.open();
  await expect(page.locator(".pill")).toHaveText("Completed");
  const shown = await similarities(page);
  expect(shown[0]).toBe(Math.max(...shown));
  await expect(page.locator(".cancel")).toHaveCount(0);
  await expect(page.locator(".stage.done")).toHaveCount(5);
});

test("a reload in mid-job brings back what was there and goes on", async ({ page, web, request }) => {
  const links = await begun(request);
  await open(page, links.page);
  answers(web, 2);
  await expect.poll(() => cards(page).count()).toBeGreaterThan(1);
  const before = await cards(page).count();
  await page.reload();
  await expect(page.locator("html")).toHaveClass(/hydrated/);
  await expect(page.locator(".pill")).toHaveText("Searching");
  await expect(cards(page)).toHaveCount(before);
  web.open();
  await expect(page.locator(".pill")).toHaveText("Completed");
  expect(await cards(page).count()).toBeGreaterThan(before);
});

test.describe("when the server goes away", () => {
  test.use({ expectedFailures: [/Failed to load resource|ERR_/] });

  test("the page says so, finds it again after its restart, and shows the end of the search", async ({ page, web, request, slow }) => {
    const links = await begun(request);
    let loads = 0;
    page.on("load", () => loads++);
    await open(page, links.page);
    answers(web, 1);
    await expect.poll(() => cards(page).count()).toBeGreaterThan(0);
    await slow.serving.kill();
    await expect(page.locator(".lost")).toContainText("The connection was lost");
    await page.screenshot({ path: artefact("live-lost.png") });
    await accessible(page, "connection lost");
    await slow.serving.again();
    await expect(page.locator(".lost")).toHaveCount(0);
    web.open();
    await expect(page.locator(".pill")).toHaveText("Completed");
    expect((await similarities(page)).length).toBeGreaterThan(1);
    expect(loads).toBe(1);
  });
});

test.describe("cancelling", () => {
  test.use({ expectedFailures: [/Failed to load resource.*410/] });

  test("a search that runs stops it and erases it, and the page leads back", async ({ page, web, request }) => {
    const links = await begun(request);
    await open(page, links.page);
    answers(web, 1);
    await expect.poll(() => cards(page).count()).toBeGreaterThan(0);
    await expect(page.getByText("It stops, and your photo and all that was found are erased.")).toBeVisible();
    await page.getByRole("button", { name: "Cancel the search" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("The search is cancelled");
    await expect(page.locator(".request")).toBeHidden();
    await page.screenshot({ path: artefact("cancelled.png") });
    await accessible(page, "cancelled");
    expect((await request.get(links.status)).status()).toBe(410);
    expect((await page.reload())!.status()).toBe(410);
    await page.getByRole("link", { name: "New search" }).last().click();
    await expect(page.locator("form.upload")).toBeVisible();
  });

  test("a search that waits for its turn never begins", async ({ page, web, request }) => {
    await begun(request);
    const links = await begun(request);
    await open(page, links.page);
    await expect(page.locator(".pill")).toHaveText("Waiting");
    await page.screenshot({ path: artefact("live-waiting.png") });
    await accessible(page, "waiting");
    await page.getByRole("button", { name: "Cancel the search" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("The search is cancelled");
    web.open();
    expect((await request.get(links.status)).status()).toBe(410);
  });

  test.describe("without JavaScript", () => {
    test.use({ javaScriptEnabled: false });

    test("works by a plain form", async ({ page, request, web }) => {
      expect(web.search.isOpen).toBe(false);
      const links = await begun(request);
      await page.goto(links.page);
      await page.getByRole("button", { name: "Cancel the search" }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("This search is erased");
      expect((await request.get(links.status)).status()).toBe(410);
    });
  });
});

test.describe("on a phone of 360 pixels, in the dark", () => {
  // What still runs is erased when a test ends, under the open page.
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme: "dark", expectedFailures: [/Failed to load resource.*410/] });

  test("a running search does not scroll sideways", async ({ page, web, request }) => {
    const links = await begun(request);
    await open(page, links.page);
    answers(web, 2);
    await expect.poll(() => cards(page).count()).toBeGreaterThan(1);
    expect(await page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.screenshot({ path: artefact("phone-live.png"), fullPage: true });
  });
});

test.describe("for who wants no motion", () => {
  test.use({ contextOptions: { reducedMotion: "reduce" } });

  test("faces stand where they belong at once, and nothing turns or breathes", async ({ page, web, request }) => {
    const links = await begun(request);
    await page.addInitScript(() => {
      (window as any).moved = 0;
      const look = () => {
        (window as any).moved += [...document.querySelectorAll<HTMLElement>(".card")].filter((card) => card.style.transform !== "").length;
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    await open(page, links.page);
    const running = () => page.evaluate(() => document.getAnimations().filter((animation) => animation.playState === "running").length);
    expect(await running()).toBe(0);
    answers(web, 2);
    await expect.poll(() => cards(page).count()).toBeGreaterThan(1);
    web.open();
    await expect(page.locator(".pill")).toHaveText("Completed");
    expect(await page.evaluate(() => (window as any).moved)).toBe(0);
    expect(await running()).toBe(0);
  });
});
