// From the search to the result: it arrives by itself, it can be understood, passed on and erased.
import { accessible, largeEnough } from "./accessible";
import { artefact, expect, open, picturesAreThere, post, search, similarities, test } from "./page";

test("matches arrive without a reload and settle by similarity", async ({ page }) => {
  await search(page);
  const shown = await similarities(page);
  expect(shown.length).toBeGreaterThan(1);
  expect(shown[0]).toBe(Math.max(...shown));
  // Faces within 0.005 are a tie, which sharpness decides; two digits are shown.
  for (let place = 1; place < shown.length; place++) expect(shown[place - 1] - shown[place]).toBeGreaterThan(-0.015);
  const first = page.locator(".card").first();
  await expect(first.locator(".rank")).toHaveText("1");
  await expect(first.locator(".card-verdict .badge")).toHaveText("Match");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("match");
  await expect(page.locator(".stage.done")).toHaveCount(5);
  await picturesAreThere(page, ".card:nth-child(-n+6) .card-face img");
  await expect(page.locator(".how")).toContainText("Engine");
  await expect(page.locator(".how")).toContainText("match from");
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: artefact("result.png") });
  await page.screenshot({ path: artefact("result-whole.png"), fullPage: true });
});

test("a search that waits its turn is followed live to its end", async ({ page, request }) => {
  // One worker: the page's search stands behind these.
  for (let place = 0; place < 3; place++) expect((await post(request)).status()).toBe(202);
  const { request_id, links } = await (await post(request)).json();
  let loads = 0;
  page.on("load", () => loads++);
  const seen: string[] = [];
  await page.exposeFunction("note", (words: string) => seen.push(words));
  await page.addInitScript(() => {
    addEventListener("DOMContentLoaded", () => {
      const tell = () => (window as any).note(`${document.querySelector(".pill")?.textContent} ${document.querySelectorAll(".card").length}`);
      tell();
      new MutationObserver(tell).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
  });
  await open(page, links.page);
  expect(page.url()).toContain(request_id);
  await expect(page.locator(".pill")).toHaveText("Completed");
  expect(seen[0]).toBe("Waiting 0");
  expect(seen.some((words) => words.startsWith("Searching")), seen.join(", ")).toBe(true);
  expect(loads).toBe(1);
  expect((await similarities(page)).length).toBeGreaterThan(1);
});

test("the address keeps the result: after a reload, and for whoever opens it", async ({ page, browser }) => {
  await search(page);
  const before = await similarities(page);
  await page.reload();
  await expect(page.locator(".pill")).toHaveText("Completed");
  expect(await similarities(page)).toEqual(before);

  const other = await (await browser.newContext({ baseURL: new URL(page.url()).origin })).newPage();
  await open(other, page.url());
  expect(await similarities(other)).toEqual(before);
  await other.context().close();
});

test("the link is copied with one press", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await search(page);
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
});

test("an opened card shows both faces and everything known about the picture", async ({ page }) => {
  await search(page);
  await page.locator(".card .open").first().click();
  const opened = page.locator(".opened:popover-open");
  await expect(opened).toBeVisible();
  await expect(opened).toContainText("SHA-256");
  await expect(opened).toContainText("Match");
  await picturesAreThere(page, ".opened:popover-open img:visible");
  await opened.evaluate((panel) => panel.scrollTo(0, 0));
  await page.screenshot({ path: artefact("opened.png") });
  await page.keyboard.press("Escape");
  await expect(opened).toHaveCount(0);
});

test("the filter shows one kind and says how many there are", async ({ page }) => {
  await search(page);
  const all = await page.locator(".card").count();
  const others = Number(await page.locator("label[for=show-no-match] b").textContent());
  await page.locator("label[for=show-no-match]").click();
  await expect(page.locator(".card:visible")).toHaveCount(others);
  await page.locator("label[for=show-all]").click();
  await expect(page.locator(".card:visible")).toHaveCount(all);
});

test.describe("after erasing", () => {
  test.use({ expectedFailures: [/Failed to load resource.*410/] });

  test("nothing is left and the address says so", async ({ page, request }) => {
    await search(page);
    const crop = await page.locator(".card img").first().getAttribute("src");
    expect((await request.get(crop!)).status()).toBe(200);
    await page.getByRole("button", { name: "Erase", exact: true }).click();
    await expect(page.getByRole("alertdialog")).toBeVisible();
    await page.screenshot({ path: artefact("erase.png") });
    await accessible(page, "erase dialog");
    await largeEnough(page, "erase dialog");
    await page.getByRole("button", { name: "Erase everything" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("This search is erased");
    await page.screenshot({ path: artefact("erased.png") });
    await accessible(page, "erased");
    expect((await page.reload())!.status()).toBe(410);
    expect((await request.get(crop!)).status()).toBe(410);
  });
});

test.describe("an address that is nobody's", () => {
  test.use({ expectedFailures: [/Failed to load resource.*404/] });

  test("is a friendly 404", async ({ page }) => {
    expect((await page.goto("/requests/00000000-0000-4000-8000-000000000000"))!.status()).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("No search has this address");
    expect((await page.goto("/no/such/page"))!.status()).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("There is no page here");
    await page.screenshot({ path: artefact("not-found.png") });
  });
});

test("a photo without a face ends with what helps", async ({ page, request }) => {
  // A plain grey PNG, 64 x 64.
  const grey = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    const brush = canvas.getContext("2d")!;
    brush.fillStyle = "#777";
    brush.fillRect(0, 0, 64, 64);
    return canvas.toDataURL("image/png").split(",")[1];
  });
  const image = { name: "grey.png", mimeType: "image/png", buffer: Buffer.from(grey, "base64") };
  const answer = await request.post("/match", { multipart: { image, purpose: "Testing", consent: "true" } });
  const { links } = await answer.json();
  await open(page, links.page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("No face found in your photo");
  await page.screenshot({ path: artefact("no-face.png") });
  await accessible(page, "no face");
  await largeEnough(page, "no face");
});
