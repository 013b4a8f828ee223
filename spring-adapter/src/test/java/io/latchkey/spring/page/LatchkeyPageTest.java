package io.latchkey.spring.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

/** The page and its stream, without a browser. */
class LatchkeyPageTest {
    private static final TestDatabase DATABASE = PostgresServer.shared().database();

    /** For all tests that need nothing of their own: to start an application takes longer than most of them. */
    @SuppressWarnings("NullAway.Init")
    private static PageApplication application;

    /** And one with other properties than the defaults. */
    @SuppressWarnings("NullAway.Init")
    private static PageApplication narrow;

    @BeforeAll
    static void startApplications() {
        application = new PageApplication(DATABASE);
        narrow = new PageApplication(
                DATABASE,
                "latchkey.page.path=/ops/locks",
                "latchkey.page.max-viewers=2",
                "latchkey.page.max-rows=2",
                "latchkey.holder=narrow");
    }

    @AfterAll
    static void stopApplications() {
        narrow.close();
        application.close();
        DATABASE.close();
    }

    private final HttpClient http = HttpClient.newHttpClient();

    private HttpResponse<InputStream> get(PageApplication application, String path, String... headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(application.uri(path)).timeout(Duration.ofSeconds(60));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    }

    /** That somebody has gone is noticed with the next frame. */
    private static void awaitNobody(PageApplication application) {
        await().until(() -> application.bean(LiveFeed.class).viewers() == 0);
    }

