// Five hundred candidates: the page stays one that can be used, and a screen reader is not flooded.
import { FORM, test } from "../slow";
import { artefact, expect, open, post } from "./page";

test("500 faces arrive in batches, in order, and are told in a few sentences", async ({ page, web, request }, info) => {
  test.slow();
  // One real report, as events carry it; five hundred are played from it.
  web.open();
  const first = await (await post(request, { ...FORM, sync: "true" })).json();
  const [report] = first.result[0].matches;
  web.close();

  // The browser's own EventSource is stood in for by one that says what the test says, some events a frame.
  await page.addInitScript(() => {
    class Played extends EventTarget {
      static readonly CONNECTING = 0;
      static readonly OPEN = 1;
      static readonly CLOSED = 2;
      readyState = 1;
      constructor() {
        super();
        (window as any).played = this;
      }
      close() {}
    }
    (window as any).EventSource = Played;
  });
  const links = (await (await post(request, FORM)).json()).links;
  await open(page, links.page);
  await expect(page.locator(".pill")).not.toHaveText("Completed");

  const seen = await page.evaluate(async (report) => {
    const total = 500;
    const played = (window as any).played as EventTarget;
    const tell = (type: string, data: unknown) => played.dispatchEvent(new MessageEvent(type, { data: JSON.stringify({ type, ...(data as object) }) }));
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const gallery = document.querySelector(".gallery")!;
    let changes = 0;
    let sentences = 0;
    let longest = 0;
    new MutationObserver(() => changes++).observe(gallery, { childList: true });
    new MutationObserver(() => sentences++).observe(document.querySelector("#told")!, { childList: true, characterData: true, subtree: true });
    new PerformanceObserver((list) => list.getEntries().forEach((task) => (longest = Math.max(longest, task.duration)))).observe({ entryTypes: ["longtask"] });
    const counts = (done: number) => ({ candidates: total, processed: done, failed: 0, faces: done, matches: done });
    const stage = (done: number) => ({ name: "analyse", state: "running", started_at: "2026-01-01T00:00:00Z", seconds: null, done, total });
    tell("stage", { stage: stage(0), counts: counts(0) });
    for (let done = 1; done <= total; done++) {
      // A spread in which late ones belong in front, behind and between.
      const similarity = (((done * 7919) % 1000) - 200) / 1000;
      const status = similarity >= 0.4 ? "MATCH" : similarity >= 0.3 ? "POSSIBLE" : "NO_MATCH";
      tell("match", { report: { ...report, rank: 0, pool_image: `${done}.jpg`, similarity, match_status: status } });
      tell("candidate", { pool_image: `${done}.jpg`, state: "done", faces: 1, kind: null, counts: counts(done) });
      tell("stage", { stage: stage(done), counts: counts(done) });
      if (done % 4 === 0) await frame();
    }
    // Until the last batch has come.
    while (gallery.children.length < total) await frame();
    return { changes, sentences, longest };
  }, report);
  info.annotations.push({ type: "measured", description: JSON.stringify(seen) });
  console.log(`500 candidates: ${seen.changes} changes of the gallery, ${seen.sentences} sentences, longest task ${seen.longest.toFixed(0)} ms`);

  await expect(page.locator(".card")).toHaveCount(500);
  const shown = (await page.locator(".card .card-verdict .similarity").allTextContents()).map((text) => Number(text.replace("\u2212", "-")));
  expect(shown).toEqual([...shown].sort((a, b) => b - a));
  // A batch and not a face at a time: 500 faces in 125 frames.
  expect(seen.changes).toBeGreaterThan(0);
  expect(seen.changes).toBeLessThan(100);
  expect(seen.sentences).toBeLessThan(20);
  // What is out of sight is not laid out.
  expect(await page.locator(".card .similarity").last().evaluate((words) => (words as any).checkVisibility({ contentVisibilityAuto: true }))).toBe(false);
  await page.screenshot({ path: artefact("live-crowd.png") });
});
