// A photo with several faces: which one was compared is plain, and another one is chosen in one step.
import { accessible, largeEnough } from "./accessible";
import { artefact, expect, fill, picturesAreThere, sample, search, test } from "./page";

const GROUP = () => sample("pool/table.jpg");

test("several faces are outlined on the photo, and one is chosen by mouse", async ({ page }) => {
  await search(page, GROUP());
  const form = page.locator(".which-face");
  const faces = form.getByRole("radio");
  const total = await faces.count();
  expect(total).toBeGreaterThan(1);
  await expect(form).toContainText(`${total} faces in your photo; face 1 was compared.`);
  await expect(form.getByRole("radio", { name: `Face 1 of ${total}`, exact: true })).toBeChecked();
  await picturesAreThere(page, ".face-map img");
  // Each outline lies on the picture.
  const picture = (await form.locator(".face-map img").boundingBox())!;
  for (const outline of await form.locator(".face-box").all()) {
    const box = (await outline.boundingBox())!;
    expect(box.width).toBeGreaterThan(4);
    expect(box.x).toBeGreaterThanOrEqual(picture.x - 1);
    expect(box.y).toBeGreaterThanOrEqual(picture.y - 1);
    expect(box.x + box.width).toBeLessThanOrEqual(picture.x + picture.width + 1);
    expect(box.y + box.height).toBeLessThanOrEqual(picture.y + picture.height + 1);
  }
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: artefact("which-face.png"), fullPage: true });
  await accessible(page, "several faces");
  await largeEnough(page, "several faces");

  const before = page.url();
  await form.locator(".face-box").nth(1).click();
  await expect(faces.nth(1)).toBeChecked();
  await form.getByRole("checkbox").check();
  await form.getByRole("button", { name: "Search with this face" }).click();
  await page.waitForURL((url) => url.href !== before);
  await expect(page.locator(".pill")).toHaveText("Completed");
  await expect(page.locator(".which-face")).toContainText("face 2 was compared");
  await expect(page.locator(".probe .purpose")).toContainText("Testing the page");
});

test("the face is chosen by keyboard too, and consent is asked for it", async ({ page }) => {
  await search(page, GROUP());
  const faces = page.locator(".which-face").getByRole("radio");
  await faces.first().focus();
  await page.keyboard.press("ArrowRight");
  await expect(faces.nth(1)).toBeFocused();
  await expect(faces.nth(1)).toBeChecked();
  // The focus is seen.
  const outline = await page.locator(".face-box").nth(1).evaluate((box) => getComputedStyle(box).outlineWidth);
  expect(parseFloat(outline)).toBeGreaterThanOrEqual(3);
  await page.locator(".which-face").scrollIntoViewIfNeeded();
  await page.screenshot({ path: artefact("which-face-keyboard.png") });
  const before = page.url();
  await page.keyboard.press("Tab");
  await expect(page.locator(".which-face input[name=consent]")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  // Without consent the browser itself asks for it, and nothing is sent.
  await expect(page.locator(".which-face input[name=consent]")).toBeFocused();
  expect(page.url()).toBe(before);
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.href !== before);
  await expect(page.locator(".pill")).toHaveText("Completed");
  await expect(page.locator(".which-face")).toContainText("face 2 was compared");
});

test("a photo with one face asks nothing", async ({ page }) => {
  await search(page);
  await expect(page.locator(".which-face")).toHaveCount(0);
});

test.describe("without JavaScript, on a phone of 360 pixels", () => {
  test.use({ javaScriptEnabled: false, viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test("another face is chosen by the plain form", async ({ page }) => {
    await page.goto("/");
    await fill(page, GROUP());
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.waitForURL(/\/requests\//);
    await expect(page.locator(".pill")).toHaveText("Completed");
    const before = page.url();
    await page.locator(".which-face").getByRole("radio").nth(1).check({ force: true });
    await page.locator(".which-face").getByRole("checkbox").check();
    await page.screenshot({ path: artefact("phone-which-face.png"), fullPage: true });
    await page.getByRole("button", { name: "Search with this face" }).click();
    await page.waitForURL((url) => url.href !== before);
    await expect(page.locator(".pill")).toHaveText("Completed");
    await expect(page.locator(".which-face")).toContainText("face 2 was compared");
  });
});
