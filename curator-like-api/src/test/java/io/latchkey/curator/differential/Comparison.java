package io.latchkey.curator.differential;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Plays a scenario on Curator and on Latchkey, and compares what was seen. A deliberate difference is spelt out with what each of
 * them says; everything else has to be the same.
 */
final class Comparison {
    private final Map<String, String> curator;
    private final Map<String, String> latchkey;

    private Comparison(Map<String, String> curator, Map<String, String> latchkey) {
        this.curator = curator;
        this.latchkey = latchkey;
    }

    /** Plays it on both. */
    static Comparison of(Class<?> scenarios, String method) throws Exception {
        Map<String, String> curator;
        try (ZooKeeper zooKeeper = new ZooKeeper()) {
            curator = play(zooKeeper, scenarios, method);
        }
        try (Postgres postgres = new Postgres()) {
            return new Comparison(curator, play(postgres, Translation.of(scenarios), method));
        }
    }

    private static Map<String, String> play(Stage.Backend backend, Class<?> scenarios, String method) throws Exception {
        Notes notes = new Notes();
        try (Stage stage = new Stage(backend)) {
            scenarios.getMethod(method, Stage.class, Notes.class).invoke(null, stage, notes);
        } catch (InvocationTargetException e) {
            throw new AssertionError(
                    "the scenario failed on " + backend.getClass().getSimpleName() + " after " + notes.seen(),
                    e.getCause());
        }
        return new LinkedHashMap<>(notes.seen());
    }

    /** A deliberate difference. */
    Comparison differs(String label, String onCurator, String onLatchkey) {
        assertThat(curator.remove(label)).as("Curator: " + label).isEqualTo(onCurator);
        assertThat(latchkey.remove(label)).as("Latchkey: " + label).isEqualTo(onLatchkey);
        return this;
    }

    /** All the rest is the same. */
    void otherwiseSame() {
        assertThat(latchkey).isEqualTo(curator);
    }

    /** Nothing differs, and this is what both say. */
    void same() {
        assertThat(curator).isNotEmpty();
        otherwiseSame();
    }
}
