package io.latchkey.chaos.check;

import io.latchkey.chaos.history.History;
import java.util.List;

/** No call throws anything but what is documented. */
public final class NoSurprises implements Property {
    @Override
    public String name() {
        return "documented errors only";
    }

    @Override
    public List<Violation> violations(History history) {
        return history.surprises().stream()
                .map(what -> new Violation(name(), what, history.until(), List.of(), List.of()))
                .toList();
    }
}
