// Giving a photo away: every way in, and every refusal with its sentence.
import { readFileSync } from "node:fs";
import { artefact, expect, fill, open, post, sample, test } from "./page";

test("the home page loads without errors and says what happens to the photo", async ({ page }) => {
  const answer = await open(page, "/");
  expect(answer.status()).toBe(200);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByText("What happens to your photo")).toBeVisible();
  await expect(page.locator(".trust .facts")).toContainText("Engine");
  await page.screenshot({ path: artefact("home.png"), fullPage: true });
});

test("a photo is previewed at once, whether chosen, dropped or pasted", async ({ page }) => {
  const bytes = [...readFileSync(sample("query.jpg"))];
  await open(page, "/");
  await page.locator(".drop input[name=image]").setInputFiles(sample("query.jpg"));
  await expect(page.locator(".file-name")).toHaveText("query.jpg");
  await expect.poll(() => page.locator("img.preview").evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
  await page.screenshot({ path: artefact("home-chosen.png"), fullPage: true });

  for (const [kind, target] of [["drop", ".drop"], ["paste", "body"]] as const) {
    await open(page, "/");
    await page.evaluate(
      ([kind, target, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes as number[])], `${kind}.jpg`, { type: "image/jpeg" }));
        const init = { bubbles: true, cancelable: true };
        const event = kind === "drop" ? new DragEvent("drop", { ...init, dataTransfer: data }) : new ClipboardEvent("paste", { ...init, clipboardData: data });
        document.querySelector(target as string)!.dispatchEvent(event);
      },
      [kind, target, bytes] as const,
    );
    await expect(page.locator(".file-name")).toHaveText(`${kind}.jpg`);
    expect(await page.locator(".drop input[name=image]").evaluate((input: HTMLInputElement) => input.files!.length)).toBe(1);
  }
});

test("a text file is refused before it is sent, whatever its name", async ({ page }) => {
  await open(page, "/");
  await page.locator(".drop input[name=image]").setInputFiles({ name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.from("just words, no picture") });
  await expect(page.getByRole("alert").filter({ hasText: "photo.jpg is not a picture we can read" })).toBeVisible();
  await expect(page.locator("img.preview")).toHaveCount(0);
});

test("a file over the limit is refused before it is sent", async ({ page }) => {
  await open(page, "/");
  const buffer = Buffer.alloc(13 * 1024 * 1024);
  buffer.set([0xff, 0xd8, 0xff, 0xe0]);
  await page.locator(".drop input[name=image]").setInputFiles({ name: "huge.jpg", mimeType: "image/jpeg", buffer });
  await expect(page.locator("form .problem")).toContainText("the limit is 12 MB");
});

test("nothing is searched without photo, purpose and consent", async ({ page }) => {
  await open(page, "/");
  const problem = page.locator("form .problem");
  const go = page.getByRole("button", { name: "Search", exact: true });
  await go.click();
  await expect(problem).toHaveText("Choose a photo first.");
  await fill(page);
  await page.locator("textarea[name=purpose]").fill(" ");
  await go.click();
  await expect(problem).toContainText("why you are searching");
  await page.locator("textarea[name=purpose]").fill("Testing the page");
  await page.locator("input[name=consent]").uncheck();
  await go.click();
  await expect(problem).toContainText("only be searched with consent");
  await page.screenshot({ path: artefact("home-refused.png"), fullPage: true });
  expect(page.url()).toMatch(/\/$/);
});

test("the server repeats every check for whoever goes round the page", async ({ request }) => {
  const refused = await post(request, { purpose: "Testing", consent: "false" });
  expect(refused.status()).toBe(422);
  const body = await refused.json();
  expect(body.error.code).toBe("consent_required");
  expect(body.error.message).toMatch(/consent/i);
});

test.describe("when the server refuses", () => {
  test.use({ expectedFailures: [/Failed to load resource.*422/] });

  test("its own sentence is on the page", async ({ page }) => {
    await open(page, "/");
    await fill(page);
    // The page believes that consent is given; what arrives at the server says otherwise.
    await page.locator("input[name=consent]").evaluate((input: HTMLInputElement) => (input.value = "false"));
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await expect(page.locator("form .problem")).toContainText("Confirm with `consent=true`");
    await expect(page.getByRole("button", { name: "Search", exact: true })).toBeEnabled();
  });
});
