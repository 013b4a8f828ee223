package io.latchkey.spring.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The page in Chromium, with real clicks. Screenshots go to target, and with -Dlatchkey.screenshots=DIRECTORY to that. */
class LatchkeyPageBrowserTest {
    private static final String ATTACK = "<img src=x onerror=\"document.title='owned'\">";
    private static final Path SCREENSHOTS = Path.of(System.getProperty("latchkey.screenshots", "target/screenshots"));

    private static final TestDatabase DATABASE = PostgresServer.shared().database();

    /** For all tests that need nothing of their own: to start an application takes longer than most of them. */
    @SuppressWarnings("NullAway.Init")
    private static PageApplication application;

    private static Browser browser;

    @BeforeAll
    static void start() {
        browser = Browser.start();
        application = new PageApplication(DATABASE);
    }

    @AfterAll
    static void stop() {
        if (application != null) {
            application.close();
        }
        if (browser != null) {
            browser.close();
        }
        DATABASE.close();
    }

    private void open(PageApplication application) {
        browser.complaints(); // forget those of earlier tests
        browser.open(application.uri("/latchkey").toString(), 1280, 800, false);
        awaitText("#status", "Live");
    }

    private static void awaitText(String css, String text) {
        await(css + " says " + text)
                .atMost(Duration.ofSeconds(20))
                .ignoreException(StaleElementReferenceException.class)
                .untilAsserted(() -> assertThat(browser.text(css)).contains(text));
    }

    private static Latchkey client(String name) {
        return Latchkey.builder(DATABASE.url()).holder(name).connect();
    }

    @Test
    void page_withoutLocks_saysSo() {
        open(application);
        assertThat(browser.text("#no-locks")).isEqualTo("No lock is held right now.");
        assertThat(browser.text("#held")).isEqualTo("0");
        assertThat(browser.text("#clients")).contains("page");
        assertThat(browser.complaints()).isEmpty(); // nothing was refused, nothing failed
    }

    @Test
    void locks_appearChangeHandsAndGo_asItHappens() throws Exception {
        try (Latchkey ada = client("ada");
                Latchkey ben = client("ben")) {
            open(application);
            Lease first = ada.lock("orders/42").acquire();
            awaitText("#locks", "orders/42");
            CompletableFuture<Lease> second = ben.lock("orders/42").acquireAsync();
            awaitText("#locks .badge", "1 waiting");

            browser.element("#locks .row").click();
            assertThat(browser.element("#locks .row").getDomAttribute("aria-expanded"))
                    .isEqualTo("true");
            assertThat(browser.text("#locks .more"))
                    .contains(Long.toString(first.fencingToken()), "as long as the instance lives");
            assertThat(browser.text("#locks .queue")).contains("1", "ben");

            first.release();
            awaitText("#changes li", "ada");
            assertThat(browser.text("#changes li")).contains("orders/42", "ben");
            awaitText("#passed", "1");
            awaitText("#locks .by", "ben");
            // The row is the same one, still open.
            assertThat(browser.element("#locks .row").getDomAttribute("aria-expanded"))
                    .isEqualTo("true");
            assertThat(browser.text("#locks .more"))
                    .contains(Long.toString(second.get().fencingToken()));
            browser.element("#locks .row").sendKeys(Keys.ENTER);
            assertThat(browser.element("#locks .row").getDomAttribute("aria-expanded"))
                    .isEqualTo("false");

            second.get().release();
            awaitText("#no-locks", "No lock is held right now.");
        }
    }

    @Test
    void leadersReadersAndPermits_areShown_asTheyComeAndGo() throws Exception {
        try (Latchkey ada = client("ada");
                Latchkey ben = client("ben")) {
            open(application);
            assertThat(browser.element("#leading").isDisplayed()).isFalse();
            assertThat(browser.element("#sharing").isDisplayed()).isFalse();
            LeaderElection first = ada.election("billing", "billing-1");
            first.setMetadata("application=shop, host=web-1");
            first.campaign();
            long term = first.await().term();
            LeaderElection second = ben.election("billing");
            second.campaign();
            awaitText("#leaders", "1 waiting");
            assertThat(browser.text("#leaders"))
                    .contains("billing", "billing-1 · ada", "term " + term, "application=shop, host=web-1");
            first.close();
            awaitText("#leaders", "ben");
            assertThat(browser.text("#leaders")).doesNotContain("ada", "shop", "waiting");
            second.close();
            await().until(() -> !browser.element("#leading").isDisplayed());

            Lease reads = ada.readWriteLock("catalogue").readLock().acquire();
            Lease readsToo = ben.readWriteLock("catalogue").readLock().acquire();
            awaitText("#held", "2");
            awaitText("#locks", "ben · shared");
            assertThat(browser.text("#locks")).contains("ada · shared");
            Lease permits = ada.semaphore("imports", 4).acquire(3);
            CompletableFuture<Lease> more = ben.semaphore("imports", 4).acquireAsync(2);
            awaitText("#semaphores", "1 waiting");
            assertThat(browser.text("#semaphores")).contains("imports", "3 of 4 permits");
            assertThat(browser.element("#semaphores meter").getDomProperty("value"))
                    .isEqualTo("3");
            assertThat(browser.text("#locks")).contains("ada · 3 permits");
            permits.release();
            awaitText("#semaphores", "2 of 4 permits");
            awaitText("#locks", "ben · 2 permits");
            assertThat(more.get().release() && reads.release() && readsToo.release())
                    .isTrue();
        }
    }

