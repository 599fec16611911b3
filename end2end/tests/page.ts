// What the tests share: where the server is, a page that must stay free of errors, and the way through the form.
import { test as base, expect, type APIRequestContext, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const url = () => process.env.FACE_ENGINE_URL!;
export const sample = (name: string) => join(process.env.FACE_ENGINE_SAMPLES!, name);
export const artefact = (name: string) => join(__dirname, "..", "artefacts", name);

/** A page whose console and requests are watched: errors, and anything fetched from another site, fail the test. */
export const test = base.extend<{ page: Page; expectedFailures: RegExp[] }>({
  expectedFailures: [[], { option: true }],
  baseURL: async ({}, use) => use(url()),
  page: async ({ page, baseURL, expectedFailures }, use) => {
    const wrong: string[] = [];
    const note = (words: string) => {
      if (!expectedFailures.some((expected) => expected.test(words))) wrong.push(words);
    };
    page.on("console", (message) => message.type() === "error" && note(`console: ${message.text()}`));
    page.on("pageerror", (error) => note(`page: ${error.message}`));
    page.on("request", (request) => {
      const address = new URL(request.url());
      if (/^https?:$/.test(address.protocol) && address.origin !== new URL(baseURL!).origin) note(`third party: ${address}`);
    });
    await use(page);
    expect(wrong, "errors on the page").toEqual([]);
  },
});

export { expect };

/** Opens a page and waits until it is taken over in the browser. */
export async function open(page: Page, address: string) {
  const answer = await page.goto(address);
  await expect(page.locator("html")).toHaveClass(/hydrated/);
  return answer!;
}

export async function fill(page: Page, file = sample("query.jpg")) {
  await page.locator(".drop input[name=image]").setInputFiles(file);
  await page.locator("textarea[name=purpose]").fill("Testing the page");
  await page.locator("input[name=consent]").check();
}

/** Searches through the form and waits for the result. */
export async function search(page: Page, file = sample("query.jpg")) {
  await open(page, "/");
  await fill(page, file);
  await expect(page.locator("img.preview")).toBeVisible();
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.waitForURL(/\/requests\/[0-9a-f-]{36}$/);
  await expect(page.locator(".pill")).toHaveText("Completed");
}

export const similarities = async (page: Page) =>
  (await page.locator(".card .card-verdict .similarity").allTextContents()).map((text) => Number(text.replace("\u2212", "-")));

/** Every picture that is in sight has arrived. */
export async function picturesAreThere(page: Page, selector: string) {
  const pictures = page.locator(selector);
  expect(await pictures.count()).toBeGreaterThan(0);
  for (const picture of await pictures.all()) {
    await picture.scrollIntoViewIfNeeded();
    await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth), { message: await picture.getAttribute("src") ?? "" }).toBeGreaterThan(0);
  }
}

/** A search made by a program. */
export async function post(request: APIRequestContext, form: Record<string, string> = { purpose: "Testing", consent: "true" }, file = sample("query.jpg")) {
  return request.post("/match", { multipart: { image: { name: "query.jpg", mimeType: "image/jpeg", buffer: readFileSync(file) }, ...form } });
}
