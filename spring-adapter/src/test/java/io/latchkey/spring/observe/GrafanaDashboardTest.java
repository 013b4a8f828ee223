package io.latchkey.spring.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresExtension;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the dashboard asks for is what a scrape has. */
class GrafanaDashboardTest {
    private static final Pattern METRIC = Pattern.compile("\\blatchkey_[a-z_]+");

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private static JsonNode dashboard() throws Exception {
        return JsonMapper.builder().build().readTree(Files.readString(Path.of("../docs/grafana-dashboard.json")));
    }

    private static String scrape() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        try (Latchkey latchkey = Latchkey.builder(POSTGRES.database().url())
                .events(new LatchkeyMeters(registry, null))
                .connect()) {
            new LatchkeyGauges(latchkey).bindTo(registry);
            return registry.scrape();
        }
    }

    @Test
    void everyMetricOfTheDashboard_isInAScrape_beforeAnythingHasHappened() throws Exception {
        String scrape = scrape();
        Set<String> asked = new TreeSet<>();
        dashboard()
                .findValuesAsString("expr")
                .forEach(expression -> METRIC.matcher(expression).results().forEach(match -> asked.add(match.group())));
        assertThat(asked).hasSizeGreaterThan(12);
        assertThat(asked).allSatisfy(metric -> assertThat(scrape).containsPattern("(?m)^" + metric + "[{ ]"));
    }

    @Test
    void everyMeter_isOnTheDashboard() throws Exception {
        String expressions = String.join("\n", dashboard().findValuesAsString("expr"));
        scrape().lines()
                .filter(line -> line.startsWith("# TYPE latchkey_"))
                .map(line -> line.split(" ")[2])
                .forEach(metric -> assertThat(expressions).contains(metric));
    }

    @Test
    void panels_doNotOverlap_andHaveIdsOfTheirOwn() throws Exception {
        Set<String> cells = new TreeSet<>();
        Set<Integer> ids = new TreeSet<>();
        for (JsonNode panel : dashboard().get("panels")) {
            assertThat(ids.add(panel.get("id").intValue())).isTrue();
            JsonNode place = panel.get("gridPos");
            for (int x = 0; x < place.get("w").intValue(); x++) {
                for (int y = 0; y < place.get("h").intValue(); y++) {
                    int column = place.get("x").intValue() + x;
                    assertThat(column).isLessThan(24);
                    assertThat(cells.add(column + "/" + (place.get("y").intValue() + y)))
                            .isTrue();
                }
            }
        }
    }
}