    @Test
    void filter_pauseAndTheme_workByClicks() throws Exception {
        try (Lease one = application.latchkey().lock("orders/1").acquire();
                Lease two = application.latchkey().lock("billing").acquire()) {
            open(application);
            awaitText("#held", "2");
            browser.element("#filter").sendKeys("bill");
            assertThat(browser.elements("#locks > li")).hasSize(1);
            assertThat(browser.text("#locks")).contains("billing", "this instance");
            browser.element("#filter").sendKeys("xyz");
            assertThat(browser.text("#no-locks")).isEqualTo("No lock matches the filter.");
            browser.element("#filter").clear();
            browser.element("#filter").sendKeys(" ", Keys.BACK_SPACE);

            browser.element("#pause").click();
            assertThat(browser.text("#status")).isEqualTo("Paused");
            try (Lease unseen = application.latchkey().lock("unseen").acquire()) {
                long looks = application.bean(LiveFeed.class).looks();
                await().until(() -> application.bean(LiveFeed.class).looks() > looks + 3);
                assertThat(browser.text("#locks")).doesNotContain("unseen");
                browser.element("#pause").click();
                awaitText("#locks", "unseen");
                assertThat(unseen.isValid()).isTrue();
            }

            String light = browser.element("body").getCssValue("background-color");
            browser.element("#theme").click();
            assertThat(browser.element("body").getCssValue("background-color")).isNotEqualTo(light);
            assertThat(browser.text("#theme")).isEqualTo("Light");
            assertThat(one.isValid() && two.isValid()).isTrue();
        }
    }

    @Test
    void nameThatIsMarkup_isShownAsText() throws Exception {
        try (Latchkey attacker = client(ATTACK)) {
            open(application);
            try (Lease lease = attacker.lock(ATTACK).acquire();
                    Latchkey other = client("</script><b>other</b>")) {
                CompletableFuture<Lease> waiting = other.lock(ATTACK).acquireAsync();
                awaitText("#locks", ATTACK);
                awaitText("#changes", ATTACK);
                awaitText("#locks .badge", "1 waiting");
                browser.element("#locks .row").click();
                assertThat(browser.text("#locks .queue")).contains("</script><b>other</b>");
                assertThat(browser.elements("img, main b")).isEmpty();
                assertThat(browser.driver.getTitle()).isEqualTo("Latchkey");
                assertThat(lease.isValid()).isTrue();
                assertThat(waiting.cancel(false)).isTrue();
            }
        }
    }

    /** The page as it would be if it made markup of text. */
    @Configuration(proxyBeanMethods = false)
    static class Careless {
        @Bean
        LatchkeyPage latchkeyPage(LiveFeed feed) {
            String html = LatchkeyPage.html();
            String careless = html.replace("element.textContent = text;", "element.innerHTML = text;");
            assertThat(careless).isNotEqualTo(html);
            return new LatchkeyPage(feed, careless);
        }
    }

    @Test
    void nameThatIsMarkup_inPageThatMakesMarkupOfIt_becomesAnElement_andItsScriptStillDoesNotRun() throws Exception {
        try (PageApplication application = new PageApplication(DATABASE, Careless.class);
                Latchkey attacker = client("attacker")) {
            open(application);
            try (Lease lease = attacker.lock(ATTACK).acquire()) {
                await().until(() -> !browser.elements("#locks img").isEmpty());
                assertThat(browser.driver.getTitle()).isEqualTo("Latchkey"); // the policy, the second guard
                assertThat(browser.complaints()).anyMatch(line -> line.contains("Content Security Policy"));
                assertThat(lease.isValid()).isTrue();
            }
        }
    }

    @Test
    void lostConnection_isSaid_andTheReturnIsNoticed() {
        PageApplication application = new PageApplication(DATABASE);
        int port = application.uri("/").getPort();
        open(application);
        application.close();
        awaitText("#notice", "The connection is lost");
        try (PageApplication again = new PageApplication(DATABASE, "server.port=" + port)) {
            awaitText("#status", "Live");
            assertThat(browser.element("#notice").isDisplayed()).isFalse();
            assertThat(again.bean(LiveFeed.class).viewers()).isEqualTo(1);
        }
    }

