package io.latchkey.curator.differential;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** What a scenario saw, in words: a label and what was there. */
public final class Notes {
    private final Map<String, String> seen = new LinkedHashMap<>();

    /** Something that throws what it likes. */
    public interface Action {
        /** Does it. */
        void run() throws Exception;
    }

    /** Writes down a value. */
    public void add(String label, @Nullable Object value) {
        if (seen.put(label, String.valueOf(value)) != null) {
            throw new IllegalArgumentException("twice: " + label);
        }
    }

    /** Writes down how it ends: the exception's type, or what is returned. */
    public void outcome(String label, Callable<?> call) {
        add(label, outcome(call, false));
    }

    /** The same for what returns nothing. */
    public void ends(String label, Action action) {
        outcome(label, () -> {
            action.run();
            return "done";
        });
    }

    /** Writes down the exception's type and message. */
    public void message(String label, Action action) {
        add(
                label,
                outcome(
                        () -> {
                            action.run();
                            return "done";
                        },
                        true));
    }

    /** In words. */
    public static String outcome(Callable<?> call, boolean withMessage) {
        try {
            return String.valueOf(call.call());
        } catch (Exception e) {
            return e.getClass().getSimpleName() + (withMessage ? ": " + e.getMessage() : "");
        }
    }

    /** All of it. */
    public Map<String, String> seen() {
        return seen;
    }
}
