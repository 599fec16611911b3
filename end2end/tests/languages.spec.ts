// The page in its reader's language: by the browser's wish, by a link that needs no script, and remembered.
import { artefact, expect, fill, open, sample, test } from "./page";

test("a reader changes the language, and the next pages keep it", async ({ page, context }) => {
  await open(page, "/?face=2");
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.getByRole("link", { name: "Español" }).click();
  await page.waitForURL(/[?&]lang=es$/);
  await expect(page.locator("html")).toHaveAttribute("lang", "es");
  await expect(page.locator("html")).toHaveClass(/hydrated/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Un rostro, encontrado entre muchas imágenes.");
  await expect(page.locator("select[name=face]")).toHaveValue("2");
  const cookie = (await context.cookies()).find((cookie) => cookie.name === "lang");
  expect(cookie).toMatchObject({ value: "es", sameSite: "Lax", httpOnly: true });

  await open(page, "/");
  await expect(page.locator("html")).toHaveAttribute("lang", "es");
  await page.getByRole("link", { name: "English" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("One face, found among many pictures.");
});

test.describe("in Spanish", () => {
  test.use({ locale: "es-ES" });

  test("a search is made, followed and read", async ({ page }) => {
    await open(page, "/");
    await page.getByRole("button", { name: "Buscar", exact: true }).click();
    await expect(page.locator("form .problem")).toHaveText("Elija primero una foto.");
    await fill(page);
    await expect(page.locator(".drop .hint").first()).toContainText(/^\d+,\d MB\. Haga clic para elegir otra\./);
    await page.screenshot({ path: artefact("spanish-home.png"), fullPage: true });
    await page.getByRole("button", { name: "Buscar", exact: true }).click();
    await page.waitForURL(/\/requests\//);
    await expect(page.locator(".pill")).toHaveText("Completada");
    await expect(page.locator(".request h1")).toHaveText(/coincidencia/);
    await expect(page.locator(".card .card-verdict .similarity").first()).toHaveText(/^0,\d\d$/);
    await expect(page.locator(".card .badge").first()).toHaveText("Coincidencia");
    await expect(page.locator(".lead.numbers")).toHaveText(/imágenes examinadas, \d+ rostros comparados.* en /);
    await page.screenshot({ path: artefact("spanish-result.png"), fullPage: true });
    await page.locator(".card .open").first().click();
    const opened = page.locator(".opened:popover-open");
    await expect(opened).toContainText(/Similitud \(coseno\)\s*0,\d{4}/);
    await page.screenshot({ path: artefact("spanish-opened.png") });
  });

  test("a file that is no picture is refused before it is sent", async ({ page }) => {
    await open(page, "/");
    await page.locator(".drop input[name=image]").setInputFiles({ name: "notas.txt", mimeType: "text/plain", buffer: Buffer.from("hola") });
    await expect(page.locator("form .problem")).toHaveText("notas.txt no es una imagen que podamos leer: elija un archivo JPEG, PNG, WebP o GIF.");
  });

  test.describe("where the address is nobody's", () => {
    test.use({ expectedFailures: [/Failed to load resource.*404/] });

    test("the page says so", async ({ page }) => {
      await page.goto("/nada");
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Aquí no hay ninguna página");
      await expect(page).toHaveTitle("No encontrado · Face Engine");
    });
  });

  test.describe("on a phone of 360 pixels", () => {
    test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

    test("the longer words fit", async ({ page }) => {
      await open(page, "/");
      await page.locator(".options > summary").click();
      expect(await page.evaluate(() => document.scrollingElement!.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      await page.screenshot({ path: artefact("spanish-phone.png"), fullPage: true });
    });
  });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the language is changed by a link, and the search goes on in it", async ({ page }) => {
    await page.goto("/");
    await page.getByRole("link", { name: "Español" }).click();
    await expect(page.locator("html")).toHaveAttribute("lang", "es");
    await fill(page, sample("query.jpg"));
    await page.getByRole("button", { name: "Buscar", exact: true }).click();
    await page.waitForURL(/\/requests\//);
    await expect(page.locator(".pill")).toHaveText("Completada");
    await page.getByRole("link", { name: "English" }).click();
    await expect(page.locator(".pill")).toHaveText("Completed");
  });

  test.describe("and refused", () => {
    test.use({ expectedFailures: [/Failed to load resource.*422/] });

    test("the reason is in the reader's language", async ({ page }) => {
      await page.goto("/?lang=es");
      await fill(page);
      await page.locator("textarea[name=purpose]").fill("   ");
      await page.getByRole("button", { name: "Buscar", exact: true }).click();
      await expect(page.locator("form .problem")).toHaveText("Indique para qué hace la búsqueda: sin una finalidad lícita no se hace ninguna.");
    });
  });
});
