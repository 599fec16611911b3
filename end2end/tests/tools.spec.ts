// What is done with a result: narrowed down, put in order, walked through by keyboard, taken along, shared and erased.
import { readFileSync } from "node:fs";
import type { Download, Locator, Page } from "@playwright/test";
import { artefact, expect, open, picturesAreThere, post, search, similarities, test } from "./page";

const visible = (page: Page) => page.locator(".card:visible");
const titles = (page: Page) => page.locator(".card:visible .card-title").allTextContents();
const opened = (page: Page) => page.locator(".card > .opened:popover-open");
const least = (page: Page) => page.getByRole("slider");

/** Moves the slider as a hand does. */
const slide = (page: Page, to: string) => least(page).fill(to);

async function text(download: Promise<Download>) {
  return readFileSync(await (await download).path(), "utf8");
}

/** The card that has the focus, by id. */
const focusedCard = (page: Page) => page.evaluate(() => document.activeElement?.closest(".card")?.id ?? "");

test("the slider leaves out what is less similar and says how many remain", async ({ page }) => {
  await search(page);
  const all = await similarities(page);
  await slide(page, "0.05");
  const above = all.filter((similarity) => similarity >= 0.05);
  expect(above.length).toBeLessThan(all.length);
  await expect(visible(page)).toHaveCount(above.length);
  await expect(page.locator(".remain")).toContainText(`${above.length} of ${all.length} faces shown`);
  await expect(page.getByRole("status").filter({ hasText: "faces shown" })).toHaveText(`${above.length} of ${all.length} faces shown`);
  await page.screenshot({ path: artefact("filters.png") });

  // By keyboard too, a hundredth at a time.
  await least(page).focus();
  await page.keyboard.press("ArrowRight");
  await expect(least(page)).toHaveValue("0.06");
  await expect(page.locator(".narrow output")).toHaveText("0.06");
});

test("filters and order stand in the address: a reload and a reader of it see the same", async ({ page, browser }) => {
  await search(page);
  const all = await visible(page).count();
  await page.locator("label[for=show-no-match]").click();
  await slide(page, "0.01");
  await page.locator("select[name=sort]").selectOption("quality");
  const shown = await titles(page);
  expect(shown.length).toBeGreaterThan(1);
  expect(shown.length).toBeLessThan(all);
  expect(new URL(page.url()).search).toBe("?show=no-match&min=0.01&sort=quality");

  await page.reload();
  await expect(page.locator("html")).toHaveClass(/hydrated/);
  expect(await titles(page)).toEqual(shown);
  await expect(page.locator("#show-no-match")).toBeChecked();
  await expect(least(page)).toHaveValue("0.01");
  await expect(page.locator("select[name=sort]")).toHaveValue("quality");

  // Without JavaScript the server does it.
  const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await plain.goto(page.url());
  expect(await titles(plain)).toEqual(shown);
  await plain.locator("select[name=sort]").selectOption("similarity");
  await plain.getByRole("button", { name: "Apply" }).click();
  expect(new URL(plain.url()).searchParams.get("sort")).toBe("similarity");
  expect((await titles(plain)).toSorted()).toEqual(shown.toSorted());
  await plain.context().close();

  await page.locator(".remain").getByRole("link", { name: "Clear the filters" }).click();
  await expect(visible(page)).toHaveCount(all);
  expect(new URL(page.url()).search).toBe("?sort=quality");
});

test("a licence and a source are chosen among those that the faces have", async ({ page }) => {
  await search(page);
  const all = await visible(page).count();
  const options = async (list: Locator) => (await list.locator("option").allTextContents()).map((option) => option.trim());
  const sources = await options(page.locator("select[name=source]"));
  expect(sources[0]).toBe("Every source");
  expect(sources.length).toBeGreaterThan(1);
  await page.locator("select[name=source]").selectOption(sources[1]);
  await expect(page.locator(".card:visible", { hasNotText: sources[1] })).toHaveCount(0);
  const licences = await options(page.locator("select[name=licence]"));
  await page.locator("select[name=source]").selectOption({ label: "Every source" });
  await page.locator("select[name=licence]").selectOption({ label: licences[1] });
  expect(await visible(page).count()).toBeGreaterThan(0);
  expect(await visible(page).count()).toBeLessThanOrEqual(all);
});

