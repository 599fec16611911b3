// The same page for everyone: without JavaScript, on a small screen, in the dark, by keyboard.
import { artefact, expect, fill, open, sample, search, test } from "./page";

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the form uploads and the result page renders", async ({ page }) => {
    await page.goto("/");
    await fill(page, sample("query.jpg"));
    await page.screenshot({ path: artefact("no-script-home.png"), fullPage: true });
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.waitForURL(/\/requests\//);
    // The page asks again by itself until the search is done.
    await expect(page.locator(".pill")).toHaveText("Completed");
    await expect(page.locator(".card-verdict .badge").first()).toHaveText("Match");
    await page.locator(".card .open").first().click();
    await expect(page.locator(".card .opened").first()).toBeVisible();
    await page.screenshot({ path: artefact("no-script-result.png") });
  });

  test.describe("and refused", () => {
    test.use({ expectedFailures: [/Failed to load resource.*422/] });

    test("the sentence stands above the button", async ({ page }) => {
      await page.goto("/");
      await fill(page);
      await page.locator("textarea[name=purpose]").fill("   ");
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await expect(page.locator("form .problem")).toContainText("Say why you search");
    });
  });
});

test.describe("on a phone of 360 pixels", () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test("nothing scrolls sideways, on the form, the result and the opened card", async ({ page }) => {
    const sideways = () => page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth);
    await open(page, "/");
    expect(await sideways()).toBeLessThanOrEqual(0);
    await page.locator(".options > summary").click();
    expect(await sideways()).toBeLessThanOrEqual(0);
    await page.screenshot({ path: artefact("phone-home.png"), fullPage: true });
    await search(page);
    expect(await sideways()).toBeLessThanOrEqual(0);
    await page.screenshot({ path: artefact("phone-result.png"), fullPage: true });
    await page.locator(".card .open").first().click();
    const opened = page.locator(".opened:popover-open");
    await expect(opened).toBeVisible();
    expect(await opened.evaluate((panel) => panel.scrollWidth - panel.clientWidth)).toBeLessThanOrEqual(0);
    await page.screenshot({ path: artefact("phone-opened.png") });
  });
});

test.describe("in the dark", () => {
  test.use({ colorScheme: "dark" });

  test("the page is dark, and words keep their contrast", async ({ page }) => {
    await search(page);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground.match(/\d+/g)!.map(Number).every((channel) => channel < 64)).toBe(true);
    await page.screenshot({ path: artefact("dark-result.png") });
    await page.locator(".card .open").first().click();
    await page.screenshot({ path: artefact("dark-opened.png") });
    await open(page, "/");
    await page.screenshot({ path: artefact("dark-home.png"), fullPage: true });
  });
});

test("a search is made by keyboard alone", async ({ page }) => {
  await open(page, "/");
  await page.locator(".drop input[name=image]").setInputFiles(sample("query.jpg"));
  await page.locator("textarea[name=purpose]").focus();
  await page.keyboard.type("Testing the keyboard");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await expect(page.locator("input[name=consent]")).toBeChecked();
  await page.keyboard.press("Tab");
  await expect(page.locator(".options > summary")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/requests\//);
  await expect(page.locator(".pill")).toHaveText("Completed");
  await page.locator(".card .open").first().focus();
  await page.keyboard.press("Enter");
  await expect(page.locator(".opened:popover-open")).toBeVisible();
  await expect(page.getByRole("button", { name: "Close" }).first()).toBeFocused();
});
