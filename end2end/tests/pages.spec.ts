// Pages that the server renders alone: a shared result, the dashboard, the pools, and what went wrong.
import { accessible, largeEnough } from "./accessible";
import { artefact, expect, open, picturesAreThere, post, search, test } from "./page";
import type { APIRequestContext, Page } from "@playwright/test";

const NOBODYS = "/requests/00000000-0000-4000-8000-000000000000";

/** A link for readers to a new search, and the search. */
async function shared(request: APIRequestContext) {
  const { request_id } = await (await post(request)).json();
  await expect.poll(async () => (await (await request.get(`/status/${request_id}`)).json()).status).toBe("completed");
  const link = await (await request.post(`/requests/${request_id}/share`)).json();
  return { id: request_id as string, url: link.url as string };
}

const sideways = (page: Page) => page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth);

test("a shared link is a page to read: cards open, and there is nothing to do with the search", async ({ page, request }) => {
  const { id, url } = await shared(request);
  const answer = await page.goto(url);
  expect(answer!.headers()["x-robots-tag"]).toContain("noindex");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("match");
  await expect(page.locator(".caution")).toBeVisible();
  await picturesAreThere(page, ".card:nth-child(-n+4) .card-face img");
  await page.evaluate(() => scrollTo(0, 0));
  await accessible(page, "shared");
  await largeEnough(page, "shared");
  await page.screenshot({ path: artefact("shared.png"), fullPage: true });
  await page.locator(".card .open").first().click();
  await expect(page.locator(".opened:popover-open")).toContainText("SHA-256");
  await accessible(page, "shared, opened");
  await page.screenshot({ path: artefact("shared-opened.png") });
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: /erase|share|export/i })).toHaveCount(0);
  expect(await page.content()).not.toContain(id);
});

test.describe("a link that has ended", () => {
  test.use({ expectedFailures: [/Failed to load resource.*4(10|04)/] });

  test("says so to its readers", async ({ page, request }) => {
    const { id, url } = await shared(request);
    expect((await request.delete(`/requests/${id}/share`)).status()).toBe(204);
    expect((await page.goto(url))!.status()).toBe(410);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("This link has ended");
    await accessible(page, "ended link");
    await page.screenshot({ path: artefact("shared-ended.png") });
    expect((await page.goto("/r/0123456789abcdef"))!.status()).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is nothing behind this link");
  });
});

test("the dashboard shows how it goes, and refreshes itself without disturbing", async ({ page, request }) => {
  await shared(request);
  await page.goto("/dashboard");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Dashboard");
  await expect(page.getByRole("link", { name: "Dashboard" })).toHaveAttribute("aria-current", "page");
  await expect(page.locator(".drawing rect").first()).toBeAttached();
  await page.locator("#throughput-table > summary").click();
  await expect(page.locator("#throughput-table table")).toBeVisible();
  await accessible(page, "dashboard");
  await largeEnough(page, "dashboard");
  await page.locator("#throughput-table > summary").click();
  await page.screenshot({ path: artefact("dashboard.png"), fullPage: true });

  // What is open stays open, and the button stops it.
  await page.clock.install();
  await page.reload();
  const made = page.locator(".standing .hint");
  const first = await made.textContent();
  await page.locator("#latency-table > summary").click();
  await page.locator("h1").click();
  await page.evaluate(() => (document.activeElement as HTMLElement)?.blur());
  await page.clock.runFor(11_000);
  await expect(made).not.toHaveText(first!);
  await expect(page.locator("#latency-table")).toHaveAttribute("open", "");
  const button = page.getByRole("button", { name: "Refresh by itself" });
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "false");
  const second = await made.textContent();
  await page.clock.runFor(30_000);
  expect(await made.textContent()).toBe(second);
});

test("a pool is synced and looked after by its page", async ({ page }) => {
  await page.goto("/pools");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Pools");
  await accessible(page, "pools");
  await largeEnough(page, "pools");
  await page.screenshot({ path: artefact("pools.png"), fullPage: true });
  const pool = page.locator(".pool").first();
  await pool.getByRole("button", { name: /^Delete/ }).click();
  const question = page.getByRole("alertdialog");
  await expect(question).toContainText("The pictures stay where they are");
  await accessible(page, "pools, deleting");
  await page.screenshot({ path: artefact("pools-delete.png") });
  await question.getByRole("button", { name: "Keep it" }).click();
  await expect(question).toHaveCount(0);
});