test("faces are put in order by what was chosen", async ({ page, request }) => {
  await search(page);
  const id = page.url().match(/[0-9a-f-]{36}/)![0];
  const matches = (await (await request.get(`/status/${id}`)).json()).result.result[0].matches as any[];
  const byQuality = matches.map((match) => match.face.quality?.overall ?? -1).toSorted((a, b) => b - a);
  await page.locator("select[name=sort]").selectOption("quality");
  const keyed = await titles(page);
  const quality = (title: string) => matches.find((match) => (match.title ?? match.pool_image) === title.trim()).face.quality?.overall ?? -1;
  expect(keyed.map(quality)).toEqual(byQuality);
  await page.locator("select[name=sort]").selectOption("found");
  const discovered = (title: string) => matches.find((match) => (match.title ?? match.pool_image) === title.trim()).discovered;
  const order = (await titles(page)).map(discovered);
  expect(order).toEqual(order.toSorted((a: number, b: number) => a - b));
  expect(new Set(order).size).toBe(order.length);
});

test("where the filters leave nothing, the page says so and offers the way back", async ({ page }) => {
  await search(page);
  const all = await visible(page).count();
  await slide(page, "1");
  await expect(visible(page)).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "No face passes the filters" })).toBeVisible();
  await page.screenshot({ path: artefact("filtered-away.png") });
  await page.locator(".empty").getByRole("link", { name: "Clear the filters" }).click();
  await expect(visible(page)).toHaveCount(all);
});

test("filters work while faces still arrive, and keep to what was chosen", async ({ page, request }) => {
  for (let place = 0; place < 2; place++) expect((await post(request)).status()).toBe(202);
  const { links } = await (await post(request)).json();
  await open(page, `${links.page}?show=match`);
  await expect(page.locator(".pill")).toHaveText("Completed");
  await expect(page.locator("#show-match")).toBeChecked();
  await expect(visible(page)).toHaveCount(1);
  expect(await page.locator(".card").count()).toBeGreaterThan(1);
});

test("the gallery is walked through by keyboard, and left by Tab", async ({ page }) => {
  await search(page);
  const ids = await page.locator(".card").evaluateAll((cards) => cards.map((card) => card.id));
  await page.keyboard.press("j");
  expect(await focusedCard(page)).toBe(ids[0]);
  await page.keyboard.press("ArrowRight");
  expect(await focusedCard(page)).toBe(ids[1]);
  await page.keyboard.press("k");
  expect(await focusedCard(page)).toBe(ids[0]);
  await page.screenshot({ path: artefact("keyboard-focus.png") });
  await page.keyboard.press("ArrowDown");
  // Two cards stand in a row at this width.
  expect(await focusedCard(page)).toBe(ids[2]);
  await page.keyboard.press("End");
  expect(await focusedCard(page)).toBe(ids.at(-1));
  await page.keyboard.press("ArrowRight");
  expect(await focusedCard(page), "there is nothing after the last").toBe(ids.at(-1));
  await page.keyboard.press("Tab");
  expect(await focusedCard(page), "no key is a trap").toBe("");
  await page.keyboard.press("Shift+Tab");
  expect(await focusedCard(page)).toBe(ids.at(-1));
  await page.keyboard.press("Home");

  await page.keyboard.press("Enter");
  await expect(opened(page)).toHaveId(`${ids[0]}-opened`);
  await page.keyboard.press("ArrowRight");
  await expect(opened(page)).toHaveId(`${ids[1]}-opened`);
  await expect(opened(page).getByRole("button", { name: "Close" })).toBeFocused();
  await page.keyboard.press("j");
  await expect(opened(page)).toHaveId(`${ids[2]}-opened`);
  await opened(page).getByRole("button", { name: "Previous face" }).click();
  await expect(opened(page)).toHaveId(`${ids[1]}-opened`);
  await page.keyboard.press("Escape");
  await expect(opened(page)).toHaveCount(0);
  expect(await focusedCard(page), "the focus is on the card last seen").toBe(ids[1]);
});

test("the keys are told, take nothing from fields, and letters can be turned off", async ({ page }) => {
  await search(page);
  await page.keyboard.press("?");
  const panel = page.locator("#keys");
  await expect(panel).toBeVisible();
  await page.screenshot({ path: artefact("keys.png") });
  await panel.getByRole("checkbox").uncheck();
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await page.keyboard.press("j");
  expect(await focusedCard(page)).toBe("");
  await page.reload();
  await expect(page.locator("html")).toHaveClass(/hydrated/);
  await page.keyboard.press("?");
  await expect(panel).toBeHidden();
  await page.getByRole("button", { name: "Keys" }).click();
  await expect(panel.getByRole("checkbox")).not.toBeChecked();
  await panel.getByRole("checkbox").check();
  await page.keyboard.press("Escape");

  await least(page).focus();
  await page.keyboard.press("ArrowRight");
  await expect(least(page)).toHaveValue("0.01");
  await page.locator("select[name=sort]").focus();
  await page.keyboard.press("j");
  expect(await focusedCard(page)).toBe("");
});

