// Several photos of one person: chosen together, taken out again, searched with as one face.
import { readFileSync } from "node:fs";
import { artefact, expect, open, picturesAreThere, sample, similarities, test } from "./page";

const photos = () => [sample("query.jpg"), sample("pool/solvay-1927-marked.jpg")];

test("several photos are chosen, dropped to the others and taken out again", async ({ page }) => {
  await open(page, "/");
  const input = page.locator(".drop input[name=image]");
  const chosen = page.locator(".chosen-photos li");
  const names = () => input.evaluate((input: HTMLInputElement) => [...input.files!].map((file) => file.name));
  await input.setInputFiles(photos());
  await expect(chosen).toHaveCount(2);
  await expect(page.getByText("2 photos of one person")).toBeVisible();
  await picturesAreThere(page, ".chosen-photos .preview");
  await page.screenshot({ path: artefact("home-two-photos.png"), fullPage: true });

  const bytes = [...readFileSync(sample("query.jpg"))];
  await page.evaluate((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" }));
    document.querySelector(".drop")!.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  }, bytes);
  await expect(chosen).toHaveCount(3);
  expect(await names()).toEqual(["query.jpg", "solvay-1927-marked.jpg", "dropped.jpg"]);

  await chosen.nth(1).getByRole("button", { name: "Remove" }).click();
  await expect(chosen).toHaveCount(2);
  expect(await names()).toEqual(["query.jpg", "dropped.jpg"]);

  // With one left the box shows it as if it were the only one that was ever chosen.
  await chosen.nth(1).getByRole("button", { name: "Remove" }).click();
  await expect(chosen).toHaveCount(0);
  await expect(page.locator(".file-name")).toHaveText("query.jpg");
});

test("of more files than a search takes the first are kept, and a bad one costs itself alone", async ({ page }) => {
  await open(page, "/");
  const buffer = readFileSync(sample("query.jpg"));
  const many = Array.from({ length: 9 }, (_, n) => ({ name: `${n}.jpg`, mimeType: "image/jpeg", buffer }));
  const text = { name: "notes.jpg", mimeType: "image/jpeg", buffer: Buffer.from("just words, no picture") };
  await page.locator(".drop input[name=image]").setInputFiles(many);
  await expect(page.locator("form .problem")).toContainText("at most 8 photos");
  await expect(page.locator(".chosen-photos li")).toHaveCount(8);

  await page.locator(".drop input[name=image]").setInputFiles([many[0], text, many[1]]);
  await expect(page.locator("form .problem")).toContainText("notes.jpg is not a picture we can read");
  await expect(page.locator(".chosen-photos .file-name")).toHaveText(["0.jpg", "1.jpg"]);
});

test("a search with two photos shows both, and what each adds", async ({ page }) => {
  await open(page, "/");
  await page.locator(".drop input[name=image]").setInputFiles(photos());
  await expect(page.locator(".chosen-photos li")).toHaveCount(2);
  await page.locator("textarea[name=purpose]").fill("Testing two photos");
  await page.locator("input[name=consent]").check();
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.waitForURL(/\/requests\/[0-9a-f-]{36}$/);
  await expect(page.locator(".pill")).toHaveText("Completed");

  const strip = page.locator(".probe .photos li");
  await expect(strip).toHaveCount(2);
  for (const photo of await strip.all()) {
    await expect(photo).toContainText(/weight \d+%/);
    await expect(photo).toContainText(/similarity 0\.\d\d/);
  }
  await picturesAreThere(page, ".probe .photos img");
  await expect(page.locator(".card-verdict .badge").first()).toHaveText("Match");
  expect((await similarities(page)).length).toBeGreaterThan(1);
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: artefact("result-two-photos.png"), fullPage: true });
});

test.describe("on a phone of 360 pixels", () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test("several photos do not scroll sideways", async ({ page }) => {
    await open(page, "/");
    await page.locator(".drop input[name=image]").setInputFiles(photos());
    await expect(page.locator(".chosen-photos li")).toHaveCount(2);
    expect(await page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.screenshot({ path: artefact("phone-two-photos.png"), fullPage: true });
  });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the form sends several photos", async ({ page }) => {
    await page.goto("/");
    await page.locator(".drop input[name=image]").setInputFiles(photos());
    await page.locator("textarea[name=purpose]").fill("Testing the page");
    await page.locator("input[name=consent]").check();
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.waitForURL(/\/requests\//);
    await expect(page.locator(".pill")).toHaveText("Completed");
    await expect(page.locator(".probe .photos li")).toHaveCount(2);
  });
});