test.describe("a pool that is refused", () => {
  test.use({ expectedFailures: [/Failed to load resource.*4\d\d/] });

  test("comes back with the reason beside its field", async ({ page }) => {
    await page.goto("/pools");
    await page.getByLabel("Name").fill("etc");
    await page.getByLabel("Place").fill("/etc");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect(page.getByRole("alert")).toContainText("Pools may not be put there");
    await expect(page.getByLabel("Place")).toHaveValue("/etc");
    await expect(page.getByLabel("Place")).toHaveAttribute("aria-invalid", "true");
    await accessible(page, "pools, refused");
    await page.screenshot({ path: artefact("pools-refused.png"), fullPage: true });
  });
});

test.describe("an address that is nobody's", () => {
  test.use({ expectedFailures: [/Failed to load resource.*404/] });

  test("is a friendly 404 in the reader's language", async ({ page }) => {
    expect((await page.goto("/no/such/page?lang=es"))!.status()).toBe(404);
    await expect(page.locator("html")).toHaveAttribute("lang", "es");
    await accessible(page, "404");
    expect((await page.goto(NOBODYS))!.status()).toBe(404);
    await accessible(page, "unknown search");
  });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a pool is added, synced and deleted by its forms", async ({ page }) => {
    await page.goto("/pools");
    await page.getByLabel("Name").fill("again");
    await page.getByLabel("Place").fill(process.env.FACE_ENGINE_POOL!);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect(page.getByRole("status").filter({ hasText: "The pool is added" })).toBeVisible();
    const pool = page.locator("#pool-again");
    await pool.getByRole("button", { name: /^Sync/ }).click();
    await expect(page.getByRole("status").filter({ hasText: "The sync was asked for" })).toBeVisible();
    await expect(async () => {
      await page.goto("/pools");
      await expect(pool.locator(".pill")).toHaveText("Synced", { timeout: 500 });
    }).toPass();
    await page.screenshot({ path: artefact("pools-synced.png"), fullPage: true });
    await pool.getByRole("button", { name: /^Delete again/ }).click();
    await pool.getByRole("button", { name: "Delete the pool" }).click();
    await expect(page.getByRole("status").filter({ hasText: "The pool is deleted" })).toBeVisible();
    await expect(pool).toHaveCount(0);
  });

  test("the dashboard and a shared result are whole", async ({ page, request }) => {
    const { url } = await shared(request);
    await page.goto("/dashboard?window=hour");
    await expect(page.locator(".drawing rect").first()).toBeAttached();
    await expect(page.getByRole("link", { name: "Refresh" })).toBeVisible();
    await expect(page.locator("#refresh-self")).toBeHidden();
    await page.goto(url);
    await page.locator(".card .open").first().click();
    await expect(page.locator(".card .opened").first()).toBeVisible();
  });
});

// Each page, in each way of being looked at.
for (const [name, use] of [
  ["phone", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ["dark", { colorScheme: "dark" }],
  ["dark-phone", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
  ["wide", { viewport: { width: 3840, height: 2160 } }],
  ["spanish", { locale: "es-ES" }],
] as const) {
  test.describe(`seen ${name}`, () => {
    test.use({ ...use, expectedFailures: [/Failed to load resource.*4(10|04)/] });

    test("every page fits and axe finds nothing", async ({ page, request }) => {
      const { id, url } = await shared(request);
      const look = async (what: string) => {
        expect(await sideways(page), what).toBeLessThanOrEqual(0);
        await accessible(page, `${what}, ${name}`);
        await page.screenshot({ path: artefact(`${name}-${what}.png`), fullPage: true });
      };
      for (const [what, address] of [["dashboard", "/dashboard"], ["pools", "/pools"], ["shared", url], ["not-found", "/no/such/page"]]) {
        await page.goto(address);
        await look(what);
      }
      await open(page, "/");
      await look("home");
      await open(page, `/requests/${id}`);
      await look("result");
      await page.locator(".card .open").first().click();
      await accessible(page, `opened, ${name}`);
    });
  });
}

test("axe finds nothing on the way through a search, its refusal and its erasure", async ({ page }) => {
  await open(page, "/");
  await accessible(page, "home");
  await largeEnough(page, "home");
  await page.locator(".options > summary").click();
  await accessible(page, "home, options open");
  await largeEnough(page, "home, options open");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.locator("form .problem")).not.toBeEmpty();
  await accessible(page, "home, refused");
  await search(page);
  await accessible(page, "result");
  await largeEnough(page, "result");
  await page.locator(".card .open").first().click();
  await accessible(page, "opened");
  await largeEnough(page, "opened");
});
