package io.latchkey.chaos.check;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.Write;
import java.util.List;

/**
 * A property that did not hold.
 *
 * @param property its name
 * @param sentence what happened, in one sentence
 * @param at when, in {@link System#nanoTime()}
 * @param attempts who took part
 * @param writes the guarded transactions that took part
 */
public record Violation(String property, String sentence, long at, List<Attempt> attempts, List<Write> writes) {
    static Violation of(Property property, String sentence, long at, Attempt... attempts) {
        return new Violation(property.name(), sentence, at, List.of(attempts), List.of());
    }
}