    @Test
    void viewerTooMany_isTold_andMayTryAgain() {
        try (PageApplication application = new PageApplication(DATABASE, "latchkey.page.max-viewers=1")) {
            Viewer other = application.bean(LiveFeed.class).join().orElseThrow();
            browser.open(application.uri("/latchkey").toString(), 1280, 800, false);
            awaitText("#notice", "as many watch already as may");
            browser.element("#retry").click();
            awaitText("#notice", "as many watch already as may");
            application.bean(LiveFeed.class).leave(other);
            browser.element("#retry").click();
            awaitText("#status", "Live");
        }
    }

    @Test
    void screenshots() throws Exception {
        List<Latchkey> clients = new ArrayList<>();
        try (TestDatabase database = PostgresServer.shared().database();
                PageApplication pictured = new PageApplication(
                        database, "latchkey.holder=shop-7d9f-x2k4:1", "latchkey.page.max-viewers=20")) {
            for (String name : List.of("shop-7d9f-p8vq:1", "shop-7d9f-z6mn:1", "billing-5c4b-t3wd:1")) {
                clients.add(Latchkey.builder(database.url()).holder(name).connect());
            }
            browser.open(pictured.uri("/latchkey").toString(), 1280, 1500, false);
            awaitText("#status", "Live");
            Latchkey one = clients.get(0);
            Latchkey two = clients.get(1);
            Latchkey three = clients.get(2);
            lead("invoices", one, "application=shop, host=shop-7d9f-p8vq");
            lead("invoices", two, "application=shop, host=shop-7d9f-z6mn");
            lead("nightly-report", three, "application=billing, host=billing-5c4b-t3wd");
            pictured.latchkey().lock("orders/1043").acquire();
            assertThat(three.lock("backup").tryAcquireTimed(LeaseTime.atMost(Duration.ofMinutes(10))))
                    .isPresent();
            one.readWriteLock("catalogue").readLock().acquire();
            two.readWriteLock("catalogue").readLock().acquire();
            one.semaphore("imports", 4).acquire(2);
            three.semaphore("imports", 4).acquire();
            Lease passing = one.lock("orders/1042").acquire();
            var second = two.lock("orders/1042").acquireAsync();
            await().until(() -> two.waitingCalls() == 2);
            var third = three.lock("orders/1042").acquireAsync();
            var fourth = pictured.latchkey().lock("orders/1042").acquireAsync();
            awaitText("#waiting", "4");
            passing.release();
            awaitText("#passed", "1");
            browser.element(rowOf("orders/1043")).click();
            assertThat(browser.text("#locks > li:nth-child(" + placeOf("orders/1043") + ")"))
                    .contains("main"); // its thread
            browser.element(rowOf("orders/1043")).click();
            browser.element(rowOf("orders/1042")).click();
            awaitText(rowOf("backup") + " .end", "4 s");
            browser.screenshot(SCREENSHOTS.resolve("page-desktop.png"));
            browser.open(pictured.uri("/latchkey").toString(), 1280, 1500, true);
            awaitText("#status", "Live");
            awaitText("#leaders", "nightly-report");
            browser.element(rowOf("orders/1042")).click();
            browser.screenshot(SCREENSHOTS.resolve("page-desktop-dark.png"));
            browser.open(pictured.uri("/latchkey").toString(), 390, 1100, false);
            awaitText("#status", "Live");
            awaitText("#leaders", "nightly-report");
            assertThat((Boolean) browser.driver.executeScript(
                            "return document.documentElement.scrollWidth <= window.innerWidth"))
                    .isTrue(); // nothing to scroll sideways
            browser.screenshot(SCREENSHOTS.resolve("page-phone.png"));
            second.cancel(false);
            third.cancel(false);
            fourth.cancel(false);
            clients.forEach(Latchkey::close);
        }
    }

    private static void lead(String election, Latchkey client, String metadata) throws InterruptedException {
        LeaderElection candidate = client.election(election);
        candidate.setMetadata(metadata);
        candidate.campaign();
        boolean unused = candidate.await(Duration.ofMillis(200)).isPresent(); // the second one has to wait
    }

    private static String rowOf(String lock) {
        return "#locks > li:nth-child(" + placeOf(lock) + ") .row";
    }

    private static int placeOf(String lock) {
        List<String> names = browser.elements("#locks .name").stream()
                .map(WebElement::getText)
                .toList();
        assertThat(names).contains(lock);
        return names.indexOf(lock) + 1;
    }
}
