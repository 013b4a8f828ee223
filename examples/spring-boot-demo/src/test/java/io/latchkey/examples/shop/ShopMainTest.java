package io.latchkey.examples.shop;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;

/** The demo as its readers run it: three processes. */
class ShopMainTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @Test
    void twoInstances_haveOneLeader_andTheOtherTakesOverWhenItIsKilled() throws Exception {
        List<ProcessHandle> family;
        try (TestDatabase database = PostgresServer.shared().database();
                JavaProcess demo = JavaProcess.start(ShopMain.class, "--url", database.url(), "--any-port")) {
            Map<String, Long> pids = new HashMap<>();
            Map<String, String> pages = new HashMap<>();
            for (int i = 0; i < 2; i++) {
                Matcher instance = demo.expect("(shop-\\d)  pid (\\d+)   (http://\\S+)", SOON);
                pids.put(instance.group(1), Long.valueOf(instance.group(2)));
                pages.put(instance.group(1), instance.group(3));
            }
            family = ProcessHandle.of(demo.pid()).orElseThrow().descendants().toList();
            assertThat(pids).hasSize(2);

            Matcher first = demo.expect("(shop-\\d)  leads 'invoices', term (\\d+)", SOON);
            String leader = first.group(1);
            String other = leader.equals("shop-1") ? "shop-2" : "shop-1";
            String page = requireNonNull(pages.get(other));
            demo.expect("shipped order 104\\d in \\d+ ms", SOON);
            assertThat(get(page)).contains("<title>Latchkey</title>");
            assertThat(get(page.replace("/latchkey", "/actuator/latchkey")))
                    .contains("\"name\":\"invoices\"", "\"holder\":\"" + leader + "\"", "\"holder\":\"" + other + "\"");

            ProcessHandle.of(requireNonNull(pids.get(leader))).orElseThrow().destroyForcibly();
            Matcher second = demo.expect("(shop-\\d)  leads 'invoices', term (\\d+)", SOON);
            assertThat(second.group(1)).isEqualTo(other);
            assertThat(Long.parseLong(second.group(2))).isGreaterThan(Long.parseLong(first.group(2)));
            demo.expect(leader + "  pid \\d+", SOON); // another in its place
            assertThat(shipmentsOutOfOrder(database)).isZero();

            family = ProcessHandle.of(demo.pid()).orElseThrow().descendants().toList();
            new ProcessBuilder("kill", "-s", "TERM", Long.toString(demo.pid()))
                    .start()
                    .waitFor(); // as Ctrl-C does
            assertThat(demo.awaitExit(SOON)).isTrue();
            assertThat(demo.output()).noneMatch(line -> line.contains("Exception"));
        }
        assertThat(family).hasSizeGreaterThanOrEqualTo(2);
        for (ProcessHandle process : family) {
            process.onExit().get(20, java.util.concurrent.TimeUnit.SECONDS);
        }
    }

    private static String get(String url) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    /** Rows of an order whose token is not higher than that of the row before. */
    private static long shipmentsOutOfOrder(TestDatabase database) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        SELECT count(*) FROM (SELECT fencing_token <= lag(fencing_token) OVER (PARTITION BY number ORDER BY shipped_at) AS late
                                                FROM shop.shipment) s WHERE late""")) {
            row.next();
            return row.getLong(1);
        }
    }
}
