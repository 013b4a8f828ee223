package io.latchkey.spring.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.testkit.PostgresExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The page in Chromium, with real clicks. Screenshots go to target, and with -Dlatchkey.screenshots=DIRECTORY to that. */
class LatchkeyPageBrowserTest {
    private static final String ATTACK = "<img src=x onerror=\"document.title='owned'\">";
    private static final Path SCREENSHOTS = Path.of(System.getProperty("latchkey.screenshots", "target/screenshots"));

    @RegisterExtension
    final PostgresExtension postgres = new PostgresExtension();

    private static Browser browser;

    @BeforeAll
    static void startBrowser() {
        browser = Browser.start();
    }

    @AfterAll
    static void stopBrowser() {
        if (browser != null) {
            browser.close();
        }
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

    private Latchkey client(String name) {
        return Latchkey.builder(postgres.database().url()).holder(name).connect();
    }

    @Test
    void page_withoutLocks_saysSo() {
        try (PageApplication application = new PageApplication(postgres.database())) {
            open(application);
            assertThat(browser.text("#no-locks")).isEqualTo("No lock is held right now.");
            assertThat(browser.text("#held")).isEqualTo("0");
            assertThat(browser.text("#clients")).contains("page");
            assertThat(browser.complaints()).isEmpty(); // nothing was refused, nothing failed
        }
    }

    @Test
    void locks_appearChangeHandsAndGo_asItHappens() throws Exception {
        try (PageApplication application = new PageApplication(postgres.database());
                Latchkey ada = client("ada");
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
    void filter_pauseAndTheme_workByClicks() throws Exception {
        try (PageApplication application = new PageApplication(postgres.database());
                Lease one = application.latchkey().lock("orders/1").acquire();
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
        try (PageApplication application = new PageApplication(postgres.database());
                Latchkey attacker = client(ATTACK)) {
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
        try (PageApplication application = new PageApplication(postgres.database(), Careless.class);
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
        PageApplication application = new PageApplication(postgres.database());
        int port = application.uri("/").getPort();
        open(application);
        application.close();
        awaitText("#notice", "The connection is lost");
        try (PageApplication again = new PageApplication(postgres.database(), "server.port=" + port)) {
            awaitText("#status", "Live");
            assertThat(browser.element("#notice").isDisplayed()).isFalse();
            assertThat(again.bean(LiveFeed.class).viewers()).isEqualTo(1);
        }
    }

    @Test
    void viewerTooMany_isTold_andMayTryAgain() {
        try (PageApplication application = new PageApplication(postgres.database(), "latchkey.page.max-viewers=1")) {
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
        try (PageApplication application = new PageApplication(
                postgres.database(), "latchkey.holder=shop-7d9f-x2k4:1", "latchkey.page.max-viewers=20")) {
            for (String name : List.of("shop-7d9f-p8vq:1", "shop-7d9f-z6mn:1", "billing-5c4b-t3wd:1")) {
                clients.add(client(name));
            }
            open(application);
            Latchkey one = clients.get(0);
            Latchkey two = clients.get(1);
            Latchkey three = clients.get(2);
            one.lock("leader/invoices").acquire();
            application.latchkey().lock("orders/1043").acquire();
            assertThat(three.lock("nightly-report").tryAcquireTimed(LeaseTime.atMost(Duration.ofMinutes(10))))
                    .isPresent();
            Lease passing = one.lock("orders/1042").acquire();
            var second = two.lock("orders/1042").acquireAsync();
            awaitText("#locks", "1 waiting");
            two.lock("cache-refresh").acquire();
            var third = three.lock("orders/1042").acquireAsync();
            var fourth = application.latchkey().lock("orders/1042").acquireAsync();
            awaitText("#waiting", "3");
            passing.release();
            awaitText("#passed", "1");
            browser.element("#locks > li:nth-child(5) .row").click();
            assertThat(browser.text("#locks > li:nth-child(5)")).contains("orders/1043", "main"); // its thread
            browser.element("#locks > li:nth-child(5) .row").click();
            browser.element("#locks > li:nth-child(4) .row").click();
            awaitText("#locks > li:nth-child(2) .end", "4 s");
            browser.screenshot(SCREENSHOTS.resolve("page-desktop.png"));
            browser.open(application.uri("/latchkey").toString(), 1280, 800, true);
            awaitText("#status", "Live");
            browser.element("#locks > li:nth-child(4) .row").click();
            browser.screenshot(SCREENSHOTS.resolve("page-desktop-dark.png"));
            browser.open(application.uri("/latchkey").toString(), 390, 844, false);
            awaitText("#status", "Live");
            assertThat((Boolean) browser.driver.executeScript(
                            "return document.documentElement.scrollWidth <= window.innerWidth"))
                    .isTrue(); // nothing to scroll sideways
            browser.screenshot(SCREENSHOTS.resolve("page-phone.png"));
            second.cancel(false);
            third.cancel(false);
            fourth.cancel(false);
        } finally {
            clients.forEach(Latchkey::close);
        }
    }
}
