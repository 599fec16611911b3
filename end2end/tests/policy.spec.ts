// What a page may load and run: its own bundle and nothing else, on every page.
import { expect, open, search, test } from "./page";
import type { Page } from "@playwright/test";

/** Notes what the page's policy has stopped. The console says it too, but not for everything. */
async function watch(page: Page) {
  await page.addInitScript(() => {
    const stopped: string[] = ((window as any).stopped = []);
    document.addEventListener("securitypolicyviolation", (event) => stopped.push(`${event.violatedDirective}: ${event.blockedURI}`));
  });
}
const stopped = (page: Page) => page.evaluate(() => (window as any).stopped as string[]);

test.describe("every page", () => {
  test.use({ expectedFailures: [/Failed to load resource.*(404|410|400)/] });

  test("loads from its own origin alone and breaks no rule of its policy", async ({ page, request }) => {
    await watch(page);
    const origins = new Set<string>();
    page.on("request", (asked) => {
      const address = new URL(asked.url());
      if (/^https?:$/.test(address.protocol)) origins.add(address.origin);
    });
    await search(page);
    await page.locator(".card .open").first().click();
    await expect(page.locator(".opened:popover-open")).toBeVisible();
    expect(await stopped(page)).toEqual([]);
    const result = page.url();
    // The page of a search that is over, opened anew.
    await open(page, result);
    expect(await stopped(page)).toEqual([]);
    expect((await request.delete(`/requests/${result.split("/").pop()}`)).status()).toBe(204);
    for (const [address, status] of [["/", 200], [result, 410], ["/nowhere", 404], ["/requests/00000000-0000-4000-8000-000000000000", 404]] as const) {
      // Pages of refusals are the server's alone: no script takes them over.
      const answer = status === 200 ? await open(page, address) : (await page.goto(address))!;
      expect(answer.status(), address).toBe(status);
      expect(answer.headers()["content-security-policy"], address).toContain("default-src 'none'");
      expect(await stopped(page), address).toEqual([]);
    }
    expect([...origins]).toEqual([new URL(result).origin]);
  });
});

test("the bundle comes packed, under names that may be kept for good", async ({ page }) => {
  const kept: Record<string, string[]> = {};
  page.on("response", async (answer) => {
    const { pathname } = new URL(answer.url());
    const headers = await answer.allHeaders();
    if (pathname.startsWith("/pkg/")) kept[pathname.split(".").pop()!] = [pathname, headers["content-encoding"], headers["cache-control"]];
  });
  await open(page, "/");
  await expect.poll(() => Object.keys(kept).sort()).toEqual(["css", "js", "wasm"]);
  for (const [name, packing, cache] of Object.values(kept)) {
    expect(name).toMatch(/^\/pkg\/face-engine\.[0-9a-f]{16}\.(css|js|wasm)$/);
    expect([packing, cache], name).toEqual([expect.stringMatching(/^(br|gzip)$/), "public, max-age=31536000, immutable"]);
  }
});

test.describe("a script that somebody slips into the page", () => {
  test.use({ expectedFailures: [/Content Security Policy/] });

  test("does not run", async ({ page }) => {
    await watch(page);
    await open(page, "/");
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.slipped = true";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", '<img src="data:," onerror="window.slipped = true"><p style="color: red">styled</p>');
    });
    await expect.poll(() => stopped(page)).toEqual(expect.arrayContaining([expect.stringMatching(/^script-src/), expect.stringMatching(/^style-src/)]));
    expect(await page.evaluate(() => (window as any).slipped)).toBeUndefined();
  });
});
