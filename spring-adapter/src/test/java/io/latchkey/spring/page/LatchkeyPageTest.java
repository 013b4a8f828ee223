package io.latchkey.spring.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresExtension;
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
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
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
    @RegisterExtension
    final PostgresExtension postgres = new PostgresExtension();

    private final HttpClient http = HttpClient.newHttpClient();

    private HttpResponse<InputStream> get(PageApplication application, String path, String... headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(application.uri(path)).timeout(Duration.ofSeconds(20));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
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
        try (PageApplication application = new PageApplication(postgres.database())) {
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
    }

    @Test
    void page_isNotThere_unlessAskedFor() throws Exception {
        try (PageApplication application = new PageApplication(postgres.database(), "latchkey.page.enabled=false")) {
            assertThat(get(application, "/latchkey").statusCode()).isEqualTo(404);
            assertThat(get(application, "/latchkey/stream").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void page_isWhereItsPathSays() throws Exception {
        try (PageApplication application = new PageApplication(postgres.database(), "latchkey.page.path=/ops/locks")) {
            assertThat(get(application, "/latchkey").statusCode()).isEqualTo(404);
            assertThat(get(application, "/ops/locks").statusCode()).isEqualTo(200);
            awaitText(get(application, "/ops/locks/stream"), "event:frame");
        }
    }

    @Test
    void stream_showsLocks_andNoSecret() throws Exception {
        try (PageApplication application = new PageApplication(postgres.database());
                Lease lease = application.latchkey().lock("orders/42").acquire()) {
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
        try (var connection = postgres.database().connect();
                var rows = connection
                        .createStatement()
                        .executeQuery(
                                "SELECT s.id::text FROM latchkey._session s UNION SELECT s.channel FROM latchkey._session s"
                                        + " UNION SELECT l.request::text FROM latchkey._lock l")) {
            while (rows.next()) {
                secrets.add(rows.getString(1));
            }
        }
        assertThat(secrets).hasSizeGreaterThanOrEqualTo(3);
        return secrets.toArray(String[]::new);
    }

    @Test
    void database_isReadOnceForAllViewers_andNotWithoutThem() throws Exception {
        try (PageApplication application = new PageApplication(postgres.database(), "latchkey.page.interval=200ms")) {
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
        try (PageApplication application = new PageApplication(postgres.database(), "latchkey.page.max-viewers=2")) {
            HttpResponse<InputStream> first = get(application, "/latchkey/stream");
            HttpResponse<InputStream> second = get(application, "/latchkey/stream");
            HttpResponse<InputStream> third = get(application, "/latchkey/stream");
            assertThat(third.statusCode()).isEqualTo(503);
            assertThat(third.headers().firstValue("retry-after")).isPresent();
            awaitText(first, "event:frame");
            await().until(() -> get(application, "/latchkey/stream").statusCode() == 200); // its place is free again
            awaitText(second, "event:frame");
        }
    }

    @Test
    void rows_aboveTheLimit_areLeftOut_andCounted() throws Exception {
        try (PageApplication application = new PageApplication(postgres.database(), "latchkey.page.max-rows=2")) {
            for (int i = 0; i < 5; i++) {
                assertThat(application.latchkey().lock("lock-" + i).tryAcquire())
                        .isPresent();
            }
            awaitText(get(application, "/latchkey/stream"), "\"totals\":{\"locks\":5");
        }
    }

    @Test
    void trouble_withTheDatabase_isSaid_withoutItsAddress_andEnds() throws Exception {
        try (PageApplication application = new PageApplication(postgres.database())) {
            HttpResponse<InputStream> stream = get(application, "/latchkey/stream");
            postgres.database().execute("ALTER VIEW latchkey.locks RENAME TO hidden");
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
                String line = lines.readLine();
                while (!line.equals("event:trouble")) {
                    line = lines.readLine();
                }
                assertThat(lines.readLine()).startsWith("data:\"").doesNotContain("127.0.0.1", "localhost", "hidden");
                postgres.database().execute("ALTER VIEW latchkey.hidden RENAME TO locks");
                while (!line.equals("event:frame")) {
                    line = lines.readLine();
                }
            }
        }
    }

    @Test
    void application_withViewers_endsAtOnce() throws Exception {
        PageApplication application = new PageApplication(postgres.database());
        HttpResponse<InputStream> stream = get(application, "/latchkey/stream");
        long startedAt = System.nanoTime();
        application.close();
        assertThat(Duration.ofNanos(System.nanoTime() - startedAt)).isLessThan(Duration.ofSeconds(5));
        stream.body().close();
    }

    @Test
    void endpoint_showsLocks_withThreads_waitersAndClients() throws Exception {
        try (PageApplication application = new PageApplication(postgres.database());
                Latchkey other = Latchkey.builder(postgres.database().url())
                        .holder("other")
                        .connect();
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
                            "\"totals\":{\"locks\":1,\"waiters\":1,\"leaders\":0,\"clients\":2}");
            assertThat(waiting.cancel(false)).isTrue();
        }
    }

    @Test
    void endpoint_showsLeaders_andHowLocksAreHeld() throws Exception {
        try (PageApplication application = new PageApplication(postgres.database());
                LeaderElection election = application.latchkey().election("billing", "billing-1");
                Lease reads = application
                        .latchkey()
                        .readWriteLock("catalogue")
                        .readLock()
                        .acquire();
                Lease permits = application.latchkey().semaphore("imports", 5).acquire(2)) {
            election.campaign();
            Leadership term = election.await();
            assertThat(body(get(application, "/actuator/latchkey")))
                    .contains(
                            "\"election\":\"billing\",\"id\":\"billing-1\",\"holder\":\"page\",\"here\":true,\"term\":"
                                    + term.term(),
                            "\"fencingToken\":" + reads.fencingToken()
                                    + ",\"lease\":\"session\",\"mode\":\"shared\",\"permits\":0",
                            "\"fencingToken\":" + permits.fencingToken()
                                    + ",\"lease\":\"session\",\"mode\":\"permits\",\"permits\":2",
                            "\"leaders\":1,");
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
        try (PageApplication application = new PageApplication(postgres.database(), Guarded.class)) {
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
