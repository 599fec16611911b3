// Every way to give a photo beside the box: the camera of a phone, an address on the web; and what the preview shows.
import { readFileSync } from "node:fs";
import { FORM, test as slow } from "../slow";
import { artefact, expect, fill, open, post, sample, test } from "./page";

/** The JPEG with an EXIF mark that says how it is to be turned. */
function turned(jpeg: Buffer, orientation: number) {
  // TIFF, little-endian: one directory with one entry, orientation (0x0112, a short).
  const tiff = [0x49, 0x49, 0x2a, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
  const body = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), Buffer.from(tiff)]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length + 2);
  return Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xe1]), length, body, jpeg.subarray(2)]);
}

test("the preview is upright as its EXIF mark says, and so is what is searched with", async ({ page }) => {
  await open(page, "/");
  const input = page.locator(".drop input[name=image]");
  const jpeg = readFileSync(sample("pool/table.jpg"));
  const shown = () => page.locator("img.preview").evaluate((img: HTMLImageElement) => [img.naturalWidth, img.naturalHeight]);
  await input.setInputFiles({ name: "as-it-is.jpg", mimeType: "image/jpeg", buffer: turned(jpeg, 1) });
  await expect(page.locator(".file-name")).toHaveText("as-it-is.jpg");
  await expect.poll(async () => (await shown())[0]).toBeGreaterThan(0);
  const [width, height] = await shown();
  expect(width).not.toBe(height);
  await input.setInputFiles({ name: "turned.jpg", mimeType: "image/jpeg", buffer: turned(jpeg, 6) });
  await expect(page.locator(".file-name")).toHaveText("turned.jpg");
  await expect.poll(shown).toEqual([height, width]);
  await page.screenshot({ path: artefact("home-turned.png"), fullPage: true });
});

test("the address of a picture that is dropped from another page fills the field", async ({ page }) => {
  await open(page, "/");
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/uri-list", "# from a page\r\nhttps://pictures.example/somebody.jpg");
    document.querySelector(".drop")!.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  });
  await expect(page.locator("input[name=image_url]")).toHaveValue("https://pictures.example/somebody.jpg");
  await expect(page.locator("form .problem")).toBeEmpty();
});

test("the camera is offered where there are fingers, and nowhere else", async ({ page }) => {
  await open(page, "/");
  await expect(page.getByText("Take a photo")).toBeHidden();
});

test.describe("on a phone of 360 pixels", () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test("a shot of the camera is previewed and sent like every other photo", async ({ page }) => {
    await open(page, "/");
    await expect(page.getByText("Take a photo")).toBeVisible();
    await page.screenshot({ path: artefact("phone-camera.png"), fullPage: true });
    const camera = page.locator("input[capture]");
    await expect(camera).toHaveAttribute("capture", "environment");
    await camera.setInputFiles({ name: "shot.jpg", mimeType: "image/jpeg", buffer: readFileSync(sample("query.jpg")) });
    await expect(page.locator(".file-name")).toHaveText("shot.jpg");
    const held = (input: HTMLInputElement) => input.files!.length;
    expect([await page.locator(".drop input[name=image]").evaluate(held), await camera.evaluate(held)]).toEqual([1, 0]);
    await page.locator("textarea[name=purpose]").fill("Testing the camera");
    await page.locator("input[name=consent]").check();
    expect(await page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.waitForURL(/\/requests\//);
    await expect(page.locator(".pill")).toHaveText("Completed");
  });
});

slow.describe("an address on the web", () => {
  slow("gives the photo", async ({ page, web }) => {
    web.open();
    await open(page, "/");
    await page.locator("input[name=image_url]").fill(`${web.address}/photo.jpg`);
    await page.locator("textarea[name=purpose]").fill("Testing an address");
    await page.locator("input[name=consent]").check();
    await page.screenshot({ path: artefact("home-address.png"), fullPage: true });
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.waitForURL(/\/requests\//);
    await expect(page.locator(".pill")).toHaveText("Completed");
    await expect(page.locator(".probe")).toContainText("Face found");
  });

  slow.describe("that gives none", () => {
    slow.use({ expectedFailures: [/Failed to load resource.*4\d\d/] });

    slow("is told with what helps, and the form stays as it was filled in", async ({ page, web }) => {
      await open(page, "/");
      const field = page.locator("input[name=image_url]");
      const problem = page.locator("form .problem");
      const go = page.getByRole("button", { name: "Search", exact: true });
      await page.locator("textarea[name=purpose]").fill("Testing an address");
      await page.locator("input[name=consent]").check();
      await field.fill("pictures.example/photo.jpg");
      await go.click();
      await expect(problem).toContainText("it begins with https:// or http://");
      await field.fill(`${web.address}/page.html`);
      await go.click();
      await expect(problem).toContainText("not of the page that shows it");
      await page.screenshot({ path: artefact("home-address-refused.png"), fullPage: true });
      await field.fill("http://10.0.0.7/photo.jpg");
      await go.click();
      await expect(problem).toContainText("does not lead to a public site");
      await expect(page.locator("textarea[name=purpose]")).toHaveValue("Testing an address");
      await expect(go).toBeEnabled();
    });
  });

  slow.describe("without JavaScript", () => {
    slow.use({ javaScriptEnabled: false });

    slow("gives the photo too", async ({ page, web }) => {
      web.open();
      await page.goto("/");
      await page.locator("input[name=image_url]").fill(`${web.address}/photo.jpg`);
      await page.locator("textarea[name=purpose]").fill("Testing an address");
      await page.locator("input[name=consent]").check();
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await page.waitForURL(/\/requests\//);
      await expect(page.locator(".pill")).toHaveText("Completed");
    });
  });
});

slow.describe("a full queue", () => {
  slow.use({ expectedFailures: [/Failed to load resource.*503/] });

  slow("is no fault of the form: it stays, and the same button tries again", async ({ page, web, request }) => {
    for (let place = 0; place < 2; place++) expect((await post(request, FORM)).status()).toBe(202);
    // One of them is taken up, and two wait.
    await expect.poll(async () => (await (await request.get("/status")).json()).counts.running).toBe(1);
    expect((await post(request, FORM)).status()).toBe(202);
    await open(page, "/");
    await fill(page);
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await expect(page.locator("form .problem.busy")).toContainText("The queue is full");
    await expect(page.locator("img.preview")).toBeVisible();
    await page.screenshot({ path: artefact("home-queue-full.png"), fullPage: true });
    web.open();
    await expect.poll(async () => (await (await request.get("/status")).json()).counts.queued ?? 0).toBe(0);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.waitForURL(/\/requests\//);
    await expect(page.locator(".pill")).toHaveText("Completed");
  });
});