    private static String body(HttpResponse<InputStream> response) throws IOException {
        return new String(response.body().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Reads until the text has come, and goes away. */
    private static void awaitText(HttpResponse<InputStream> stream, String text) throws IOException {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            List<String> seen = new ArrayList<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.contains(text)) {
                    return;
                }
                seen.add(line);
            }
            throw new AssertionError("the stream ended without '" + text + "': " + seen);
        }
    }

    @Test
    void page_isServed_andMayRunNothingButItsOwnScript() throws Exception {
        HttpResponse<InputStream> page = get(application, "/latchkey");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/html"));
        assertThat(page.headers().firstValue("cache-control")).hasValue("no-store");
        String policy = page.headers().firstValue("content-security-policy").orElseThrow();
        assertThat(policy)
                .startsWith("default-src 'none';")
                .contains("script-src 'sha256-")
                .doesNotContain("unsafe");
        String html = body(page);
        assertThat(html).doesNotContain("http://localhost").doesNotContainPattern("(src|href)=\"(https?:)?//");
        assertThat(html).doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(");
    }

    @Test
    void page_isNotThere_unlessAskedFor() throws Exception {
        try (PageApplication application = new PageApplication(DATABASE, "latchkey.page.enabled=false")) {
            assertThat(get(application, "/latchkey").statusCode()).isEqualTo(404);
            assertThat(get(application, "/latchkey/stream").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void page_isWhereItsPathSays() throws Exception {
        awaitNobody(narrow);
        assertThat(get(narrow, "/latchkey").statusCode()).isEqualTo(404);
        assertThat(get(narrow, "/ops/locks").statusCode()).isEqualTo(200);
        awaitText(get(narrow, "/ops/locks/stream"), "event:frame");
    }

    @Test
    void stream_showsLocks_andNoSecret() throws Exception {
        try (Lease lease = application.latchkey().lock("orders/42").acquire()) {
            HttpResponse<InputStream> stream = get(application, "/latchkey/stream");
            assertThat(stream.statusCode()).isEqualTo(200);
            List<String> frame = new ArrayList<>();
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null && !line.isEmpty(); line = lines.readLine()) {
                    frame.add(line);
                }
            }
            String text = String.join("\n", frame);
            assertThat(text)
                    .contains("\"name\":\"orders/42\"", "\"fencingToken\":" + lease.fencingToken(), "\"here\":true");
            assertThat(text).doesNotContain(secrets()).doesNotContain("password", "channel", "request");
        }
    }

    private String[] secrets() throws Exception {
        List<String> secrets = new ArrayList<>();
        try (var connection = DATABASE.connect();
                var rows = connection
                        .createStatement()
                        .executeQuery(
                                "SELECT s.id::text FROM latchkey._session s UNION SELECT s.channel FROM latchkey._session s"
                                        + " UNION SELECT l.request::text FROM latchkey._lock l")) {
            while (rows.next()) {
                Optional.ofNullable(rows.getString(1))
                        .ifPresent(secrets::add); // not everybody listens, not every lock is held
            }
        }
        assertThat(secrets).hasSizeGreaterThanOrEqualTo(3);
        return secrets.toArray(String[]::new);
    }

    @Test
    void database_isReadOnceForAllViewers_andNotWithoutThem() throws Exception {
        try (PageApplication application = new PageApplication(DATABASE, "latchkey.page.interval=200ms")) {
            LiveFeed feed = application.bean(LiveFeed.class);
            assertThat(feed.looks()).isZero();
            List<HttpResponse<InputStream>> streams = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                streams.add(get(application, "/latchkey/stream"));
            }
            assertThat(feed.viewers()).isEqualTo(5);
            long before = feed.looks();
            long startedAt = System.nanoTime();
            await().until(() -> feed.looks() >= before + 5);
            assertThat(Duration.ofNanos(System.nanoTime() - startedAt))
                    .isGreaterThan(Duration.ofMillis(600)); // not 5 at once
            for (HttpResponse<InputStream> stream : streams) {
                awaitText(stream, "event:frame");
            }
            await().until(() -> feed.viewers() == 0);
            long after = feed.looks();
            await().during(Duration.ofMillis(700))
                    .until(() -> feed.looks() <= after + 1); // one may have been under way
        }
    }

    @Test
    void viewers_aboveTheLimit_areTurnedAway() throws Exception {
        awaitNobody(narrow);
        HttpResponse<InputStream> first = get(narrow, "/ops/locks/stream");
        HttpResponse<InputStream> second = get(narrow, "/ops/locks/stream");
        HttpResponse<InputStream> third = get(narrow, "/ops/locks/stream");
        assertThat(third.statusCode()).isEqualTo(503);
        assertThat(third.headers().firstValue("retry-after")).isPresent();
        awaitText(first, "event:frame");
        await().until(() -> get(narrow, "/ops/locks/stream").statusCode() == 200); // its place is free again
        awaitText(second, "event:frame");
    }

    @Test
    void rows_aboveTheLimit_areLeftOut_andCounted() throws Exception {
        awaitNobody(narrow);
        List<Lease> leases = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            leases.add(narrow.latchkey().lock("lock-" + i).tryAcquire().orElseThrow());
        }
        awaitText(get(narrow, "/ops/locks/stream"), "\"totals\":{\"locks\":5");
        leases.forEach(Lease::release);
    }

    @Test
    void trouble_withTheDatabase_isSaid_withoutItsAddress_andEnds() throws Exception {
        HttpResponse<InputStream> stream = get(application, "/latchkey/stream");
        DATABASE.execute("ALTER VIEW latchkey.locks RENAME TO hidden");
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            String line = lines.readLine();
            while (!line.equals("event:trouble")) {
                line = lines.readLine();
            }
            assertThat(lines.readLine()).startsWith("data:\"").doesNotContain("127.0.0.1", "localhost", "hidden");
            DATABASE.execute("ALTER VIEW latchkey.hidden RENAME TO locks");
            while (!line.equals("event:frame")) {
                line = lines.readLine();
            }
        }
    }

    @Test
    void application_withViewers_endsAtOnce() throws Exception {
        PageApplication application = new PageApplication(DATABASE);
        HttpResponse<InputStream> stream = get(application, "/latchkey/stream");
        long startedAt = System.nanoTime();
        application.close();
        assertThat(Duration.ofNanos(System.nanoTime() - startedAt))
                .isLessThan(Duration.ofSeconds(15)); // a stream would be waited for 30
        stream.body().close();
    }

    @Test
    void endpoint_showsLocks_withThreads_waitersAndClients() throws Exception {
        try (Latchkey other = Latchkey.builder(DATABASE.url()).holder("other").connect();
                Lease lease = application.latchkey().lock("orders/42").acquire()) {
            CompletableFuture<Lease> waiting = other.lock("orders/42").acquireAsync();
            await().until(() -> other.inspect(1).waiters().total() == 1);
            String json = body(get(application, "/actuator/latchkey"));
            assertThat(json)
                    .contains(
                            "\"name\":\"orders/42\"",
                            "\"holder\":\"page\"",
                            "\"thread\":\"" + Thread.currentThread().getName() + "\"",
                            "\"fencingToken\":" + lease.fencingToken(),
                            "\"heldFor\":\"PT",
                            "\"waiter\":\"other\"",
                            "\"totals\":{\"locks\":1,\"waiters\":1,",
                            "\"leaders\":0,\"clients\":3}");
            assertThat(waiting.cancel(false)).isTrue();
        }
    }

    @Test
    void endpoint_showsLeadersAndSemaphores_andHowLocksAreHeld() throws Exception {
        try (LeaderElection election = application.latchkey().election("billing", "billing-1");
                Lease reads = application
                        .latchkey()
                        .readWriteLock("catalogue")
                        .readLock()
                        .acquire();
                Lease permits = application.latchkey().semaphore("imports", 5).acquire(2)) {
            election.setMetadata("application=shop");
            election.campaign();
            Leadership term = election.await();
            assertThat(body(get(application, "/actuator/latchkey")))
                    .contains(
                            "\"election\":\"billing\",\"id\":\"billing-1\",\"holder\":\"page\","
                                    + "\"metadata\":\"application=shop\",\"here\":true,\"term\":"
                                    + term.term(),
                            "\"semaphores\":[{\"name\":\"imports\",\"permits\":5,\"inUse\":2,\"waiting\":0}]",
                            "\"fencingToken\":" + reads.fencingToken()
                                    + ",\"lease\":\"session\",\"mode\":\"shared\",\"permits\":0",
                            "\"fencingToken\":" + permits.fencingToken()
                                    + ",\"lease\":\"session\",\"mode\":\"permits\",\"permits\":2",
                            "\"semaphores\":1,\"leaders\":1,");
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableWebSecurity
    static class Guarded {
        @Bean
        SecurityFilterChain everythingNeedsAUser(HttpSecurity http) {
            return http.authorizeHttpRequests(all -> all.anyRequest().authenticated())
                    .httpBasic(Customizer.withDefaults())
                    .headers(headers ->
                            headers.contentSecurityPolicy(policy -> policy.policyDirectives("default-src 'self'")))
                    .build();
        }

        @Bean
        UserDetailsService users() {
            return new InMemoryUserDetailsManager(
                    User.withUsername("ann").password("{noop}secret").build());
        }
    }

    @Test
    void page_behindTheApplicationsSecurity_needsAUser() throws Exception {
        try (PageApplication application = new PageApplication(DATABASE, Guarded.class)) {
            assertThat(get(application, "/latchkey").statusCode()).isEqualTo(401);
            assertThat(get(application, "/latchkey/stream").statusCode()).isEqualTo(401);
            String[] ann = {"Authorization", "Basic YW5uOnNlY3JldA=="};
            HttpResponse<InputStream> page = get(application, "/latchkey", ann);
            assertThat(page.statusCode()).isEqualTo(200);
            // Its own policy, not the application's, under which its script would not run.
            assertThat(page.headers().allValues("content-security-policy"))
                    .singleElement()
                    .asString()
                    .startsWith("default-src 'none'");
            awaitText(get(application, "/latchkey/stream", ann), "event:frame");
        }
    }
}