test("an opened face shows both aligned crops, and outlines that can be taken away", async ({ page }) => {
  await search(page);
  await page.locator(".card .open").first().click();
  const panel = opened(page);
  await expect(panel.locator("img.aligned:visible")).toHaveCount(2);
  await expect.poll(() => panel.locator("img.aligned").first().evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(112);
  await expect(panel.locator("img.around:visible")).toHaveCount(0);
  await picturesAreThere(page, ".opened:popover-open img:visible");
  await panel.getByRole("checkbox", { name: "Aligned" }).uncheck();
  await expect(panel.locator("img.around:visible")).toHaveCount(2);
  await expect(panel.locator("img.aligned:visible")).toHaveCount(0);
  await panel.getByRole("checkbox", { name: "Aligned" }).check();

  const outlines = panel.locator(".outlines");
  await expect(outlines.locator("circle")).toHaveCount(5);
  await outlines.scrollIntoViewIfNeeded();
  await page.screenshot({ path: artefact("opened-outlines.png") });
  await panel.getByRole("checkbox", { name: /Outline/ }).uncheck();
  await expect(outlines).toBeHidden();
  await expect(panel).toContainText("Where it was found");
  await expect(panel.locator(".provenance > li").first()).toContainText("Licence");
  await expect(panel).toContainText("Face embedding");
  await panel.evaluate((panel) => panel.scrollTo(0, panel.scrollHeight));
  await page.screenshot({ path: artefact("opened-end.png") });
  await panel.evaluate((panel) => panel.scrollTo(0, 0));
  await page.screenshot({ path: artefact("opened-top.png") });
});

test("what is shown is taken along as CSV and JSON, everything as the API tells it", async ({ page, request }) => {
  await search(page);
  await page.locator("label[for=show-no-match]").click();
  const shown = await visible(page).count();
  await page.getByRole("button", { name: "Export" }).click();
  const panel = page.locator("#export");
  await expect(panel).toContainText(`in this order: ${shown}`);
  await page.screenshot({ path: artefact("export.png") });

  const part = panel.locator(".exports").first();
  let download = page.waitForEvent("download");
  await part.getByRole("button", { name: "CSV" }).click();
  expect((await download).suggestedFilename()).toMatch(/^face-engine-[0-9a-f]{8}\.csv$/);
  const csv = await text(download);
  expect(csv.startsWith("\ufeffrank,similarity,match_status,")).toBe(true);
  expect(csv.trimEnd().split("\r\n")).toHaveLength(shown + 1);
  expect(csv).not.toContain(",MATCH,");

  download = page.waitForEvent("download");
  await part.getByRole("button", { name: "JSON" }).click();
  const json = JSON.parse(await text(download));
  expect(json.matches).toHaveLength(shown);
  expect(json.matches.every((match: any) => match.match_status === "NO_MATCH" && /^[0-9a-f]{64}$/.test(match.sha256))).toBe(true);
  expect(json.embedding_model).toMatch(/@/);

  download = page.waitForEvent("download");
  await panel.getByRole("link", { name: "JSON" }).click();
  const all = JSON.parse(await text(download));
  const id = page.url().match(/[0-9a-f-]{36}/)![0];
  expect(all.request_id).toBe(id);
  expect(all.result.result[0].matches.length).toBeGreaterThan(shown);

  const told = (await (await request.get(`/status/${id}`)).json()).result.evidence;
  if (told) {
    await expect(panel.locator(".manifest code")).toHaveText(told.manifest_sha256);
    download = page.waitForEvent("download");
    await panel.getByRole("link", { name: "ZIP" }).click();
    expect(readFileSync(await (await download).path()).subarray(0, 2).toString()).toBe("PK");
  }
});

test.describe("sharing", () => {
  // Ending a link where none is open is asked of the server, and refused.
  test.use({ expectedFailures: [/Failed to load resource.*404/] });

  test("a link is shared, read by somebody else, and revoked", async ({ page, browser, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await search(page);
    await page.getByRole("button", { name: "Share", exact: true }).click();
    const panel = page.locator("#share");
    await expect(panel).toBeVisible();
    await panel.getByRole("button", { name: "End the link" }).click();
    await expect(panel.getByRole("status")).toContainText("There is no open link");
    await panel.getByLabel("The link works for").selectOption({ label: "1 hour" });
    const before = Date.now();
    await panel.getByRole("button", { name: "Create a link" }).click();
    await expect(panel.getByRole("status")).toContainText("The link works until");
    await panel.getByRole("button", { name: "Copy", exact: true }).click();
    await expect(panel.getByRole("button", { name: "Copied" })).toBeVisible();
    await page.screenshot({ path: artefact("share.png") });
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toBe(await panel.getByLabel("The link to share").inputValue());
    expect(new URL(link).pathname).toMatch(/^\/r\/[0-9a-f]{64}$/);

    const other = await browser.newContext();
    const reader = await other.newPage();
    expect((await reader.goto(link))!.status()).toBe(200);
    const data = await (await other.request.get(`${link}.json`)).json();
    const hours = (Date.parse(data.expires_at) - before) / 3_600_000;
    expect(hours).toBeGreaterThan(0.98);
    expect(hours).toBeLessThan(1.02);
    expect(JSON.stringify(data)).not.toContain(page.url().match(/[0-9a-f-]{36}/)![0]);
    expect((await other.request.get(new URL(data.result[0].matches[0].aligned, link).href)).status()).toBe(200);

    // Its page has no script: the filters are a plain form.
    const cards = await visible(reader).count();
    expect(cards).toBeGreaterThan(1);
    await reader.locator("input[name=min]").fill("0.4");
    await reader.getByRole("button", { name: "Apply" }).click();
    await expect(visible(reader)).toHaveCount(1);
    await reader.locator(".remain").getByRole("link", { name: "Clear the filters" }).click();
    await expect(visible(reader)).toHaveCount(cards);

    await panel.getByRole("button", { name: "End the link" }).click();
    await expect(panel.getByRole("status")).toContainText("The link has ended");
    expect((await reader.goto(link))!.status()).toBe(410);
    await other.close();
  });
});

test("a new link ends the one before", async ({ page, request }) => {
  await search(page);
  await page.getByRole("button", { name: "Share", exact: true }).click();
  const panel = page.locator("#share");
  await panel.getByRole("button", { name: "Create a link" }).click();
  const address = panel.getByLabel("The link to share");
  const first = await address.inputValue();
  await panel.getByRole("button", { name: "Create another link" }).click();
  await expect(address).not.toHaveValue(first);
  expect((await request.get(`${first}.json`)).status()).toBe(410);
  expect((await request.get(`${await address.inputValue()}.json`)).status()).toBe(200);
});

test.describe("erasing", () => {
  test.use({ expectedFailures: [/Failed to load resource.*410/] });

  test("is asked about first, with the safe answer in hand, and takes the shared link along", async ({ page, request }) => {
    await search(page);
    const id = page.url().match(/[0-9a-f-]{36}/)![0];
    const { data } = await (await request.post(`/requests/${id}/share`)).json();
    expect((await request.get(data)).status()).toBe(200);
    await page.getByRole("button", { name: "Erase", exact: true }).click();
    const question = page.getByRole("alertdialog");
    await expect(question.getByRole("button", { name: "Keep it" })).toBeFocused();
    await expect(question).toContainText("any link that you have shared");
    await page.screenshot({ path: artefact("erase.png") });
    await page.keyboard.press("Enter");
    await expect(question).toBeHidden();
    expect((await request.get(`/status/${id}`)).status()).toBe(200);

    await page.getByRole("button", { name: "Erase", exact: true }).click();
    await question.getByRole("button", { name: "Erase everything" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("This search is erased");
    expect((await page.reload())!.status()).toBe(410);
    expect((await request.get(data)).status()).toBe(410);
  });
});

for (const [name, options] of [
  ["phone", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
  ["dark", { colorScheme: "dark" }],
] as const) {
  test.describe(`looks: ${name}`, () => {
    test.use(options);

    test("every panel fits and keeps its contrast", async ({ page }) => {
      await search(page);
      await page.locator(".filters").scrollIntoViewIfNeeded();
      await page.screenshot({ path: artefact(`${name}-filters.png`) });
      for (const panel of ["share", "export", "erase"]) {
        await page.locator(`[popovertarget=${panel}]`).first().click();
        const shown = page.locator(`#${panel}`);
        await expect(shown).toBeVisible();
        expect(await shown.evaluate((shown) => shown.scrollWidth - shown.clientWidth)).toBeLessThanOrEqual(0);
        if (panel === "share") await shown.getByRole("button", { name: "Create a link" }).click();
        if (panel === "share") await expect(shown.getByRole("status")).toContainText("The link works until");
        await page.screenshot({ path: artefact(`${name}-${panel}.png`) });
        await page.keyboard.press("Escape");
      }
      await page.locator(".card .open").first().click();
      await picturesAreThere(page, ".opened:popover-open img:visible");
      await page.screenshot({ path: artefact(`${name}-opened-whole.png`) });
      await opened(page).evaluate((panel) => panel.scrollTo(0, panel.scrollHeight));
      await page.screenshot({ path: artefact(`${name}-opened-end.png`) });
      await opened(page).evaluate((panel) => panel.scrollTo(0, 0));
      await page.screenshot({ path: artefact(`${name}-opened.png`) });
      expect(await page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    });
  });
}
